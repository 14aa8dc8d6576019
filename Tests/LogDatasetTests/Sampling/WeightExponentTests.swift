import Testing

@testable import LogDataset

@Suite struct WeightExponentTests {
    /// Counts of every magnitude, and some around powers.
    static let counts: [UInt64] = {
        let philox = Philox(key: 1)
        var counts = Array(1...300 as ClosedRange<UInt64>)
        for index in 0..<2_000 { counts.append(1 + philox.bits64(UInt128(index)) >> UInt64(16 + index % 48)) }
        for bits in 1...24 as ClosedRange<UInt64> {
            let power = UInt64(1) << (2 * bits)
            counts += [power - 1, power]
            if bits < 24 { counts.append(power + 1) }
        }
        return counts
    }()

    @Test func squareRootsAreExact() {
        for count in WeightExponentTests.counts {
            let root = UInt128(WeightExponent.half.weight(of: count))
            let number = UInt128(count) << 64
            if !(root * root <= number && (root + 1) * (root + 1) > number) { Issue.record("√\(count) is not \(root)") }
        }
        for number in [0, 1, 2, 3, 4, 8, 9, (1 << 126) - 1, 1 << 125, (1 << 62) - 1] as [UInt128] {
            let root = UInt128(squareRoot(number))
            #expect(root * root <= number)
            #expect((root + 1) * (root + 1) > number)
        }
    }

    @Test func powersAreExactAtTheirFixedPoint() {
        for base in 1...4_096 as ClosedRange<UInt64> {
            let count = base * base * base * base
            let weights = WeightExponent.allCases.map { $0.weight(of: count) }
            let expected = [1, base << 32, base * base << 32, base * base * base << 16, count]
            if weights != expected { Issue.record("\(base)⁴: \(weights), not \(expected)") }
        }
    }

    /// The nested roots against the exact root of the whole, in integers of any length: at most one unit below.
    @Test func nestedRootsAreAtMostOneUnitBelowTheExactRoot() {
        for count in WeightExponentTests.counts {
            let number = LongNumber(count)
            for (exponent, power) in [
                // w ≤ f^¼ · 2³² means w⁴ ≤ f · 2¹²⁸, and w ≤ f^¾ · 2¹⁶ means w⁴ ≤ f³ · 2⁶⁴.
                (WeightExponent.quarter, number.shifted(words: 4)),
                (.threeQuarters, (number * number * number).shifted(words: 2)),
            ] {
                let weight = exponent.weight(of: count)
                let isBelow = LongNumber(weight).fourthPower <= power
                let isWithin = power < LongNumber(weight + 2).fourthPower
                if !isBelow || !isWithin { Issue.record("\(exponent) of \(count): \(weight)") }
            }
        }
    }

    @Test func otherWeightsAreWithinOneUnit() {
        for count in WeightExponentTests.counts {
            let root = Double(count).squareRoot()
            let quarter = root.squareRoot()
            let tolerance = { (weight: Double) in 1.5 + weight * 0x1p-50 }
            for (exponent, weight) in [
                (WeightExponent.quarter, quarter * 0x1p32), (.threeQuarters, root * quarter * 0x1p16),
            ] {
                let found = Double(exponent.weight(of: count))
                if abs(found - weight) > tolerance(weight) {
                    Issue.record("\(exponent) of \(count): \(found), not \(weight)")
                }
            }
        }
    }

    @Test(arguments: WeightExponent.allCases)
    func noLinesWeighNothingAndMoreLinesNeverLess(_ exponent: WeightExponent) {
        #expect(exponent.weight(of: 0) == 0)
        let weights = WeightExponentTests.counts.sorted().map { exponent.weight(of: $0) }
        #expect(zip(weights, weights.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(exponent.weight(of: 1) > 0)
    }
}

/// A natural number of any length, in 32-bit words, lowest first: school arithmetic, slow and plain.
private struct LongNumber {
    private var words: [UInt32]

    init(_ number: UInt64) { words = [UInt32(truncatingIfNeeded: number), UInt32(number >> 32)] }

    var fourthPower: LongNumber { self * self * (self * self) }

    /// Times 2³² for each word.
    func shifted(words count: Int) -> LongNumber {
        var shifted = self
        shifted.words = [UInt32](repeating: 0, count: count) + words
        return shifted
    }

    static func * (left: LongNumber, right: LongNumber) -> LongNumber {
        var words = [UInt32](repeating: 0, count: left.words.count + right.words.count)
        for (i, a) in left.words.enumerated() {
            var carry: UInt64 = 0
            for (j, b) in right.words.enumerated() {
                let sum = UInt64(a) * UInt64(b) + UInt64(words[i + j]) + carry
                words[i + j] = UInt32(truncatingIfNeeded: sum)
                carry = sum >> 32
            }
            words[i + right.words.count] = UInt32(carry)
        }
        var product = left
        product.words = words
        return product
    }

    static func < (left: LongNumber, right: LongNumber) -> Bool {
        for index in (0..<max(left.words.count, right.words.count)).reversed() {
            let a = index < left.words.count ? left.words[index] : 0
            let b = index < right.words.count ? right.words[index] : 0
            if a != b { return a < b }
        }
        return false
    }

    static func <= (left: LongNumber, right: LongNumber) -> Bool { !(right < left) }
}
