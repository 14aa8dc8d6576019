import Testing

@testable import OpniLogTraining

@Suite struct LengthQueueTests {
    private func item(_ name: String, _ length: Int) -> ScoringItem {
        ScoringItem(text: MaskedText(name), tokens: [Int32](repeating: 1, count: length))
    }

    private func names(_ items: [ScoringItem]) -> [String] {
        items.map { String(decoding: $0.text.bytes, as: UTF8.self) }
    }

    @Test func aBatchIsOfLikeLengthsAroundTheOldest() {
        var queue = LengthQueue()
        for (name, length) in [("old", 20), ("a", 64), ("b", 21), ("c", 2), ("d", 20), ("e", 18)] {
            queue.append(item(name, length))
        }
        #expect(names(queue.take(3)) == ["old", "d", "b"])
        #expect(names(queue.take(1)) == ["a"], "the oldest that is left")
        #expect(names(queue.take(9)) == ["c", "e"])
        #expect(queue.take(9).isEmpty && queue.count == 0)
    }

    @Test func everyTextHasItsTurnWhileOthersKeepComing() {
        var queue = LengthQueue()
        queue.append(item("long", 64))
        for number in 0..<8 { queue.append(item("\(number)", 3)) }
        var taken: [String] = []
        for number in 8..<16 where !taken.contains("long") {
            taken += names(queue.take(2))
            queue.append(item("\(number)", 3))
            queue.append(item("\(number)'", 3))
        }
        #expect(taken.contains("long"))
    }

    @Test func whatIsNotWantedAnyMoreIsTakenOut() {
        var queue = LengthQueue()
        for number in 0..<10 { queue.append(item("\(number)", 2 + number)) }
        queue.removeAll { $0.tokens.count < 9 }
        #expect(queue.count == 3)
        #expect(names(queue.take(10)) == ["7", "8", "9"])
    }
}
