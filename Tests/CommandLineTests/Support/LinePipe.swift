import Dispatch
import Glibc
import Testing

/// A named pipe that a child writes lines to, for tests that wait for a program to say something.
final class LinePipe: Sendable {
    let path: String
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "opnilog.test.pipe")

    /// Opened for reading and writing, so that neither end ever waits for the other to open it.
    init(_ path: String) throws {
        self.path = path
        try #require(mkfifo(path, 0o600) == 0)
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        try #require(descriptor >= 0)
    }

    deinit { close(descriptor) }

    /// The next line, without its end; waits for it.
    func nextLine() async -> String {
        await withCheckedContinuation { continuation in
            queue.async { [descriptor] in continuation.resume(returning: Self.line(descriptor)) }
        }
    }

    private static func line(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
