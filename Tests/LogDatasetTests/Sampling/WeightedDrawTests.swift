import Testing

@testable import LogDataset

@Suite struct WeightedDrawTests {
    /// How often each template was drawn, with its weight and the total weight.
    private struct Outcome {
        var drawn: [Int] = []
        var weights: [UInt128] = []
        var total: UInt128 { weights.reduce(0, +) }
    }

    private func outcome(
        _ table: ArrayTable, _ weights: TableWeights, _ settings: DrawSettings
    ) throws -> Outcome {
        var outcome = Outcome()
        try WeightedDraw(from: table, weights: weights, settings: settings).walk(undrawn: true) { record, drawn in
            outcome.drawn.append(drawn)
            outcome.weights.append(UInt128(weights.exponent.weight(of: settings.lines.count(in: record))))
        }
        return outcome
    }

    /// Tables in which rounding or overflow would show.
    static let tables: [String: ArrayTable] = [
        "one template": table(1) { _ in (5, 2) },
        "one line each": table(300) { _ in (1, 0) },
        "a huge one among small": table(300) { ($0 == 7 ? 1 << 48 : UInt64($0 % 5 + 1), 0) },
        "all huge": table(40) { _ in (1 << 48, 1 << 47) },
        "a long tail": table(400) { index in (tail(index), tail(index) / 3) },
        "mostly held out": table(100) { (3, $0 % 10 == 0 ? 1 : 3) },
    ]

    @Test(arguments: tables.keys.sorted(), WeightExponent.allCases)
    func coverageDrawsEachTemplateItsShareRoundedUpOrDown(_ name: String, _ exponent: WeightExponent) async throws {
        let table = try #require(WeightedDrawTests.tables[name])
        let weights = try await TableWeights(of: table, exponent: exponent, workers: 2)
        for lines in DrawnLines.allCases where weights.lineCount(lines) > 0 {
            for (seed, samples) in [(0, 1), (1, 7), (2, 100), (3, 1_000), (4, 50_000), (5, StepPlan.largestSamples)] {
                let settings = DrawSettings(
                    law: .coverage, lines: lines, samples: samples, seed: UInt64(seed), epoch: UInt64(seed % 3))
                let outcome = try outcome(table, weights, settings)
                let total = outcome.total
                #expect(outcome.drawn.reduce(0, +) == samples)
                for (drawn, weight) in zip(outcome.drawn, outcome.weights) {
                    // |n − K·p| < 1, times the total weight.
                    let (left, right) = (UInt128(drawn) * total, UInt128(samples) * weight)
                    let distance = left > right ? left - right : right - left
                    if !(distance < total) || weight == 0 && drawn > 0 {
                        Issue.record("\(settings): drawn \(drawn) of weight \(weight) in \(total)")
                    }
                }
            }
        }
    }

    @Test func coverageHoldsForEverySeedAndIsRightOnAverage() async throws {
        let table = try #require(WeightedDrawTests.tables["a long tail"])
        let weights = try await TableWeights(of: table, workers: 1)
        let samples = 150
        let seeds = 120
        var sums: [Int] = []
        var wanted: [Double] = []
        for seed in 0..<seeds {
            let settings = DrawSettings(law: .coverage, lines: .fit, samples: samples, seed: UInt64(seed), epoch: 0)
            let outcome = try outcome(table, weights, settings)
            wanted = outcome.weights.map { Double(samples) * Double($0) / Double(outcome.total) }
            sums = sums.isEmpty ? outcome.drawn : zip(sums, outcome.drawn).map(+)
            #expect(zip(outcome.drawn, wanted).allSatisfy { abs(Double($0) - $1) < 1 })
        }
        // Each n is ⌊Kp⌋ or ⌈Kp⌉, so its variance is r(1 − r) with r the fraction of Kp.
        let scores = zip(sums, wanted).map { sum, mean in
            let fraction = mean - mean.rounded(.down)
            let deviation = (Double(seeds) * fraction * (1 - fraction)).squareRoot()
            return deviation > 1e-6 ? (Double(sum) - Double(seeds) * mean) / deviation : 0
        }
        #expect(scores.allSatisfy { abs($0) < 4.2 })
    }

    @Test func eachKindOfLinesCountsItsOwn() async throws {
        let table = ArrayTable([("a", 10, 3), ("b", 4, 0), ("c", 2, 2)])
        let weights = try await TableWeights(of: table, exponent: .one, workers: 1)
        #expect(DrawnLines.allCases.map { weights.lineCount($0) } == [11, 5, 16])
        #expect(DrawnLines.allCases.map { weights.total($0) } == [11, 5, 16])
        #expect(weights.templates == 3)
        for (lines, wanted) in [(DrawnLines.fit, [7, 4, 0]), (.heldOut, [3, 0, 2]), (.all, [10, 4, 2])] {
            let samples = wanted.reduce(0, +)
            let settings = DrawSettings(law: .coverage, lines: lines, samples: samples, seed: 1, epoch: 0)
            var drawn: [UInt8: Int] = [:]
            try WeightedDraw(from: table, weights: weights, settings: settings)
                .walk(undrawn: true) { drawn[$0.masked[0]] = $1 }
            #expect([drawn[0x61], drawn[0x62], drawn[0x63]] == wanted)
        }
    }

    /// Drawn in an order that never changes, 64 equal templates of which every other is drawn would give two subsets.
    @Test func coverageMixesTheNeighboursWithinAShard() async throws {
        let table = ArrayTable((0..<64).map { (text: "t\($0)", count: 1, heldOut: 0) }, only: 200)
        let weights = try await TableWeights(of: table, workers: 1)
        let subsets = try (0..<30).map { epoch in
            let settings = DrawSettings(law: .coverage, lines: .fit, samples: 32, seed: 0, epoch: UInt64(epoch))
            return try outcome(table, weights, settings).drawn
        }
        #expect(Set(subsets).count == 30)
    }

    /// The same of templates that have a shard each: laid in one order, every other shard would be drawn, or the rest.
    @Test func coverageMixesTheShards() async throws {
        let rows = (0..<64).map { (text: "t\($0)", count: UInt64(1), heldOut: UInt64(0)) }
        let table = ArrayTable(rows, spread: true)
        let weights = try await TableWeights(of: table, workers: 1)
        let subsets = try (0..<30).map { epoch in
            let settings = DrawSettings(law: .coverage, lines: .fit, samples: 32, seed: 0, epoch: UInt64(epoch))
            return try outcome(table, weights, settings).drawn
        }
        #expect(Set(subsets).count == 30)
        // Any two are in the same subset about every fourth time.
        let together = subsets.count { $0[10] > 0 && $0[11] > 0 }
        #expect((1...20).contains(together))
    }

    @Test func parityFollowsTheWeights() async throws {
        let table = table(40) { (UInt64($0 * $0 * 10 + 1), 0) }
        let weights = try await TableWeights(of: table, workers: 1)
        let samples = 4_000
        var chiSquare = 0.0
        for seed in 0..<20 {
            let settings = DrawSettings(law: .parity, lines: .all, samples: samples, seed: UInt64(seed), epoch: 1)
            let outcome = try outcome(table, weights, settings)
            #expect(outcome.drawn.reduce(0, +) == samples)
            for (drawn, weight) in zip(outcome.drawn, outcome.weights) {
                let mean = Double(samples) * Double(weight) / Double(outcome.total)
                chiSquare += (Double(drawn) - mean) * (Double(drawn) - mean) / mean
            }
        }
        // 20 · 39 = 780 degrees of freedom: the deviation is √1560. Draws that are too even are as wrong as too odd.
        #expect(abs(chiSquare - 780) < 4 * 1560.0.squareRoot())
    }

    /// Over 1,000 seeds: no template's mean is off by more than chance allows, nor are all of them together.
    @Test(arguments: DrawLaw.allCases)
    func meansOverManySeedsAreRight(_ law: DrawLaw) async throws {
        let table = table(120) { (UInt64($0 * $0 + 1), 0) }
        let weights = try await TableWeights(of: table, workers: 1)
        let (samples, seeds) = (90, 1_000)
        var sums: [Int] = []
        var wanted: [Double] = []
        for seed in 0..<seeds {
            let settings = DrawSettings(law: law, lines: .fit, samples: samples, seed: UInt64(seed), epoch: 3)
            let outcome = try outcome(table, weights, settings)
            wanted = outcome.weights.map { Double(samples) * Double($0) / Double(outcome.total) }
            sums = sums.isEmpty ? outcome.drawn : zip(sums, outcome.drawn).map(+)
        }
        var scores: [Double] = []
        for (sum, mean) in zip(sums, wanted) {
            let fraction = mean - mean.rounded(.down)
            let one = law == .coverage ? fraction * (1 - fraction) : mean * (1 - mean / Double(samples))
            let variance = Double(seeds) * one
            if variance >= 25 { scores.append((Double(sum) - Double(seeds) * mean) / variance.squareRoot()) }
        }
        #expect(scores.count > 90)
        // One of so many normal values exceeds 4.5 once in a thousand times (Bonferroni).
        #expect(scores.allSatisfy { abs($0) < 4.5 })
        let squares = scores.reduce(0) { $0 + $1 * $1 }
        #expect(abs(squares - Double(scores.count)) < 4 * Double(2 * scores.count).squareRoot())
    }

    @Test(arguments: DrawLaw.allCases)
    func workersChangeNothing(_ law: DrawLaw) async throws {
        let table = table(3_000) { (UInt64($0 % 17 + 1), $0 % 3 == 0 ? 1 : 0) }
        let settings = DrawSettings(law: law, lines: .fit, samples: 2_000, seed: 11, epoch: 2)
        var results: [DrawnTemplates] = []
        for workers in [1, 2, 3, 8, 300] {
            let weights = try await TableWeights(of: table, workers: workers)
            let draw = try WeightedDraw(from: table, weights: weights, settings: settings)
            results.append(try await draw.templates(workers: workers))
        }
        #expect(results[0].draws == 2_000)
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test(arguments: DrawLaw.allCases)
    func theDrawnTemplatesAreThoseOfTheWalk(_ law: DrawLaw) async throws {
        let table = table(900) { (UInt64($0 % 7 + 1), 0) }
        let weights = try await TableWeights(of: table, workers: 2)
        let draw = try WeightedDraw(
            from: table, weights: weights,
            settings: DrawSettings(law: law, lines: .all, samples: 300, seed: 3, epoch: 0))
        let templates = try await draw.templates(workers: 2)
        var walked: [(text: [UInt8], lines: UInt64, drawn: Int)] = []
        try draw.walk(undrawn: false) { walked.append((Array($0.masked), $0.count, $1)) }
        #expect(templates.count == walked.count)
        for (index, row) in walked.enumerated() {
            #expect(templates.withMasked(at: index) { Array($0) } == row.text)
            #expect(templates.lineCount(at: index) == row.lines)
            #expect(templates.drawn(at: index) == row.drawn)
            #expect(row.drawn > 0)
        }
        var all = 0
        try draw.walk(undrawn: true) { _, _ in all += 1 }
        #expect(all == 900)
    }

    @Test func everyEpochSeedAndKindDrawsAnew() async throws {
        let table = table(500) { _ in (4, 2) }
        let weights = try await TableWeights(of: table, workers: 2)
        var results: [[Int]] = []
        for (seed, epoch, lines) in [
            (0, 0, DrawnLines.fit), (0, 1, .fit), (1, 0, .fit), (0, 0, .heldOut), (0, 0, .all),
        ] {
            for law in DrawLaw.allCases {
                let settings = DrawSettings(
                    law: law, lines: lines, samples: 100, seed: UInt64(seed), epoch: UInt64(epoch))
                results.append(try outcome(table, weights, settings).drawn)
                #expect(try outcome(table, weights, settings).drawn == results.last)
            }
        }
        #expect(Set(results).count == results.count)
    }
}

/// A table of `count` templates; `lines` gives the lines and the held-out lines of each.
private func table(_ count: Int, _ lines: (Int) -> (UInt64, UInt64)) -> ArrayTable {
    ArrayTable(
        (0..<count).map { index -> (text: String, count: UInt64, heldOut: UInt64) in
            let (all, heldOut) = lines(index)
            return (text: "template \(index)", count: all, heldOut: heldOut)
        })
}

private func tail(_ index: Int) -> UInt64 { UInt64(1_000_000 / (1 + index * index)) + 1 }
