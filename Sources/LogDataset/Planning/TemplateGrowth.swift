import Glibc

/// How many distinct texts there will be among more lines, or fewer, than were looked at.
///
/// Fewer is exact on average: a text that occurs k times among n lines is missing from m of them with probability
/// (1 − m/n)^k. For more, the texts seen once tell the slope, and how many were seen once, twice, up to five times
/// tells how it falls: rare texts follow a power law, in which a number of distinct texts that grows as n^α has
/// α(1−α)(2−α)…(k−1−α)/k! of them seen k times (Karlin, "Central limit theorems for certain infinite urn schemes",
/// 1967, section 2). α is the one under which those numbers are likeliest. Frequent texts have no part in it.
struct TemplateGrowth: Sendable, Equatable {
    /// Lines looked at.
    let lines: Double
    /// α.
    let exponent: Double
    /// How many texts occur so often among them.
    private let frequencies: [UInt64: UInt64]

    private static let rarest: ClosedRange<UInt64> = 1...5

    /// - Parameter frequencies: how many texts occur so often.
    init(frequencies: [UInt64: UInt64]) {
        self.frequencies = frequencies
        lines = frequencies.reduce(0) { $0 + Double($1.key) * Double($1.value) }
        exponent = TemplateGrowth.likeliestExponent(frequencies)
    }

    /// Distinct texts among so many lines.
    func distinct(among wanted: Double) -> Double {
        guard wanted > 0, lines > 0 else { return 0 }
        let seen = frequencies.values.reduce(0) { $0 + Double($1) }
        guard wanted > lines else {
            let missing = frequencies.reduce(0) { $0 + Double($1.value) * pow(1 - wanted / lines, Double($1.key)) }
            return seen - missing
        }
        let once = Double(frequencies[1] ?? 0)
        let ratio = wanted / lines
        let growth = exponent > 0 ? (pow(ratio, exponent) - 1) / exponent : log(ratio)
        return min(wanted, seen + once * growth)
    }

    private static func likeliestExponent(_ frequencies: [UInt64: UInt64]) -> Double {
        let counts = rarest.map { Double(frequencies[$0] ?? 0) }
        guard counts[0] > 0 else { return 0 }
        // Without a text seen twice there is nothing to say that the growth ever slows down.
        return stride(from: 0.0, through: 0.995, by: 0.005).max {
            likelihood(of: counts, exponent: $0) < likelihood(of: counts, exponent: $1)
        } ?? 0
    }

    private static func likelihood(of counts: [Double], exponent: Double) -> Double {
        var shares = [1.0]
        for occurrences in 1..<counts.count {
            let times = Double(occurrences)
            shares.append(shares[occurrences - 1] * (times - exponent) / (times + 1))
        }
        let total = shares.reduce(0, +)
        return zip(counts, shares).reduce(0) { $0 + $1.0 * log($1.1 / total) }
    }
}
