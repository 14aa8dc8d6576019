@testable import LogDataset

/// Whether draws keep their laws, on a simulated stream of `lines` lines: prints each figure with its bound.
///
/// - Returns: Whether all figures are within their bounds.
func laws(lines: Int) async throws -> Bool {
    var areKept = true
    for isBursty in [false, true] {
        let stream = SimulatedStream(templates: 300_000, isBursty: isBursty)
        var counts = [UInt64](repeating: 0, count: stream.templates)
        stream.forEachPage(lines: lines) { page in for template in page { counts[Int(template)] += 1 } }
        let table = SimulatedTable(counts)
        let judge = try await LawJudge(table)
        print(
            "\(isBursty ? "bursty" : "not bursty"): \(table.lines) lines, \(table.templates) templates, "
                + "\(judge.samples) draws a subset, exponent 0.5")
        if !isBursty {
            areKept = try await judge.parity(seeds: 20) && areKept
            areKept = try await judge.coverage(seeds: 20) && areKept
            for law in DrawLaw.allCases { areKept = try await judge.means(law, seeds: 1_000) && areKept }
        }
        try await judge.variation(stream, lines: lines, seeds: 20)
    }
    return areKept
}

/// Holds draws from one table against the true law: weight √f a template.
struct LawJudge {
    let samples = 48_000
    private let table: SimulatedTable
    private let weights: TableWeights
    /// The weight of each template in the draw's own integers.
    private let weight: [UInt128]
    private let total: UInt128

    init(_ table: SimulatedTable) async throws {
        self.table = table
        weights = try await TableWeights(of: table, workers: cores)
        weight = table.counts.map { UInt128(WeightExponent.half.weight(of: $0)) }
        total = weight.reduce(0, +)
    }

    /// K·p of a template.
    private func wanted(_ template: Int) -> Double { Double(samples) * Double(weight[template]) / Double(total) }

    private func drawn(_ law: DrawLaw, seed: Int) async throws -> [Int] {
        let settings = DrawSettings(law: law, lines: .all, samples: samples, seed: UInt64(seed), epoch: 0)
        return try await table.drawn(settings, weights)
    }

    /// χ² of independent draws, rare templates pooled into classes of five expected draws.
    func parity(seeds: Int) async throws -> Bool {
        var statistic = 0.0
        var freedom = 0
        for seed in 0..<seeds {
            let drawn = try await drawn(.parity, seed: seed)
            var pooled = (wanted: 0.0, drawn: 0)
            for template in drawn.indices {
                pooled = (pooled.wanted + wanted(template), pooled.drawn + drawn[template])
                guard pooled.wanted >= 5 else { continue }
                statistic += square(Double(pooled.drawn) - pooled.wanted) / pooled.wanted
                freedom += 1
                pooled = (0, 0)
            }
            // What is left is less than a class; the classes' draws may then sum to anything, so no degree is lost.
        }
        let deviations = (statistic - Double(freedom)) / Double(2 * freedom).squareRoot()
        return judge("parity, chi2 over \(seeds) seeds, standard deviations off its mean", abs(deviations), below: 4)
    }

    /// |n − K·p| < 1 of every template, in exact integers.
    func coverage(seeds: Int) async throws -> Bool {
        var largest = 0.0
        var violations = 0
        for seed in 0..<seeds {
            let drawn = try await drawn(.coverage, seed: seed)
            for template in drawn.indices {
                let (left, right) = (UInt128(drawn[template]) * total, UInt128(samples) * weight[template])
                let distance = left > right ? left - right : right - left
                if distance >= total { violations += 1 }
                largest = max(largest, Double(distance) / Double(total))
            }
        }
        report("  coverage, templates with |n - K p| >= 1 over \(seeds) seeds", Double(violations), "")
        return judge("coverage, largest |n - K p|", largest, below: 1) && violations == 0
    }

    /// The means over many seeds: the largest |z| of a template under Bonferroni's bound, and the sum of z².
    func means(_ law: DrawLaw, seeds: Int) async throws -> Bool {
        var sums = [Int](repeating: 0, count: weight.count)
        for seed in 0..<seeds {
            let drawn = try await drawn(law, seed: 10_000 + seed)
            for template in drawn.indices { sums[template] += drawn[template] }
        }
        var largest = 0.0
        var squares = 0.0
        var count = 0
        for template in sums.indices {
            let wanted = wanted(template)
            let fraction = wanted - wanted.rounded(.down)
            let one = law == .coverage ? fraction * (1 - fraction) : wanted * (1 - wanted / Double(samples))
            let variance = one * Double(seeds)
            // Below that a sum is too far from normal to be held against a normal bound.
            guard variance >= 25 else { continue }
            let z = (Double(sums[template]) - wanted * Double(seeds)) / variance.squareRoot()
            largest = max(largest, abs(z))
            squares += z * z
            count += 1
        }
        let name = "\(law.rawValue), means over \(seeds) seeds of \(count) templates"
        let isBounded = judge("\(name), largest |z|", largest, below: bonferroni(count))
        let deviations = (squares - Double(count)) / Double(2 * count).squareRoot()
        return judge("\(name), sum of z^2, st. dev. off", abs(deviations), below: 4) && isBounded
    }

    /// Total variation from the true law, and the share of the draws that fall to rare templates.
    func variation(_ stream: SimulatedStream, lines: Int, seeds: Int) async throws {
        let law = weight.map { Double($0) / Double(total) }
        func distance(_ other: [Double]) -> Double {
            let sum = other.reduce(0, +)
            return zip(law, other).reduce(0.0) { $0 + abs($1.0 - $1.1 / sum) } / 2
        }
        func rare(_ shares: [Double]) -> Double {
            let all = shares.reduce(0, +)
            return shares.indices.reduce(0.0) { $0 + (table.counts[$1] <= 10 ? shares[$1] : 0) } / all
        }
        let real = table.counts.map { Double($0).squareRoot() }
        let pages = pageLaw(stream, lines: lines)
        report("  total variation of our law from real square roots", distance(real), "")
        report("  total variation of the page-local law", distance(pages.law), "")
        report("  share of draws for templates with f <= 10: true law", rare(law), "")
        report("  the same, page-local law", rare(pages.law), "")
        for kind in DrawLaw.allCases {
            var sums = [Double](repeating: 0, count: law.count)
            var shares: [Double] = []
            for seed in 0..<seeds {
                let drawn = try await drawn(kind, seed: seed).map(Double.init)
                shares.append(rare(drawn))
                sums = zip(sums, drawn).map(+)
            }
            report("  \(kind.rawValue), total variation of the draws of \(seeds) seeds", distance(sums), "")
            report("  \(kind.rawValue), least share of f <= 10 in a subset", shares.min() ?? 0, "")
            report("  \(kind.rawValue), largest share of f <= 10 in a subset", shares.max() ?? 0, "")
        }
        report("  page, total variation of the draws of a seed", distance(pages.drawn), "")
        report("  page, share of f <= 10 in a subset", rare(pages.drawn), "")
    }

    /// What the original's law expects of each template over the stream, and what one draw by it gave.
    private func pageLaw(_ stream: SimulatedStream, lines: Int) -> (law: [Double], drawn: [Double]) {
        var law = [Double](repeating: 0, count: stream.templates)
        var drawn = law
        var reduction = PageReduction(samples: samples, total: UInt64(lines), seed: 0, epoch: 0)
        var counts = [UInt64](repeating: 0, count: stream.templates)
        var templates: [Int] = []
        stream.forEachPage(lines: lines) { page in
            for template in page {
                if counts[Int(template)] == 0 { templates.append(Int(template)) }
                counts[Int(template)] += 1
            }
            let ofPage = templates.map { counts[$0] }
            let weights = ofPage.map { Double($0).squareRoot() }
            let share = Double(reduction.quota(lines: UInt64(page.count))) / weights.reduce(0, +)
            for (index, times) in reduction.reduce(ofPage).enumerated() {
                law[templates[index]] += weights[index] * share
                drawn[templates[index]] += Double(times)
                counts[templates[index]] = 0
            }
            templates.removeAll(keepingCapacity: true)
        }
        return (law, drawn)
    }

    /// A figure and its bound on a line.
    private func judge(_ name: String, _ value: Double, below bound: Double) -> Bool {
        report("  \(name)", value, "(below \((bound * 100).rounded() / 100)): \(value < bound ? "kept" : "BROKEN")")
        return value < bound
    }
}

private func square(_ value: Double) -> Double { value * value }
