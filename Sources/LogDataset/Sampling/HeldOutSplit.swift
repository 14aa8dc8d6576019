/// Which lines of a table are held out of the fit, so that figures can be taken on them.
package enum HeldOutSplit: Sendable, Hashable, Codable {
    /// All lines of the hours that begin at this time (epoch ms) or later.
    case hours(from: Int64)
    /// About a tenth of each template's lines, by the seed.
    case lines(seed: UInt64)

    /// Chooses the latest whole hours that together hold 10 to 20 % of all lines, as few as do; where no edge between
    /// hours gives that, or lines have no times, a tenth of each template's lines.
    ///
    /// Lines without a time are counted among all lines and never taken for the latest.
    ///
    /// - Parameters:
    ///   - hours: The lines of each hour, in any order; an hour may stand there more than once.
    ///   - seed: The run's seed.
    package static func choose(hours: [TableMetadata.HourCount], seed: UInt64) -> HeldOutSplit {
        let all = hours.reduce(UInt128(0)) { $0 + UInt128($1.lines) }
        let timed = hours.filter { $0.hour != .none && $0.lines > 0 }.sorted { $0.hour > $1.hour }
        var held: UInt128 = 0
        for (index, count) in timed.enumerated() {
            held += UInt128(count.lines)
            guard let start = count.hour.milliseconds, index + 1 == timed.count || timed[index + 1].hour != count.hour
            else { continue }
            if held * 10 >= all { return held * 5 <= all ? .hours(from: start) : .lines(seed: seed) }
        }
        return .lines(seed: seed)
    }

    /// Whether all lines of an hour are held out.
    ///
    /// - Parameter start: When the hour begins (epoch ms), or nil for lines without a time.
    package func holdsOut(hour start: Int64?) -> Bool {
        guard case .hours(let first) = self, let start else { return false }
        return start >= first
    }

    /// How many of a template's lines are held out: ⌊f/10 + u⌋, u drawn evenly from [0, 1) by seed and hash.
    ///
    /// - Parameters:
    ///   - count: f, the template's lines.
    ///   - hash: XXH3-128 of its masked bytes.
    ///   - seed: The run's seed.
    /// - Returns: ⌊f/10⌋ or ⌈f/10⌉, exactly f/10 on average over the seeds.
    package static func thinned(_ count: UInt64, hash: UInt128, seed: UInt64) -> UInt64 {
        // u is a multiple of 2^-64: the remainder and u together reach 1 where 10·u ≥ 10 − f mod 10.
        let fraction = UInt128(SamplingPurpose.heldOutThinning.generator(seed: seed).bits64(hash))
        let (tenth, rest) = count.quotientAndRemainder(dividingBy: 10)
        return tenth + (fraction * 10 >= UInt128(10 - rest) << 64 ? 1 : 0)
    }

    /// A word for reports: `hours` or `lines`.
    package var name: String {
        switch self {
        case .hours: "hours"
        case .lines: "lines"
        }
    }
}
