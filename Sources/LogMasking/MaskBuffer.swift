import Glibc

/// Bytes that are filled again and again without a new allocation, with zeros behind them.
struct MaskBuffer: ~Copyable {
    /// Zero bytes that stand behind the text once it is `sealed`: a block, and what a rule may look at beyond its end.
    static var padding: Int { 128 }
    /// A larger buffer is given back after its line, so that one huge line does not hold memory for ever.
    static var keptCapacity: Int { 1 << 20 }

    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 4096
        base = UnsafeMutablePointer.allocate(capacity: capacity + Self.padding)
    }

    deinit { base.deallocate() }

    /// Lends the text.
    func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        body(UnsafeBufferPointer(start: base, count: count))
    }

    /// Forgets the text.
    mutating func clear() { count = 0 }

    /// Gives the memory back if a huge line made it grow.
    mutating func shrink() {
        guard capacity > Self.keptCapacity else { return }
        self = MaskBuffer()
    }

    /// Makes room for `extra` bytes behind those that are there.
    mutating func reserve(_ extra: Int) {
        guard count + extra > capacity else { return }
        capacity = max(count + extra, 2 * capacity)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + Self.padding)
        memcpy(larger, base, count)
        base.deallocate()
        base = larger
    }

    mutating func append(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
        reserve(length)
        memcpy(base + count, bytes, length)
        count += length
    }

    mutating func append(_ text: StaticString) {
        append(text.utf8Start, text.utf8CodeUnitCount)
    }

    /// Says how many of the reserved bytes were written through `base`.
    mutating func advance(to count: Int) { self.count = count }

    /// Puts the zeros behind the text.
    mutating func seal() {
        memset(base + count, 0, Self.padding)
    }
}
