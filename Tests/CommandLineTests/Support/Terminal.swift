import Glibc
import Testing

/// A terminal that a program may write to, and what it has written.
final class Terminal: Sendable {
    let path: String
    private let descriptor: Int32

    /// `TIOCSPTLCK` and `TIOCGPTN`, which Swift does not import.
    private static let (unlock, name): (UInt, UInt) = (0x4004_5431, 0x8004_5430)

    init() throws {
        descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        var (lock, number) = (CInt(0), CInt(0))
        try #require(descriptor >= 0 && ioctl(descriptor, Self.unlock, &lock) == 0)
        try #require(ioctl(descriptor, Self.name, &number) == 0)
        path = "/dev/pts/\(number)"
    }

    deinit { close(descriptor) }

    /// What has been written since the last call, once whoever wrote has ended.
    func text() -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
