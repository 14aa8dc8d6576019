import Glibc

/// Reads files that fit in memory: settings and queries.
enum SmallFile {
    struct Failure: Error {
        let reason: String
    }

    /// The first bytes of a file of any size.
    static func head(_ path: String, _ count: Int = 1 << 16) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let got = SystemCall.retrying { Glibc.read(descriptor, &bytes, count) }
        return Array(bytes.prefix(max(0, got)))
    }

    static func read(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(reason: SystemCall.text(errno)) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = SystemCall.retrying { Glibc.read(descriptor, &chunk, chunk.count) }
            guard count >= 0 else { throw Failure(reason: SystemCall.text(errno)) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw Failure(reason: "it is longer than \(ByteSize.describe(limit))")
            }
        }
    }
}

/// What every use of the system's calls needs.
enum SystemCall {
    /// The system's text for an error number, such as "No space left on device".
    static func text(_ number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard let text = opnilogStrerror(number, &buffer) else { return "error \(number)" }
        return text
    }

    /// Repeats a call that a signal interrupted.
    static func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }

    private static func opnilogStrerror(_ number: Int32, _ buffer: inout [CChar]) -> String? {
        guard strerror_r(number, &buffer, buffer.count) == 0 else { return nil }
        return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
    }
}
