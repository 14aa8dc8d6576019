/// The numbers that leave `remainder` when divided by `modulus`: every so-manieth document, counted without a look.
struct Residue: Sendable, Equatable {
    let remainder: Int
    let modulus: Int

    /// Every number.
    static let all = Residue(remainder: 0, modulus: 1)

    /// How many of the numbers 0..<end belong to it.
    func count(below end: Int) -> Int {
        end > remainder ? (end - remainder - 1) / modulus + 1 : 0
    }

    /// The least member at or after `position`, nil beyond what can be counted.
    func first(from position: Int) -> Int? {
        guard position > remainder else { return remainder }
        let steps = (position - remainder - 1) / modulus + 1
        let (product, overflows) = steps.multipliedReportingOverflow(by: modulus)
        guard !overflows else { return nil }
        let (sum, isBeyond) = product.addingReportingOverflow(remainder)
        return isBeyond ? nil : sum
    }

    /// What belongs to both (Chinese remainder theorem); nil where nothing countable does.
    func intersection(_ other: Residue) -> Residue? {
        let (first, second) = (Int128(modulus), Int128(other.modulus))
        let (divisor, inverse) = Self.bezout(first, second)
        let distance = Int128(other.remainder) - Int128(remainder)
        guard distance % divisor == 0 else { return nil }
        let reduced = second / divisor
        var steps = distance / divisor % reduced * (inverse % reduced) % reduced
        if steps < 0 { steps += reduced }
        let least = Int128(remainder) + first * steps
        guard let remainder = Int(exactly: least) else { return nil }
        return Residue(remainder: remainder, modulus: Int(clamping: first * reduced))
    }

    /// The greatest common divisor of both, and what `one` is to be multiplied by to be it modulo `other`.
    private static func bezout(_ one: Int128, _ other: Int128) -> (divisor: Int128, factor: Int128) {
        var (larger, smaller) = (one, other)
        var (factor, next): (Int128, Int128) = (1, 0)
        while smaller != 0 {
            let quotient = larger / smaller
            (larger, smaller) = (smaller, larger - quotient * smaller)
            (factor, next) = (next, factor - quotient * next)
        }
        return (larger, factor)
    }
}
