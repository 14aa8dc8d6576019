import Testing

@testable import LogDataset

@Suite struct HeldOutSplitTests {
    private func choose(_ hours: [(Int32?, UInt64)]) -> HeldOutSplit {
        HeldOutSplit.choose(
            hours: hours.map { .init(hour: $0.0.map { Hour(number: $0) } ?? .none, lines: $0.1) }, seed: 3)
    }

    private func from(hour: Int64) -> HeldOutSplit { .hours(from: hour * 3_600_000) }

    private let thinned = HeldOutSplit.lines(seed: 3)

    @Test func theLatestHoursOfTenToTwentyPercentAreHeldOut() {
        #expect(choose([(1, 80), (2, 10), (3, 10)]) == from(hour: 3))
        #expect(choose([(3, 9), (1, 82), (2, 9)]) == from(hour: 2))
        #expect(choose([(1, 80), (2, 20)]) == from(hour: 2))
        #expect(choose((0..<100).map { ($0, 7) }) == from(hour: 90))
    }

    @Test func withoutSuchAnEdgeLinesAreThinned() {
        #expect(choose([(1, 79), (2, 21)]) == thinned)
        #expect(choose([(1, 70), (2, 21), (3, 9)]) == thinned)
        #expect(choose([(1, 100)]) == thinned)
        #expect(choose([]) == thinned)
        #expect(choose([(1, 0), (2, 0)]) == thinned)
        #expect(choose((0..<4).map { ($0, 5) }) == thinned)
    }

    @Test func linesWithoutATimeCountButAreNeverTheLatest() {
        #expect(choose([(nil, 100)]) == thinned)
        #expect(choose([(nil, 10), (1, 90)]) == thinned)
        #expect(choose([(nil, 15), (1, 70), (2, 15)]) == from(hour: 2))
        // All lines that have a time are 9 % or 15 % of the lines.
        #expect(choose([(nil, 91), (1, 5), (2, 4)]) == thinned)
        #expect(choose([(nil, 85), (1, 8), (2, 7)]) == from(hour: 1))
    }

    @Test func partsOfAnHourAreOneHourAndEmptyHoursAreNone() {
        #expect(choose([(1, 80), (2, 12), (2, 8), (3, 0)]) == from(hour: 2))
        #expect(choose([(1, 79), (2, 11), (2, 10)]) == thinned)
    }

    @Test func hugeCountsDoNotOverflow() {
        #expect(choose([(1, .max), (2, .max), (3, .max / 3)]) == from(hour: 3))
    }

    @Test func anHourIsHeldOutFromTheFirstOn() {
        let split = HeldOutSplit.hours(from: 10)
        #expect(split.holdsOut(hour: 10))
        #expect(split.holdsOut(hour: 11))
        #expect(!split.holdsOut(hour: 9))
        #expect(!split.holdsOut(hour: nil))
        #expect(!thinned.holdsOut(hour: 10))
        #expect([split.name, thinned.name] == ["hours", "lines"])
    }

    @Test func thinningTakesATenthRoundedUpOrDown() {
        for count in Array(0...200) + [(1 << 48) - 1, 1 << 48] as [UInt64] {
            for hash in 0..<20 as Range<UInt128> {
                let held = HeldOutSplit.thinned(count, hash: hash << 100, seed: 0)
                #expect(held == count / 10 || held == (count + 9) / 10)
                #expect(held <= count)
            }
        }
    }

    @Test(arguments: [1, 4, 9, 23] as [UInt64])
    func thinningTakesATenthOnAverage(_ count: UInt64) {
        let templates = 20_000
        let held = (0..<templates).reduce(0) { $0 + Int(HeldOutSplit.thinned(count, hash: UInt128($1), seed: 5)) }
        let mean = Double(templates) * Double(count) / 10
        let fraction = Double(count % 10) / 10
        #expect(abs(Double(held) - mean) < 4 * (Double(templates) * fraction * (1 - fraction)).squareRoot())
    }

    @Test func thinningDependsOnSeedAndHash() {
        let held = { (seed: UInt64) in (0..<100).map { HeldOutSplit.thinned(5, hash: $0, seed: seed) } }
        #expect(held(0) == held(0))
        #expect(held(0) != held(1))
    }
}
