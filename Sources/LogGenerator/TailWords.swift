/// The word choices of one rare template: a shape and seven words, read off the bits of its rank.
///
/// Ranks are scattered over the 2⁴⁵ choices by a bijection, so that the frequent (low) ranks differ in all words
/// and not in the last one only, and different ranks never meet in one choice.
struct TailWords {
    /// 3 bits for the shape, 7 × 6 bits for the words.
    private static let mask: UInt64 = (1 << 45) - 1

    private let bits: UInt64

    init(rank: UInt64) {
        var z = (rank &* 0x1B87_3593_CC9E_2D51) & Self.mask
        z ^= z >> 23
        z = (z &* 0x0F35_7AEA_2E62_A9C5) & Self.mask
        bits = z ^ (z >> 22)
    }

    /// Which of the 8 tail templates.
    var shape: Int { Int(bits & 7) }

    /// Index into the word list of slot 0…6, in 0..<64.
    func word(_ slot: Int) -> Int { Int((bits >> (3 + 6 * UInt64(slot))) & 63) }
}
