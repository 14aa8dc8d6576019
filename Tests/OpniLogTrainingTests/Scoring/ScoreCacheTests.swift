import Testing

@testable import OpniLogTraining

@Suite struct ScoreCacheTests {
    private func judgement(_ score: Double) -> Judgement { Judgement(score: score, ranks: [1, 2, 3]) }

    @Test func whatWasAddedIsFoundAsItWas() {
        var cache = ScoreCache(limit: 1 << 20)
        cache.add(MaskedText("a"), judgement(0.25))
        cache.add(MaskedText(""), judgement(1))
        #expect(cache.find(MaskedText("a")) == judgement(0.25))
        #expect(cache.find(MaskedText("")) == judgement(1))
        #expect(cache.find(MaskedText("b")) == nil)
    }

    /// To a `String` the two are equal; to the model they are two words.
    @Test func spellingsOfOneCharacterAreTwoTexts() {
        var cache = ScoreCache(limit: 1 << 20)
        cache.add(MaskedText("caf\u{E9}"), judgement(0.5))
        #expect(cache.find(MaskedText("cafe\u{301}")) == nil)
        #expect("caf\u{E9}" == "cafe\u{301}")
    }

    @Test func itKeepsToItsBudgetHoweverManyTextsCome() {
        var cache = ScoreCache(limit: 100_000)
        for number in 0..<10_000 { cache.add(MaskedText("text \(number)"), judgement(0.5)) }
        #expect(cache.count < 100_000 / 200)
        #expect(cache.count > 100_000 / 2000)
        #expect(cache.find(MaskedText("text 9999")) != nil)
        #expect(cache.find(MaskedText("text 0")) == nil)
    }

    @Test func whatIsMetAgainAndAgainStays() {
        var cache = ScoreCache(limit: 100_000)
        cache.add(MaskedText("heartbeat"), judgement(0.75))
        for number in 0..<10_000 {
            cache.add(MaskedText("text \(number)"), judgement(0.5))
            #expect(cache.find(MaskedText("heartbeat")) == judgement(0.75))
        }
    }

    @Test func withoutABudgetNothingIsKept() {
        var cache = ScoreCache(limit: 0)
        cache.add(MaskedText("a"), judgement(0.5))
        #expect(cache.find(MaskedText("a")) == nil && cache.count == 0)
    }

    @Test func aTextLargerThanTheBudgetIsNotKept() {
        var cache = ScoreCache(limit: 10_000)
        cache.add(MaskedText("small"), judgement(0.5))
        cache.add(MaskedText(String(repeating: "x", count: 6000)), judgement(0.5))
        #expect(cache.count == 1 && cache.find(MaskedText("small")) != nil)
    }
}
