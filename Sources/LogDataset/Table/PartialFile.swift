import Glibc

/// Files that are written beside their place, under a name of their process, and moved there once they are on disk.
///
/// They are locked as long as they are written. One that is not is a leftover of a process that was killed, also where
/// this process has that one's number by now.
package enum PartialFile {
    /// Where a file is written that is to become `target`.
    package static func path(of target: String, by process: Int32 = getpid()) -> String {
        "\(target).\(process).partial"
    }

    /// Whether some process gives this name to a file that is to become `target`.
    package static func isName(_ name: String, of target: String) -> Bool {
        guard name.hasPrefix(target + "."), name.hasSuffix(".partial") else { return false }
        let number = name.dropFirst(target.utf8.count + 1).dropLast(".partial".utf8.count)
        return Int32(number).map { name == path(of: target, by: $0) } ?? false
    }

    /// Makes and locks such a file, for its owner only. A leftover in its place goes; what is somebody else's stays.
    ///
    /// - Returns: a descriptor to write to; -1, with the reason in `errno`, if there is none: `EEXIST` where something
    ///   has the name that is no leftover.
    package static func create(_ path: String) -> CInt {
        for _ in 0..<4 {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                if errno == EEXIST, removeLeftover(path) { continue }
                return -1
            }
            // Whoever looks for leftovers may have taken it for one just before it was locked.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, links(descriptor) > 0 {
                return descriptor
            }
            close(descriptor)
        }
        errno = EEXIST
        return -1
    }

    /// Brings a file and then its new name to disk. The descriptor stays open.
    ///
    /// - Returns: 0, or the `errno` of the failure, after which both files are as they were.
    package static func move(_ descriptor: CInt, _ path: String, to target: String) -> CInt {
        if fsync(descriptor) != 0 || rename(path, target) != 0 { return errno }
        Folder.sync(Folder.of(target))
        return 0
    }

    /// Removes what killed processes have left of files in a folder.
    ///
    /// - Parameter targets: names that the files were to have.
    package static func removeLeftovers(of targets: some Sequence<String>, in folder: String) {
        for name in Folder.names(folder) ?? [] where targets.contains(where: { isName(name, of: $0) }) {
            _ = removeLeftover("\(folder)/\(name)")
        }
    }

    /// - Returns: whether it was one, and is gone.
    private static func removeLeftover(_ path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            errno = EEXIST
            return false
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            flock(descriptor, LOCK_EX | LOCK_NB) == 0, unlink(path) == 0
        else {
            errno = EEXIST
            return false
        }
        return true
    }

    private static func links(_ descriptor: CInt) -> nlink_t {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_nlink : 0
    }
}
