/// Judgements in the order in which they were asked for, or why there are none.
typealias ScoringAnswer = Result<[Judgement], TrainingError>

/// What is known, what is to be computed and who waits for it, as a value: its methods say who is to be woken.
///
/// A text that several calls ask for is computed once for all of them, and their texts share batches.
struct ScoringState<Waiter> {
    /// What becomes of a call.
    enum Asked {
        case answered(ScoringAnswer)
        /// `finish` or `cancel` will hand the waiter back. `starts`: nobody is taking batches, so somebody has to
        /// begin.
        case waits(starts: Bool)
    }

    private struct Call {
        var judgements: [Judgement?]
        var missing: Int
        let waiter: Waiter
    }

    private struct Asker {
        let call: UInt64
        let place: Int
    }

    private var known: ScoreCache
    private var queue = LengthQueue()
    /// Who asked for the texts in the queue and in the batch that is computed.
    private var askers: [MaskedText: [Asker]] = [:]
    private var calls: [UInt64: Call] = [:]
    /// Cancelled before they asked.
    private var cancelled: Set<UInt64> = []
    private var hasUnwanted = false
    private var isRunning = false
    private var lastID: UInt64 = 0

    /// - Parameter limit: Bytes of judgements that are kept.
    init(limit: Int) { known = ScoreCache(limit: limit) }

    mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    /// What is known of texts; nil for the others.
    mutating func find(_ texts: [MaskedText]) -> [Judgement?] { texts.map { known.find($0) } }

    mutating func ask(_ items: [ScoringItem], id: UInt64, waiter: Waiter) -> Asked {
        if cancelled.remove(id) != nil { return .answered(.failure(.cancelled)) }
        var call = Call(judgements: find(items.map(\.text)), missing: 0, waiter: waiter)
        for (place, item) in items.enumerated() where call.judgements[place] == nil {
            call.missing += 1
            if askers[item.text] == nil { queue.append(item) }
            askers[item.text, default: []].append(Asker(call: id, place: place))
        }
        guard call.missing > 0 else { return .answered(.success(call.judgements.compactMap { $0 })) }
        calls[id] = call
        defer { isRunning = true }
        return .waits(starts: !isRunning)
    }

    /// The texts to compute next; when there are none, whoever asks has to begin anew.
    mutating func takeBatch(_ limit: Int) -> [ScoringItem] {
        if hasUnwanted { dropUnwanted() }
        let batch = queue.take(limit)
        isRunning = !batch.isEmpty
        return batch
    }

    /// Takes what was computed of a batch, or why it could not be.
    mutating func finish(_ batch: [ScoringItem], _ answer: ScoringAnswer) -> [(Waiter, ScoringAnswer)] {
        var settled: [(Waiter, ScoringAnswer)] = []
        for (index, item) in batch.enumerated() {
            let asking = askers.removeValue(forKey: item.text) ?? []
            switch answer {
            case .failure(let error):
                hasUnwanted = true
                settled += asking.compactMap { calls.removeValue(forKey: $0.call) }.map { ($0.waiter, .failure(error)) }
            case .success(let judgements):
                known.add(item.text, judgements[index])
                settled += asking.compactMap { deliver(judgements[index], to: $0) }
            }
        }
        return settled
    }

    /// - Returns: the waiter of a call that waits.
    mutating func cancel(_ id: UInt64) -> Waiter? {
        guard let call = calls.removeValue(forKey: id) else {
            cancelled.insert(id)
            return nil
        }
        hasUnwanted = true
        return call.waiter
    }

    /// A call has had its answer; that it was cancelled since does not matter.
    mutating func forget(_ id: UInt64) { cancelled.remove(id) }

    private mutating func deliver(_ judgement: Judgement, to asker: Asker) -> (Waiter, ScoringAnswer)? {
        // In place: a copy of all judgements for each would take time in the square of their number.
        calls[asker.call]?.judgements[asker.place] = judgement
        calls[asker.call]?.missing -= 1
        guard let call = calls[asker.call], call.missing == 0 else { return nil }
        calls[asker.call] = nil
        return (call.waiter, .success(call.judgements.compactMap { $0 }))
    }

    private mutating func dropUnwanted() {
        hasUnwanted = false
        queue.removeAll { item in
            let isWanted = askers[item.text]?.contains { calls[$0.call] != nil } ?? false
            if !isWanted { askers[item.text] = nil }
            return !isWanted
        }
    }
}
