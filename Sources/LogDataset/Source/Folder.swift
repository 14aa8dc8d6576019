import Glibc

/// The names in a folder.
package enum Folder {
    /// All names but the folder's own and its parent's, in no order; nil when it cannot be read.
    package static func names(_ path: String) -> [String]? {
        var names: [String] = []
        let isRead = forEachName(path) { name, _ in
            let name = String(cString: name)
            if name != ".", name != ".." { names.append(name) }
        }
        return isRead ? names : nil
    }

    /// Regular files, and links to such, that are not hidden, in the order of their names; nil when the folder cannot
    /// be read.
    static func files(_ path: String) -> FilePaths? {
        let base = path.hasSuffix("/") ? path : path + "/"
        var files = FilePaths()
        let isRead = forEachName(path) { name, folder in
            var status = stat()
            guard name.pointee != CChar(bitPattern: UInt8(ascii: ".")), fstatat(folder, name, &status, 0) == 0,
                status.st_mode & S_IFMT == S_IFREG
            else { return }
            files.add(name, in: base)
        }
        files.paths.sort()
        return isRead ? files : nil
    }

    /// Calls `body` with each name and the folder's descriptor.
    private static func forEachName(_ path: String, _ body: (UnsafePointer<CChar>, CInt) -> Void) -> Bool {
        guard let folder = opendir(path) else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { body($0, dirfd(folder)) }
            }
        }
        return true
    }

    /// A path without links; nil where nothing is.
    static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Brings a folder's own list of names to disk, as far as its file system does that.
    package static func sync(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The folder that a path lies in, as it is written.
    package static func of(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last part of a path.
    package static func name(_ path: String) -> Substring {
        path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    }
}

/// Paths of files, and of those that no text names.
struct FilePaths {
    var paths: [String] = []
    /// Names that are not UTF-8, as they are shown; nothing is found by them.
    var misnamed: [String] = []

    var isEmpty: Bool { paths.isEmpty && misnamed.isEmpty }

    mutating func add(_ name: UnsafePointer<CChar>, in base: String = "") {
        if let name = String(validatingCString: name) {
            paths.append(base + name)
        } else {
            misnamed.append(base + FilePaths.shown(name))
        }
    }

    mutating func add(_ other: FilePaths) {
        paths += other.paths
        misnamed += other.misnamed
    }

    /// As a shell reads it in `$'…'`.
    private static func shown(_ name: UnsafePointer<CChar>) -> String {
        UnsafeBufferPointer(start: name, count: strlen(name)).map { byte in
            let byte = UInt8(bitPattern: byte)
            return byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
