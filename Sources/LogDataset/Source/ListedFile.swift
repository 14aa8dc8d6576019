import Glibc

/// A regular file whatever its name: what a rotation by renaming leaves as it was.
struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// What standard input is where that is a file at its beginning: it may be named as well.
    init?(ofInput descriptor: CInt) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, lseek(descriptor, 0, SEEK_CUR) == 0
        else { return nil }
        self.init(status)
    }
}

/// A file as it was when the files were listed.
struct ListedFile: Sendable {
    let path: String
    /// Where the path leads over links; nil where that is the path itself. A rotation renames what is there.
    let target: String?
    /// Nil for what cannot be recognised: pipes, devices.
    let identity: FileIdentity?
    /// Bytes it had, packed or not.
    let size: Int
    /// When it was changed last: seconds and nanoseconds since 1970.
    let changed: timespec
    /// How its content begins; nil where that could not be read, and for standard input.
    let prefix: ContentPrefix?
    /// How it ended; nil where `prefix` is.
    let end: ContentEnd?

    init(_ path: String) {
        var status = stat()
        self.path = path
        guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            identity = path == "-" ? FileIdentity(ofInput: 0) : nil
            (target, size, changed, prefix, end) = (nil, 0, timespec(), nil, nil)
            return
        }
        identity = FileIdentity(status)
        let target = Folder.resolved(path)
        self.target = target == path ? nil : target
        size = Int(status.st_size)
        changed = status.st_mtim
        let input = try? ByteInput(path: path)
        prefix = input.flatMap { ContentPrefix(of: $0) }
        end = prefix == nil ? nil : input.flatMap { [size] in ContentEnd(of: $0, at: size) }
    }

    /// Whether its name says that it is packed.
    var isPacked: Bool { RotatedCopies.isPacked(path) }

    /// Tells whether the file is still the same: path, size, time of change and inode. Of standard input and pipes the
    /// path is all there is.
    var windowName: String {
        guard path != "-", let identity else { return path }
        let fraction = String(1_000_000_000 + changed.tv_nsec).dropFirst()
        return "\(path), \(size) bytes, changed \(changed.tv_sec).\(fraction), inode \(identity.inode)"
    }

    /// Whether a file that has been opened has what was listed, and perhaps more: its size, its first and its last
    /// bytes. Takes the input to its beginning.
    ///
    /// A file that was cut off and has grown again since begins otherwise, or ends otherwise where it ended. Not seen
    /// is one whose first 4 KiB and whose last 4 KiB before the listed size are again what they were, as of a log of
    /// equal lines: there, as many of them are read as were listed.
    ///
    /// - Parameter isCopy: the file may be packed otherwise than this one: how it begins is all that can be told.
    func isHeld(by input: ByteInput, isCopy: Bool = false) -> Bool {
        let isAsItWas = !isCopy || !isPacked && !RotatedCopies.isPacked(input.name)
        if isAsItWas {
            guard input.fileSize >= size, end == nil || ContentEnd(of: input, at: size) == end else { return false }
        }
        guard let prefix else { return true }
        return input.rewind() && ContentPrefix(of: input, atMost: prefix.count) == prefix
    }
}

/// Where the content of a listed file is now.
struct FilePlace {
    let path: String
    /// It is in another file, perhaps packed.
    let isCopy: Bool
}

extension ListedFile {
    /// Where the listed content is now: under its path, under another name of its folder (renamed), or in a file of the
    /// same log that was not listed and begins the same (copied or packed). The folder of a link, and that of the file
    /// which it led to.
    ///
    /// - Parameter listed: what every listed file is; their content is their own.
    /// - Throws: `unreadableFile` if it is nowhere.
    func place(among listed: Set<FileIdentity>) throws(DatasetError) -> FilePlace {
        guard path != "-", let identity else { return FilePlace(path: path, isCopy: false) }
        if holdsContent(path, identity) { return FilePlace(path: path, isCopy: false) }
        let names = [path] + (target.map { [$0] } ?? [])
        for name in names {
            if let moved = neighbours(of: name).first(where: { holdsContent($0, identity) }) {
                return FilePlace(path: moved, isCopy: false)
            }
        }
        for name in names {
            // Packed where it stood, it has kept the most of its name.
            let copies = neighbours(of: name).filter { isCopy($0, of: name, listed) }
            let copy = copies.max { Self.commonName(name, $0) < Self.commonName(name, $1) }
            if let copy { return FilePlace(path: copy, isCopy: true) }
        }
        throw DatasetError(
            .unreadableFile,
            "\(path) was removed, or cut off and not kept, after the files were listed; run again, and let the rotation "
                + "keep at least one more file")
    }

    private func neighbours(of path: String) -> [String] {
        let folder = Folder.of(path)
        return (Folder.names(folder) ?? []).sorted().map { folder + "/" + $0 }
    }

    private func holdsContent(_ path: String, _ identity: FileIdentity) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, FileIdentity(status) == identity else { return false }
        return (try? ByteInput(path: path)).map { isHeld(by: $0) } ?? false
    }

    /// - Parameter name: what the file was called, by its path or as a link's target.
    private func isCopy(_ path: String, of name: String, _ listed: Set<FileIdentity>) -> Bool {
        guard let prefix, prefix.count > 0, RotatedCopies.log(path) == RotatedCopies.log(name) else { return false }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        if listed.contains(FileIdentity(status)) { return false }
        return (try? ByteInput(path: path)).map { isHeld(by: $0, isCopy: true) } ?? false
    }

    /// Bytes with which the names of two files begin alike.
    private static func commonName(_ one: String, _ other: String) -> Int {
        zip(Folder.name(one).utf8, Folder.name(other).utf8).prefix { $0 == $1 }.count
    }
}
