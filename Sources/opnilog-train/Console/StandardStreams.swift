import Glibc

/// Standard output, kept for results: buffered, written whole, an error is a `CommandError`.
struct ResultWriter: ~Copyable {
    private var buffer: [UInt8] = []
    private let descriptor: Int32
    private let capacity: Int

    init(descriptor: Int32 = STDOUT_FILENO, capacity: Int = 1 << 16) {
        self.descriptor = descriptor
        self.capacity = capacity
        buffer.reserveCapacity(capacity + 4096)
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CommandError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= capacity { try flush() }
    }

    mutating func write(_ bytes: some Collection<UInt8>) throws(CommandError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= capacity { try flush() }
    }

    mutating func write(line text: String) throws(CommandError) {
        buffer.append(contentsOf: text.utf8)
        try endLine()
    }

    mutating func endLine() throws(CommandError) {
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= capacity { try flush() }
    }

    /// What was not flushed is not written: every command ends with this.
    mutating func flush() throws(CommandError) {
        defer { buffer.removeAll(keepingCapacity: true) }
        if let number = Descriptor.write(buffer, to: descriptor) {
            throw CommandError(
                .output, "standard output cannot be written: \(SystemCall.text(number))",
                remedy: number == ENOSPC ? "free space on its disk" : nil)
        }
    }
}

/// Writing to open files.
enum Descriptor {
    /// Writes all bytes; returns the error number if that fails.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { write($0, to: descriptor) }
    }

    /// Writes all bytes; returns the error number if that fails.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = SystemCall.retrying { Glibc.write(descriptor, rest.baseAddress, rest.count) }
            if count < 0 { return errno }
            done += count
        }
        return nil
    }
}

/// Standard error: messages and progress. That it cannot be written is no reason to end a run.
enum StandardError {
    static func write(_ text: String) {
        _ = Descriptor.write(Array(text.utf8), to: STDERR_FILENO)
    }

    static func write(line text: String) { write(text + "\n") }

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
