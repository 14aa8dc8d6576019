import CLibcurl
import CSimdjson
import Glibc

/// The bytes of one answer, with room for a JSON parser to read past their end.
///
/// Filled on the transfer thread, then handed to the one task that awaits the answer, and from there perhaps to a page
/// that only reads: so it is `@unchecked Sendable` by being passed on and never shared while it changes.
final class AnswerBody: @unchecked Sendable {
    private(set) var start: UnsafeMutableRawPointer?
    private(set) var count = 0
    private var capacity = 0
    let pool: BufferPool?

    /// More than a page may have; also what a JSON parser with offsets of 32 bits can take.
    static let largest = Int(UInt32.max) - 1
    private static let padding = Int(OPNILOG_JSON_PADDING)

    /// - Parameter pool: where large memory comes from and goes back to.
    init(pool: BufferPool? = nil) { self.pool = pool }

    convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init()
        if let base = bytes.baseAddress { append(base, count: bytes.count) }
    }

    deinit {
        guard let start else { return }
        if pool?.give(BufferPool.Buffer(start: start, capacity: capacity)) != true { free(start) }
    }

    /// Good for as long as the body is held, which who takes them must see to.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// Lends the bytes, and holds the body meanwhile.
    func withBytes<R, E>(_ use: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        return try use(bytes)
    }

    /// Whether it begins as a JSON object does, which all that OpenSearch answers to us are.
    var isObject: Bool {
        withBytes { $0.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{") }
    }

    /// False when there is no memory, or too much was sent.
    func reserve(_ wanted: Int) -> Bool {
        guard wanted <= Self.largest else { return false }
        let needed = wanted + Self.padding
        if needed <= capacity { return true }
        if start == nil, let used = pool?.take(needed) {
            start = used.start
            capacity = used.capacity
            return true
        }
        guard let grown = realloc(start, needed) else { return false }
        start = grown
        capacity = needed
        return true
    }

    @discardableResult
    func append(_ bytes: UnsafeRawPointer, count added: Int) -> Bool {
        let total = count + added
        // Doubling, for an answer whose length was not told (or was that of its compressed form).
        if total + Self.padding > capacity {
            guard reserve(max(total, min(2 * capacity, Self.largest), 16 << 10)) else { return false }
        }
        guard let start else { return added == 0 }
        start.advanced(by: count).copyMemory(from: bytes, byteCount: added)
        count = total
        memset(start.advanced(by: total), 0, Self.padding)
        return true
    }
}
