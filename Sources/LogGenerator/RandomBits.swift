/// A SplitMix64 sequence (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct RandomBits {
    /// 2⁶⁴ divided by the golden ratio, odd.
    static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    var state: UInt64

    /// The next 64 bits.
    @inline(__always)
    mutating func next() -> UInt64 {
        state &+= Self.step
        return Self.mix(state)
    }

    /// A number in 0..<bound, from the upper half of a product: no division, a bias below bound / 2³².
    @inline(__always)
    mutating func below(_ bound: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: ((next() >> 32) &* UInt64(bound)) >> 32)
    }

    /// A bijection of 64-bit numbers in which each bit of the input moves half of the output.
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
