import Glibc

/// Files that are replaced at once: after a crash there is the old one or the new one, never a part.
enum AtomicFile {
    /// Writes a file, readable by its owner only, and brings it to disk.
    static func write(_ bytes: [UInt8], to path: String) throws(CommandError) {
        try write(to: path) { descriptor throws(CommandError) in
            if let failure = Descriptor.write(bytes, to: descriptor) { throw OutputFault.of(path, failure) }
        }
    }

    /// The same with what `body` writes to the open file.
    static func write<R>(
        to path: String, _ body: (_ descriptor: Int32) throws(CommandError) -> R
    ) throws(CommandError) -> R {
        let (folder, name) = split(path)
        let temporary = folder + "/." + name + ".part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutputFault.of(path, errno) }
        let result: R
        do throws(CommandError) {
            result = try body(descriptor)
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        var failure = fsync(descriptor) != 0 ? errno : nil
        if close(descriptor) != 0, failure == nil { failure = errno }
        if failure == nil, rename(temporary, path) != 0 { failure = errno }
        if let failure {
            unlink(temporary)
            throw OutputFault.of(path, failure)
        }
        sync(folder)
        return result
    }

    // MARK: Names that a user gave

    /// Where to write a file that a user named: behind its links, so that they stay.
    ///
    /// - Throws: `usage` if what is there is no regular file, since it would be gone: a device, a pipe, a folder.
    static func resolved(_ path: String) throws(CommandError) -> String {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw .usage("\(path) is no regular file", remedy: "give the name of a file")
        }
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return path }
        guard let end = real(path) else {
            throw .usage(
                "\(path) is a link to what is not there", remedy: "remove the link, or give the name of a file")
        }
        return end
    }

    /// The one name of a file that has several, whether or not it is there.
    static func canonical(_ path: String) -> String {
        if let end = real(path) { return end }
        let (folder, name) = split(path)
        return (real(folder) ?? folder) + "/" + name
    }

    private static func real(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    // MARK: Folders

    /// Brings a folder's names to disk.
    private static func sync(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }
}
