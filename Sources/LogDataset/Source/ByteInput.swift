import Glibc

/// The unpacked bytes of one file or of standard input, read in order by one thread at a time.
final class ByteInput {
    let name: String
    private let descriptor: CInt
    private let interrupt: Interrupt?
    private var compression = Compression.none
    private var decompressor: Decompressor?
    private var hasStarted = false
    private var isAtEnd = false

    /// Packed bytes that have been read but not unpacked: `packed[packedStart..<packedEnd]`.
    private var packed = [UInt8](repeating: 0, count: 1 << 18)
    private var packedStart = 0
    private var packedEnd = 0
    /// Bytes of the file that have been read: where `packedEnd` lies in it.
    private(set) var fileOffset = 0
    private var isAtBoundary = false
    /// Zero bytes have followed the compressed data, so nothing else may.
    private var isInPadding = false
    /// What is wrong behind the bytes that were handed out last.
    private var damage: DatasetError?

    /// Opens a file, or standard input for `-`.
    ///
    /// - Parameter interrupt: ends a read that waits for a pipe or a terminal.
    init(path: String, interrupt: Interrupt? = nil) throws(DatasetError) {
        self.interrupt = interrupt
        name = path == "-" ? "standard input" : path
        descriptor = path == "-" ? dup(0) : open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw .cannotRead(name, errno) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { throw .cannotRead(name, EISDIR) }
    }

    deinit { close(descriptor) }

    /// Bytes that the file has now, packed or not.
    var fileSize: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Bytes of the file as they lie on the disk, wherever the reading is; nil where it has no so many.
    func rawBytes(_ range: Range<Int>) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count, range.lowerBound + count)
            }
            if got < 0, errno == EINTR { continue }
            if got <= 0 { return nil }
            count += got
        }
        return bytes
    }

    /// Goes back to the beginning of the file that was opened, whatever its path names by now; false for a pipe.
    func rewind() -> Bool {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { return false }
        (decompressor, damage) = (nil, nil)
        (hasStarted, isAtEnd, isAtBoundary, isInPadding) = (false, false, false, false)
        (packedStart, packedEnd, fileOffset) = (0, 0, 0)
        return true
    }

    /// Reads into `target`, which must not be empty; 0 at the end.
    func read(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        if !hasStarted { try start() }
        if let decompressor { return try unpack(decompressor, into: target) }
        if packedStart < packedEnd { return takePacked(into: target) }
        return try readRaw(into: target)
    }

    private func start() throws(DatasetError) {
        hasStarted = true
        while packedEnd < 4, !isAtEnd { try fillPacked() }
        compression = packed.withUnsafeBytes {
            Compression(firstBytes: UnsafeRawBufferPointer(rebasing: $0[..<packedEnd]))
        }
        decompressor = Decompressor(compression)
    }

    private func unpack(
        _ decompressor: Decompressor, into target: UnsafeMutableRawBufferPointer
    ) throws(DatasetError) -> Int {
        if let damage { throw damage }
        while true {
            if packedStart == packedEnd {
                packedStart = 0
                packedEnd = 0
                try fillPacked()
            }
            if packedStart == packedEnd {
                if isAtBoundary { return 0 }
                throw .corrupt(name, at: fileOffset, "the compressed file ends in the middle")
            }
            if isAtBoundary, compression == .gzip, try takePadding() { continue }
            let input = packedStart..<packedEnd
            let result = packed.withUnsafeBytes { packed in
                Result { () throws(Decompressor.Damage) in
                    try decompressor.step(UnsafeRawBufferPointer(rebasing: packed[input]), into: target)
                }
            }
            let step: Decompressor.Step
            switch result {
            case .success(let done): step = done
            case .failure(let fault):
                let error = DatasetError.corrupt(
                    name, at: fileOffset - input.count + fault.consumed, "\(fault.reason) (compressed data)")
                damage = error
                if fault.produced > 0 { return fault.produced }
                throw error
            }
            packedStart += step.consumed
            isAtBoundary = step.isBoundary
            if step.produced > 0 { return step.produced }
        }
    }

    /// Takes zero bytes behind a gzip member, with which tapes and devices fill up their blocks; so does gzip(1).
    ///
    /// - Returns: false where another member follows.
    private func takePadding() throws(DatasetError) -> Bool {
        guard isInPadding || packed[packedStart] == 0 else { return false }
        isInPadding = true
        if let other = packed[packedStart..<packedEnd].firstIndex(where: { $0 != 0 }) {
            packedStart = other
            let error = DatasetError.corrupt(
                name, at: fileOffset - packedEnd + other, "something follows the zero bytes behind the compressed data")
            damage = error
            throw error
        }
        packedStart = packedEnd
        return true
    }

    private func takePacked(into target: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(target.count, packedEnd - packedStart)
        packed.withUnsafeBytes {
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[packedStart..<packedStart + count]))
        }
        packedStart += count
        return count
    }

    private func fillPacked() throws(DatasetError) {
        let start = packedEnd
        let result = packed.withUnsafeMutableBytes { buffer in
            Result { () throws(DatasetError) in
                try readRaw(into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
            }
        }
        packedEnd += try result.get()
    }

    private func readRaw(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
        if isAtEnd { return 0 }
        while let base = target.baseAddress {
            try interrupt?.waitUntilReadable(descriptor)
            let count = Glibc.read(descriptor, base, target.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .cannotRead(name, errno)
            }
            isAtEnd = count == 0
            fileOffset += count
            return count
        }
        return 0
    }
}

/// Wakes a thread that waits for input when its task is cancelled.
package final class Interrupt: Sendable {
    private let readEnd: CInt
    private let writeEnd: CInt

    package init() throws(DatasetError) {
        var ends: [CInt] = [-1, -1]
        if pipe(&ends) != 0 { throw .cannotRead("a pipe", errno) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    package func fire() {
        var byte: UInt8 = 0
        _ = write(writeEnd, &byte, 1)
    }

    /// Blocks until `input` has bytes or has ended.
    ///
    /// - Throws: `cancelled` once `fire` has been called.
    func waitUntilReadable(_ input: CInt) throws(DatasetError) {
        var descriptors = [
            pollfd(fd: input, events: CShort(POLLIN), revents: 0),
            pollfd(fd: readEnd, events: CShort(POLLIN), revents: 0),
        ]
        while poll(&descriptors, 2, -1) < 0, errno == EINTR {}
        if descriptors[1].revents != 0 { throw .cancelled() }
    }
}
