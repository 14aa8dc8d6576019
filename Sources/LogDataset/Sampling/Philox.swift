/// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
/// 1, 2, 3" (SC 2011): a pure function from a 64-bit key and a 128-bit counter to 128 random bits.
public struct Philox: Sendable, Equatable {
    /// The key.
    public var key: UInt64

    /// Creates the generator of one key.
    ///
    /// - Parameter key: 64 bits; the published key words 0 and 1 are its lower and upper halves.
    public init(key: UInt64) { self.key = key }

    /// 128 random bits.
    ///
    /// - Parameter counter: 128 bits; the published counter words 0…3 are its 32-bit words, lowest first.
    /// - Returns: The published output words 0…3, lowest first.
    public func block(_ counter: UInt128) -> UInt128 {
        var low = UInt64(truncatingIfNeeded: counter)
        var high = UInt64(truncatingIfNeeded: counter >> 64)
        var key0 = UInt32(truncatingIfNeeded: key)
        var key1 = UInt32(truncatingIfNeeded: key >> 32)
        for _ in 0..<10 {
            let product0 = (low & 0xFFFF_FFFF) * 0xD251_1F53
            let product1 = (high & 0xFFFF_FFFF) * 0xCD9E_8D57
            let word0 = UInt32(truncatingIfNeeded: (product1 ^ low) >> 32) ^ key0
            let word2 = UInt32(truncatingIfNeeded: (product0 ^ high) >> 32) ^ key1
            low = product1 << 32 | UInt64(word0)
            high = product0 << 32 | UInt64(word2)
            key0 &+= 0x9E37_79B9
            key1 &+= 0xBB67_AE85
        }
        return UInt128(high) << 64 | UInt128(low)
    }

    /// 64 random bits: the lower half of the block.
    public func bits64(_ counter: UInt128) -> UInt64 { UInt64(truncatingIfNeeded: block(counter)) }

    /// A number drawn evenly from `0..<bound`, by rejection.
    ///
    /// - Parameters:
    ///   - bound: Above 0.
    ///   - index: Which of the independent numbers of this key.
    public func uniform(below bound: UInt128, index: UInt64) -> UInt128 {
        precondition(bound > 0, "there is no number below 0")
        let mask = UInt128.max >> (bound - 1).leadingZeroBitCount
        var attempt: UInt128 = 0
        while true {
            // At least half of the masked blocks are below the bound.
            let number = block(attempt << 64 | UInt128(index)) & mask
            if number < bound { return number }
            attempt += 1
        }
    }
}
