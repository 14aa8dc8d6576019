/// The original's literal law, which depends on where pages begin: each page is reduced to ⌊K/N · lines⌋ of its lines
/// by draws with replacement, a line's weight being √f/f for the f lines *of its page* with the same masked text.
///
/// It is kept to show what is wrong with it (`sample --draw page`); nothing is trained by it.
public struct PageReduction: Sendable {
    private let samples: Int
    private let total: UInt64
    private let points: Philox
    private var page: UInt64 = 0

    /// - Parameters:
    ///   - samples: K, the draws that are wanted of all lines together.
    ///   - total: N, all lines.
    ///   - seed: The run's seed.
    ///   - epoch: Which subset of the run.
    public init(samples: Int, total: UInt64, seed: UInt64, epoch: UInt64) {
        self.samples = samples
        self.total = total
        points = SamplingPurpose.pagePoints.generator(seed: seed, epoch: epoch)
    }

    /// How many draws a page of so many lines is reduced to.
    public func quota(lines: UInt64) -> Int {
        total == 0 ? 0 : Int(UInt128(samples) * UInt128(lines) / UInt128(total))
    }

    /// Reduces the next page.
    ///
    /// - Parameter counts: Lines of each of the page's templates.
    /// - Returns: How often each of them is drawn.
    public mutating func reduce(_ counts: [UInt64]) -> [Int] {
        defer { page += 1 }
        var drawn = [Int](repeating: 0, count: counts.count)
        var ends: [UInt128] = []
        ends.reserveCapacity(counts.count)
        for count in counts { ends.append((ends.last ?? 0) + UInt128(WeightExponent.half.weight(of: count))) }
        guard let weight = ends.last, weight > 0 else { return drawn }
        // Pages have numbers of their own: a page has fewer than 2³² draws.
        for draw in 0..<quota(lines: counts.reduce(0, +)) {
            let point = points.uniform(below: weight, index: page << 32 | UInt64(draw))
            drawn[Self.first(ends) { $0 > point }] += 1
        }
        return drawn
    }

    /// The first position whose value fulfils what all later ones do too.
    private static func first(_ values: [UInt128], _ fulfils: (UInt128) -> Bool) -> Int {
        var low = 0
        var high = values.count - 1
        while low < high {
            let middle = (low + high) / 2
            if fulfils(values[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
