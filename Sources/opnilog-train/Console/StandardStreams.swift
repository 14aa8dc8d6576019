import Glibc

/// Standard output, kept for results: buffered, an error is a `CommandError`. What is written of its own accord ends
/// with a line, so that a run that is interrupted leaves whole ones; only a line that is too long to keep is written in
/// parts.
struct ResultWriter: ~Copyable {
    private var buffer: [UInt8] = []
    /// How many of the buffer's bytes are known to end no line.
    private var searched = 0
    private let descriptor: Int32
    /// The file; nil for standard output.
    private let path: String?
    private let capacity: Int
    private let longestLine: Int

    /// - Parameter path: what errors call the file; nil for standard output.
    init(
        descriptor: Int32 = STDOUT_FILENO, path: String? = nil, capacity: Int = 1 << 16, longestLine: Int = 1 << 20
    ) {
        self.descriptor = descriptor
        self.path = path
        self.capacity = capacity
        self.longestLine = longestLine
        buffer.reserveCapacity(capacity + 4096)
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CommandError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= capacity { try flushLines() }
    }

    mutating func write(_ bytes: some Collection<UInt8>) throws(CommandError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= capacity { try flushLines() }
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
    mutating func flush() throws(CommandError) { try flush(buffer.count) }

    /// Writes what ends with a line, and all of it if the line that is left is too long.
    private mutating func flushLines() throws(CommandError) {
        if let end = buffer[searched...].lastIndex(of: UInt8(ascii: "\n")) {
            try flush(end + 1)
        } else if buffer.count >= longestLine {
            try flush()
        }
        searched = buffer.count
    }

    /// Writes the first bytes of the buffer. After a failure nothing is left in it.
    private mutating func flush(_ count: Int) throws(CommandError) {
        let descriptor = descriptor
        let failure = buffer.withUnsafeBytes { bytes in
            Descriptor.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), to: descriptor)
        }
        searched = 0
        if let failure {
            buffer.removeAll(keepingCapacity: true)
            throw fault(failure)
        }
        buffer.removeSubrange(..<count)
    }

    private func fault(_ number: Int32) -> CommandError {
        if let path { return OutputFault.of(path, number) }
        return CommandError(
            .output, "standard output cannot be written: \(SystemCall.text(number))",
            remedy: number == ENOSPC ? "free space on its disk" : nil, cause: SystemError(number))
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

    /// Whether it and standard output are one terminal.
    static var sharesTerminal: Bool {
        guard isTerminal, isatty(STDOUT_FILENO) == 1 else { return false }
        var (own, other) = (stat(), stat())
        return fstat(STDERR_FILENO, &own) == 0 && fstat(STDOUT_FILENO, &other) == 0 && own.st_rdev == other.st_rdev
    }

    /// Columns of the terminal.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
