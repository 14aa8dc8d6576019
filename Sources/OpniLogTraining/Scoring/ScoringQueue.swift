import Synchronization

/// Judges masked texts in batches that all calls share, on libtorch's thread.
final class ScoringQueue: Sendable {
    /// Judges the texts of a batch, in order. Runs on `TorchThread`.
    typealias Compute = @Sendable ([ScoringItem]) throws(TrainingError) -> [Judgement]

    /// Logs computed at once.
    static let batch = 256

    private let state: Mutex<ScoringState<CheckedContinuation<ScoringAnswer, Never>>>
    private let compute: Compute

    /// - Parameters:
    ///   - limit: Bytes of judgements that are kept for texts that come again.
    ///   - compute: Judges a batch.
    init(limit: Int, _ compute: @escaping Compute) {
        state = Mutex(ScoringState(limit: limit))
        self.compute = compute
    }

    /// What is known of texts; nil for the others.
    func find(_ texts: [MaskedText]) -> [Judgement?] { state.withLock { $0.find(texts) } }

    /// Judges texts: what is known, or asked for by another call already, is not computed again.
    ///
    /// - Throws: `cancelled` when the task is, or what the computation throws.
    func judge(_ items: [ScoringItem]) async throws(TrainingError) -> [Judgement] {
        let id = state.withLock { $0.makeID() }
        defer { state.withLock { $0.forget(id) } }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                switch state.withLock({ $0.ask(items, id: id, waiter: continuation) }) {
                case .answered(let answer): continuation.resume(returning: answer)
                case .waits(let starts): if starts { TorchThread.shared.enqueue { self.computeNext() } }
                }
            }
        } onCancel: {
            state.withLock { $0.cancel(id) }?.resume(returning: .failure(.cancelled))
        }
        return try answer.get()
    }

    private func computeNext() {
        let batch = state.withLock { $0.takeBatch(Self.batch) }
        guard !batch.isEmpty else { return }
        let answer = Result { () throws(TrainingError) in try compute(batch) }
        for (waiter, answer) in state.withLock({ $0.finish(batch, answer) }) { waiter.resume(returning: answer) }
        // Behind whatever else waits for the thread.
        TorchThread.shared.enqueue { self.computeNext() }
    }
}
