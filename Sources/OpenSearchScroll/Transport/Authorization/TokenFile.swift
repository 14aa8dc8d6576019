import Glibc

/// The token in a file, as it was when the file was last read.
struct TokenFile {
    /// What changes with every way of replacing a file, in place or by a rename.
    private struct Stamp: Equatable {
        var device: UInt
        var inode: UInt
        var seconds: Int
        var nanoseconds: Int
        var size: Int
    }

    private static let largest = 64 << 10

    private let path: String
    private var stamp: Stamp?
    private var token = Secret("")

    init(path: String) { self.path = path }

    /// A look at the file's time, and the file itself if it has changed or its token is refused: local files of some
    /// hundred bytes, so nobody waits.
    mutating func token(isRefused: Bool) -> Result<Secret, TransferFailure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return unreadable(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return unreadable(errno) }
        let now = Stamp(
            device: UInt(status.st_dev), inode: UInt(status.st_ino), seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec, size: Int(status.st_size))
        if stamp == now, !isRefused { return .success(token) }
        var bytes = [UInt8](repeating: 0, count: Self.largest)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { return unreadable(errno) }
        let found = Token.checked(String(decoding: bytes[..<count], as: UTF8.self), "the token file \(path)")
        if case .success(let token) = found {
            self.token = token
            stamp = now
        }
        return found
    }

    private func unreadable(_ number: Int32) -> Result<Secret, TransferFailure> {
        .failure(
            .noCredentials(
                "the token file \(path) cannot be read (\(String(cString: strerror(number)))); name one that this user "
                    + "may read", mayPass: false))
    }
}
