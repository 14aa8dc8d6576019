import Testing

@testable import LogDataset

@Suite struct FrequentWordsTests {
    private func kept(_ limit: Int, _ offers: [(String, UInt64)]) -> [String] {
        var frequent = FrequentWords(limit: limit)
        for (word, count) in offers { Array(word.utf8).withUnsafeBytes { frequent.offer($0, count: count) } }
        return frequent.take().map { String(decoding: $0.word, as: UTF8.self) }
    }

    @Test func keepsTheMostFrequentInOrder() {
        #expect(kept(3, [("a", 1), ("b", 5), ("c", 3), ("d", 4)]) == ["b", "d", "c"])
        #expect(kept(3, [("a", 1)]) == ["a"])
        #expect(kept(0, [("a", 1)]) == [])
    }

    /// So many words of one count that most are cut away before the smallest are seen.
    @Test func equalCountsGoByBytesInWhateverOrderTheyCome() {
        let words = (0..<500).map { "w\(1_000 + $0)" }
        #expect(kept(3, words.map { ($0, 7) }) == ["w1000", "w1001", "w1002"])
        #expect(kept(3, words.reversed().map { ($0, 7) }) == ["w1000", "w1001", "w1002"])
    }

    @Test func passesOverWordsThatTheFileCannotHold() {
        var frequent = FrequentWords(limit: 3)
        for word: [UInt8] in [[0x61, 0x0A], [0x0D], [0xFF], [], [0x62]] {
            word.withUnsafeBytes { frequent.offer($0, count: 1) }
        }
        #expect(frequent.take().map(\.word) == [[0x62]])
    }
}
