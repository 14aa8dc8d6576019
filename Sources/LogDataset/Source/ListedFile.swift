import Glibc

/// A regular file whatever its name: what a rotation by renaming leaves as it was.
struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

/// The beginning of a file's unpacked content: what a rotation that copies or packs leaves as it was.
struct ContentPrefix: Hashable, Sendable {
    static let longest = 4096

    /// Bytes looked at.
    let count: Int
    /// The hash of the first `RotatedCopies.shortest` bytes; nil where there are fewer.
    let head: UInt128?
    private let hash: UInt128

    /// Reads at most `limit` bytes of a file's beginning; nil for one that cannot be read so far.
    init?(of path: String, atMost limit: Int = longest) {
        guard let bytes = ContentPrefix.bytes(of: path, atMost: limit) else { return nil }
        self.init(bytes[...])
    }

    fileprivate init(_ bytes: ArraySlice<UInt8>) {
        count = bytes.count
        hash = bytes.withUnsafeBytes(contentHash)
        let first = bytes.prefix(RotatedCopies.shortest)
        head = first.count < RotatedCopies.shortest ? nil : first.withUnsafeBytes(contentHash)
    }

    fileprivate static func bytes(of path: String, atMost limit: Int) -> [UInt8]? {
        guard let input = try? ByteInput(path: path) else { return nil }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let got = bytes.withUnsafeMutableBytes { buffer in
                try? input.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            }
            guard let got else { return nil }
            if got == 0 { break }
            count += got
        }
        bytes.removeLast(limit - count)
        return bytes
    }
}

/// A file as it was when the files were listed.
struct ListedFile: Sendable {
    let path: String
    /// Nil for what cannot be recognised: standard input, pipes, devices.
    let identity: FileIdentity?
    /// Bytes it had, packed or not.
    let size: Int
    /// When it was changed last: seconds and nanoseconds since 1970.
    private let changed: timespec
    /// How its content begins; nil where that could not be read.
    let prefix: ContentPrefix?

    init(_ path: String) {
        var status = stat()
        self.path = path
        guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            (identity, size, changed, prefix) = (nil, 0, timespec(), nil)
            return
        }
        identity = FileIdentity(status)
        size = Int(status.st_size)
        changed = status.st_mtim
        prefix = ContentPrefix(of: path)
    }

    /// Whether its name says that it is packed.
    var isPacked: Bool { RotatedCopies.isPacked(path) }

    /// How its content begins, up to each of the lengths (ascending) that it has. The file is opened once, and only for
    /// other lengths than that of its `prefix`.
    func beginnings(_ lengths: [Int]) -> [ContentPrefix] {
        guard let prefix else { return [] }
        let shorter = lengths.prefix { $0 < prefix.count }
        let own = lengths.contains(prefix.count) ? [prefix] : []
        guard let last = shorter.last, let bytes = ContentPrefix.bytes(of: path, atMost: last), bytes.count == last
        else { return own }
        return shorter.map { ContentPrefix(bytes[..<$0]) } + own
    }

    /// Tells whether the file is still the same: path, size, time of change and inode. Of standard input and pipes the
    /// path is all there is.
    var windowName: String {
        guard let identity else { return path }
        let fraction = String(1_000_000_000 + changed.tv_nsec).dropFirst()
        return "\(path), \(size) bytes, changed \(changed.tv_sec).\(fraction), inode \(identity.inode)"
    }
}

extension ListedFile {
    /// Where the listed content is now: under its path, under another name of its folder (renamed), or in a file of the
    /// same log that was not listed and begins the same (copied or packed).
    ///
    /// - Parameter listed: what every listed file is; their content is their own.
    /// - Returns: the path, and whether it is the file itself and not a copy.
    /// - Throws: `unreadableFile` if it is nowhere.
    func place(among listed: Set<FileIdentity>) throws(DatasetError) -> (path: String, isOriginal: Bool) {
        guard let identity else { return (path, true) }
        if holdsContent(path, identity) { return (path, true) }
        let folder = Folder.of(path)
        let paths = (Folder.names(folder) ?? []).sorted().map { folder + "/" + $0 }
        if let moved = paths.first(where: { holdsContent($0, identity) }) { return (moved, true) }
        // Packed where it stood, it has kept the most of its name.
        let copies = paths.filter { isCopy($0, listed) }
        if let copy = copies.max(by: { commonName($0) < commonName($1) }) { return (copy, false) }
        throw DatasetError(
            .unreadableFile,
            "\(path) was removed, or cut off and not kept, after the files were listed; run again, and let the rotation "
                + "keep at least one more file")
    }

    private func holdsContent(_ path: String, _ identity: FileIdentity) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && FileIdentity(status) == identity && status.st_size >= size
            && (prefix == nil || ContentPrefix(of: path, atMost: prefix?.count ?? 0) == prefix)
    }

    private func isCopy(_ path: String, _ listed: Set<FileIdentity>) -> Bool {
        guard let prefix, prefix.count > 0, RotatedCopies.log(path) == RotatedCopies.log(self.path) else {
            return false
        }
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && !listed.contains(FileIdentity(status))
            && (isPacked || RotatedCopies.isPacked(path) || status.st_size >= size)
            && ContentPrefix(of: path, atMost: prefix.count) == prefix
    }

    /// Bytes with which the names of this file and of another one begin alike.
    private func commonName(_ other: String) -> Int {
        zip(Folder.name(path).utf8, Folder.name(other).utf8).prefix { $0 == $1 }.count
    }
}
