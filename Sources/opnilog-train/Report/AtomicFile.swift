import Glibc
import LogDataset

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
        let partial = PartialFile.path(of: folder + "/" + hidden(name))
        let descriptor = PartialFile.create(partial)
        guard descriptor >= 0 else { throw OutputFault.of(path, errno) }
        defer { close(descriptor) }
        do throws(CommandError) {
            let result = try body(descriptor)
            let failure = PartialFile.move(descriptor, partial, to: path)
            if failure != 0 { throw OutputFault.of(path, failure) }
            return result
        } catch {
            unlink(partial)
            throw error
        }
    }

    /// What a file is called, but for its process's number, while it is written.
    static func hidden(_ name: String) -> String { "." + name }

    /// Removes what killed processes have left of a file, which may be words of people's logs.
    static func removeLeftovers(of path: String) {
        let (folder, name) = split(path)
        PartialFile.removeLeftovers(of: [hidden(name)], in: folder)
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

    static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }
}
