import Testing

@testable import LogDataset

@Suite("The estimate of what is unseen")
struct UnseenEstimateTests {
    /// Hours of bursts: a template is born in some hour, has many lines there, and comes back in later hours or never;
    /// few are common. Real logs are like that, and estimates by lines fail on them.
    private static func hours(_ seed: UInt64, count: Int = 200) -> [[UInt128: UInt64]] {
        var random = SeededGenerator(seed: seed)
        let common = (0..<40).map { _ in UInt128.random(in: 0 ... .max, using: &random) }
        var bursts: [UInt128] = []
        return (0..<count).map { _ in
            var hour: [UInt128: UInt64] = [:]
            for template in common where Int.random(in: 0..<4, using: &random) > 0 {
                hour[template] = .random(in: 1...60, using: &random)
            }
            for _ in 0..<12 {
                let isNew = bursts.isEmpty || Int.random(in: 0..<3, using: &random) > 0
                let template =
                    isNew ? UInt128.random(in: 0 ... .max, using: &random) : bursts.randomElement(using: &random)
                guard let template else { continue }
                if isNew { bursts.append(template) }
                hour[template, default: 0] += .random(in: 1...90, using: &random)
            }
            return hour
        }
    }

    /// The truth on the hours held back, and the estimate on those read.
    private func shares(_ seed: UInt64, read: Int) -> (estimate: Double, truth: Double, goodTuring: Double) {
        let hours = Self.hours(seed)
        let order = ReadingOrder.sorted(hours.indices.map { "\($0)" }, seed: seed).compactMap { Int($0) }
        var estimate = UnseenEstimate()
        var counts: [UInt128: UInt64] = [:]
        for hour in order.prefix(read) {
            for (template, lines) in hours[hour] {
                estimate.add(hash: template, hour: Hour(number: Int32(hour)), lines: lines)
                counts[template, default: 0] += lines
            }
        }
        var (unseen, all): (UInt64, UInt64) = (0, 0)
        for hour in order.dropFirst(read) {
            for (template, lines) in hours[hour] {
                all += lines
                if counts[template] == nil { unseen += lines }
            }
        }
        let once = counts.values.filter { $0 == 1 }.count
        return (estimate.share, Double(unseen) / Double(all), Double(once) / Double(counts.values.reduce(0, +)))
    }

    @Test("is near the truth on hours held back, where counting lines is not")
    func truth() {
        for read in [20, 60] {
            let trials = (0..<40).map { shares($0, read: read) }
            let error = trials.reduce(0) { $0 + ($1.estimate - $1.truth) } / 40
            #expect(abs(error) < 0.02, "bias with \(read) hours")
            for trial in trials {
                #expect(abs(trial.estimate - trial.truth) < 0.08, "\(read) hours: \(trial)")
                #expect(trial.goodTuring < trial.truth / 4)
            }
        }
    }

    @Test("is the share of lines whose template is in one hour, whatever the order")
    func literal() {
        var estimate = UnseenEstimate()
        #expect(estimate.share == 0)
        for (hash, hour, lines) in [(1, 1, 5), (2, 1, 10), (2, 2, 10), (3, 2, 20), (3, 2, 5), (1, 3, 50)] {
            estimate.add(hash: UInt128(hash), hour: Hour(number: Int32(hour)), lines: UInt64(lines))
        }
        #expect(estimate.share == 0.25)
    }

    @Test("of more templates than are kept it is near, and does not depend on the order")
    func sampled() {
        var random = SeededGenerator(seed: 3)
        var entries = (0..<60_000).map { _ in
            (
                hash: UInt128.random(in: 0 ... .max, using: &random),
                hour: Hour(number: .random(in: 0..<9, using: &random)),
                lines: UInt64.random(in: 1...20, using: &random)
            )
        }
        entries += entries.prefix(30_000).map { ($0.hash, Hour(number: $0.hour.number + 1), $0.lines) }
        func estimate(_ capacity: Int) -> Double {
            var estimate = UnseenEstimate(capacity: capacity)
            for entry in entries { estimate.add(hash: entry.hash, hour: entry.hour, lines: entry.lines) }
            return estimate.share
        }
        let (exact, sampled) = (estimate(1 << 18), estimate(5_000))
        #expect(exact > 0.3 && exact != sampled && abs(exact - sampled) < 0.03)
        entries.shuffle(using: &random)
        #expect(estimate(5_000) == sampled)
    }
}
