import Glibc
import Testing

@testable import LogGenerator

/// The law of the tail: ranks, and what they become.
struct TailTests {
    /// P(rank ≥ r) = r^(−1/4), within five standard deviations, over four decades of r.
    @Test func ranksFollowThePowerLaw() {
        let draws = 400_000
        var random = RandomBits(state: 42)
        let ranks = (0..<draws).map { _ in LogGenerator.tailRank(random.next()) }
        for rank in [2, 10, 100, 1000, 10_000] as [UInt64] {
            let expected = pow(Double(rank), -0.25)
            let found = Double(ranks.count { $0 >= rank }) / Double(draws)
            let deviation = (expected * (1 - expected) / Double(draws)).squareRoot()
            #expect(abs(found - expected) < 5 * deviation + 0.0005, "rank \(rank): \(found), expected \(expected)")
        }
        #expect(ranks.min() == 1)
        #expect(ranks.allSatisfy { $0 < LogGenerator.tailSpace })
    }

    @Test(arguments: [UInt64.min, .max, 1 << 11])
    func extremeDrawsStayInside(_ bits: UInt64) {
        let rank = LogGenerator.tailRank(bits)
        #expect(rank >= 1 && rank < LogGenerator.tailSpace)
    }

    /// The documented number of distinct templates, at 10⁴ to 10⁶ lines.
    @Test(arguments: [10_000, 100_000, 1_000_000])
    func distinctRanksGrowAsDocumented(lines: Int) {
        var random = RandomBits(state: 7)
        var seen: Set<UInt64> = []
        for _ in 0..<lines / 3 { seen.insert(LogGenerator.tailRank(random.next())) }
        let expected = 4.5908 * pow(Double(lines) / 12, 0.8)
        #expect(abs(Double(seen.count) / expected - 1) < 0.04, "\(seen.count), expected \(expected)")
    }

    @Test func differentRanksAreDifferentChoices() {
        var seen: Set<[Int]> = []
        for rank in 1...20_000 as ClosedRange<UInt64> {
            let words = TailWords(rank: rank)
            seen.insert([words.shape] + (0..<7).map(words.word))
        }
        #expect(seen.count == 20_000)
    }

    /// Neighbouring ranks, the frequent ones, share no more words than chance gives them (a 64th of 7 each).
    @Test func neighboursDiffer() {
        let shared = (1..<1000 as Range<UInt64>).map { rank in
            let (one, other) = (TailWords(rank: rank), TailWords(rank: rank + 1))
            return (0..<7).count { one.word($0) == other.word($0) }
        }
        #expect(shared.reduce(0, +) < 300)
    }

    @Test(arguments: 0..<8)
    func eachShapeHoldsEachSlot(shape: Int) {
        var random = RandomBits(state: 3)
        var buffer: [UInt8] = []
        let words = TailWords(rank: 12_345)
        TailTemplates.all.append(shape, LogFields(index: 0), words, &random, to: &buffer)
        let text = String(decoding: buffer, as: UTF8.self)
        for slot in 0..<7 {
            var word: [UInt8] = []
            WordLists.pool.append(slot: slot, word: words.word(slot), to: &word)
            #expect(text.contains(String(decoding: word, as: UTF8.self)), "slot \(slot) of \(text)")
        }
    }
}
