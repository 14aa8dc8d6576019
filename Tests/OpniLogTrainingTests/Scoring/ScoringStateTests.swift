import Testing

@testable import OpniLogTraining

/// The state without any task: waiters are numbers.
@Suite struct ScoringStateTests {
    private func items(_ names: String...) -> [ScoringItem] {
        names.map { ScoringItem(text: MaskedText($0), tokens: [1, 5]) }
    }

    private func names(_ items: [ScoringItem]) -> [String] {
        items.map { String(decoding: $0.text.bytes, as: UTF8.self) }
    }

    /// A judgement that shows of which text it is.
    private func judgement(_ item: ScoringItem) -> Judgement {
        Judgement(score: 0.5, ranks: item.text.bytes.map { Int32($0) })
    }

    private func answer(_ names: String...) -> [Judgement] {
        names.map { Judgement(score: 0.5, ranks: $0.utf8.map { Int32($0) }) }
    }

    private func waits(_ asked: ScoringState<Int>.Asked) -> Bool? {
        if case .waits(let starts) = asked { starts } else { nil }
    }

    @Test func callsShareTextsAndBatches() throws {
        var state = ScoringState<Int>(limit: 1 << 20)
        #expect(waits(state.ask(items("a", "b"), id: state.makeID(), waiter: 1)) == true)
        #expect(waits(state.ask(items("b", "c"), id: state.makeID(), waiter: 2)) == false)
        let batch = state.takeBatch(10)
        #expect(names(batch) == ["a", "b", "c"])
        let settled = state.finish(batch, .success(batch.map(judgement)))
        #expect(settled.map(\.0).sorted() == [1, 2])
        #expect(try settled.first { $0.0 == 1 }?.1.get() == answer("a", "b"))
        #expect(try settled.first { $0.0 == 2 }?.1.get() == answer("b", "c"))
        #expect(state.takeBatch(10).isEmpty)
        #expect(waits(state.ask(items("d"), id: state.makeID(), waiter: 3)) == true, "it begins anew")
    }

    @Test func aTextThatIsBeingComputedIsNotComputedAgain() throws {
        var state = ScoringState<Int>(limit: 0)
        _ = state.ask(items("a"), id: state.makeID(), waiter: 1)
        let batch = state.takeBatch(10)
        #expect(waits(state.ask(items("a", "a"), id: state.makeID(), waiter: 2)) == false)
        let settled = state.finish(batch, .success(batch.map(judgement)))
        #expect(settled.map(\.0) == [1, 2])
        #expect(try settled[1].1.get() == answer("a", "a"))
    }

    @Test func whatIsKnownIsAnsweredAtOnce() throws {
        var state = ScoringState<Int>(limit: 1 << 20)
        _ = state.ask(items("a"), id: state.makeID(), waiter: 1)
        let batch = state.takeBatch(10)
        _ = state.finish(batch, .success(batch.map(judgement)))
        #expect(state.find([MaskedText("a"), MaskedText("b")]) == [judgement(batch[0]), nil])
        guard case .answered(let known) = state.ask(items("a"), id: state.makeID(), waiter: 2) else {
            Issue.record("a known text waits")
            return
        }
        #expect(try known.get() == answer("a"))
    }

    @Test func aCallThatNeedsSeveralBatchesWaitsForAll() {
        var state = ScoringState<Int>(limit: 0)
        _ = state.ask(items("a", "b", "c"), id: state.makeID(), waiter: 1)
        for expected in [[], [1]] {
            let batch = state.takeBatch(2)
            #expect(state.finish(batch, .success(batch.map(judgement))).map(\.0) == expected)
        }
    }

    @Test func aFailureIsOfThoseWhoAskedForItsBatch() throws {
        var state = ScoringState<Int>(limit: 1 << 20)
        _ = state.ask(items("a", "b", "c"), id: state.makeID(), waiter: 1)
        let batch = state.takeBatch(2)
        _ = state.ask(items("d"), id: state.makeID(), waiter: 2)
        let settled = state.finish(batch, .failure(TrainingError(.failed, "odd")))
        #expect(settled.map(\.0) == [1])
        #expect(throws: TrainingError.self) { try settled[0].1.get() }
        #expect(names(state.takeBatch(10)) == ["d"], "nobody waits for c any more")
        #expect(waits(state.ask(items("a"), id: state.makeID(), waiter: 3)) == false, "it may be tried again")
        #expect(names(state.takeBatch(10)) == ["a"])
    }

    @Test func whatOnlyACancelledCallWantedIsNotComputed() {
        var state = ScoringState<Int>(limit: 0)
        let first = state.makeID()
        _ = state.ask(items("a", "b"), id: first, waiter: 1)
        _ = state.ask(items("b"), id: state.makeID(), waiter: 2)
        #expect(state.cancel(first) == 1)
        #expect(state.cancel(first) == nil)
        let batch = state.takeBatch(10)
        #expect(names(batch) == ["b"])
        #expect(state.finish(batch, .success(batch.map(judgement))).map(\.0) == [2])
    }

    @Test func aCallThatIsCancelledBeforeItAsksGetsNothing() {
        var state = ScoringState<Int>(limit: 0)
        let id = state.makeID()
        #expect(state.cancel(id) == nil)
        guard case .answered(.failure(let error)) = state.ask(items("a"), id: id, waiter: 1) else {
            Issue.record("a cancelled call is not answered")
            return
        }
        #expect(error.code == .cancelled)
        #expect(state.takeBatch(10).isEmpty)
    }
}
