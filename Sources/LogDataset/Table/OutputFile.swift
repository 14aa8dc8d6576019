import Glibc

/// A file being written, through one buffer of our own. Created 0600: it holds words of people's logs.
///
/// Nothing is promised to be on disk before `close` returns. A file that was never closed is removed.
final class OutputFile {
    let path: String
    /// Bytes written so far, those still buffered included.
    private(set) var count = 0

    private var descriptor: CInt
    private var buffer: [UInt8] = []
    private let bufferLimit = 1 << 18
    private let disk: DiskBudget
    /// Bytes taken of `disk`.
    private var taken = 0

    init(creating path: String, on disk: DiskBudget = .unlimited) throws(DatasetError) {
        self.path = path
        self.disk = disk
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw .cannotWrite(path, errno) }
        buffer.reserveCapacity(bufferLimit)
    }

    /// A file beside its place, which `close(movingTo:)` puts there.
    init(beside place: String, on disk: DiskBudget = .unlimited) throws(DatasetError) {
        path = PartialFile.path(of: place)
        self.disk = disk
        descriptor = PartialFile.create(path)
        if descriptor < 0 { throw .cannotWrite(place, errno) }
        buffer.reserveCapacity(bufferLimit)
    }

    deinit {
        guard descriptor >= 0 else { return }
        // A device is no file of ours.
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG { unlink(path) }
        Glibc.close(descriptor)
        disk.give(taken)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(DatasetError) {
        count += bytes.count
        if buffer.count + bytes.count > bufferLimit { try flush() }
        if bytes.count >= bufferLimit {
            try writeThrough(bytes)
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    func write(_ bytes: [UInt8]) throws(DatasetError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(DatasetError) in try write(bytes) }
        }
        try result.get()
    }

    /// The file's bytes stay taken of the disk budget; whoever removes it gives them back.
    func close(sync: Bool) throws(DatasetError) {
        try flush()
        if sync, fsync(descriptor) != 0 { throw .cannotWrite(path, errno) }
        let status = Glibc.close(descriptor)
        descriptor = -1
        if status != 0 { throw .cannotWrite(path, errno) }
    }

    /// Puts the file in its place, where it is on disk when this returns. After an error it goes with this value.
    func close(movingTo place: String) throws(DatasetError) {
        try flush()
        let failure = PartialFile.move(descriptor, path, to: place)
        if failure != 0 { throw .cannotWrite(place, failure) }
        Glibc.close(descriptor)
        descriptor = -1
    }

    private func flush() throws(DatasetError) {
        let result = buffer.withUnsafeBytes { bytes in
            Result { () throws(DatasetError) in try writeThrough(bytes) }
        }
        try result.get()
        buffer.removeAll(keepingCapacity: true)
    }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(DatasetError) {
        try disk.take(bytes.count, for: path)
        taken += bytes.count
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let written = Glibc.write(descriptor, start, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw .cannotWrite(path, errno)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}

/// A file open for reading at any position, by several threads at once.
final class InputFile: Sendable {
    let path: String
    let size: Int
    private let descriptor: CInt

    init(opening path: String) throws(DatasetError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw .cannotRead(path, errno) }
        var status = stat()
        fstat(descriptor, &status)
        size = Int(status.st_size)
    }

    deinit { Glibc.close(descriptor) }

    /// Fills `target` from `offset`; a file that ends before is corrupt.
    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(DatasetError) {
        var done = 0
        while done < target.count, let start = target.baseAddress {
            let got = pread(descriptor, start + done, target.count - done, off_t(offset + done))
            if got < 0 {
                if errno == EINTR { continue }
                throw .cannotRead(path, errno)
            }
            if got == 0 { throw .corrupt(path, at: offset + done, "the file ends here, in the middle of a block") }
            done += got
        }
    }
}
