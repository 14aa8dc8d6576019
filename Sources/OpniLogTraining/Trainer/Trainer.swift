import LogDataset
import Synchronization

/// Opens libtorch, lends a trainer, and frees what it holds however `body` ends.
///
/// The first call that opens libtorch sets environment variables, and the first model settings of malloc, as
/// docs/libtorch.md says; so make it before threads begin that read the environment.
///
/// - Parameters:
///   - configuration: Device, threads, recipe and seed.
///   - isolation: Filled in by the compiler, so that `body` runs where the caller does.
///   - body: Trains and saves.
/// - Throws: `noBridge`, `unfitBridge`, `noLibtorch`, `noDevice`, `invalidSetting` for a recipe or a number of threads
///   that cannot be, `badModel` for an initial model that cannot be read, `outOfMemory`, or what `body` throws.
public func withTrainer<R>(
    _ configuration: TrainerConfiguration = TrainerConfiguration(),
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Trainer) async throws -> R
) async throws -> R {
    try configuration.recipe.check()
    let bridge = try await TorchBridge.open(configuration.bridge)
    let facts = try await bridge.start(device: configuration.device, threads: configuration.threads)
    if let initial = configuration.initialModel {
        try await TorchThread.shared.run { () throws(TrainingError) in try initial.check(bridge) }
    }
    let trainer = Trainer(bridge, facts, configuration)
    defer { trainer.close() }
    return try await WarmUp.during(bridge, facts) { try await body(trainer) }
}

/// Trains one model. Lent by `withTrainer`; may be used from several tasks.
public final class Trainer: Sendable {
    /// What libtorch is, and the device that was chosen.
    public let facts: TorchFacts

    /// What becomes known after each step. For one reader, which may start before the training does; a slow one misses
    /// old values and never delays the training. Ends with the training.
    public let progress: AsyncStream<TrainingProgress>

    private let bridge: TorchBridge
    private let configuration: TrainerConfiguration
    private let continuation: AsyncStream<TrainingProgress>.Continuation
    private let state = Mutex(State.new)

    private enum State {
        case new, training, closed
        case trained(TorchModel, Vocabulary, ModelFile.Settings)
    }

    init(_ bridge: TorchBridge, _ facts: TorchFacts, _ configuration: TrainerConfiguration) {
        self.bridge = bridge
        self.facts = facts
        self.configuration = configuration
        (progress, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4096))
    }

    /// Trains on what a dataset gives: its epochs, figures on its held-out lines, then the closing pass.
    ///
    /// Cancelling the task ends the training between two steps. Where the fit for unseen templates fails, the model is
    /// trained all the same and `save` writes it.
    ///
    /// - Throws: `invalidSetting` at a second call or for checkpoints of another training, `badModel` for a model or a
    ///   checkpoint to go on from, `dataset` with the `DatasetError` as its cause, `notFinite`, `outOfMemory`,
    ///   `unwritable`, `cancelled`, or `failed`.
    func train(on data: TrainingData) async throws(TrainingError) -> TrainingReport {
        // Refused while another call trains, whose progress goes on.
        try begin()
        defer { continuation.finish() }
        let (bridge, facts, configuration) = (bridge, facts, configuration)
        if configuration.measuresUnseen, configuration.initialModel != nil {
            throw TrainingError(
                .invalidSetting,
                "No template is known to be unseen by the model to train on; leave one of the two out.")
        }
        // Made while the model is. A training that goes on may begin elsewhere.
        let first = configuration.checkpoints?.resumes == true ? nil : data.fit(0, 0)
        let start = try await TorchThread.shared.run { () throws(TrainingError) in
            try TrainingStart(bridge, facts, configuration, data)
        }
        var run = TrainingRun(start, on: data, configuration, first: first) { [continuation] in
            configuration.onProgress?($0)
            continuation.yield($0)
        }
        return try await run.run(facts) { file async throws(TrainingError) in
            state.withLock { $0 = .trained(start.model, data.vocabulary, file) }
            guard configuration.measuresUnseen else { return nil }
            return try await UnseenFit.figures(of: data, bridge, facts, configuration) { [continuation] in
                configuration.onProgress?($0)
                continuation.yield($0)
            }
        }
    }

    /// Writes `nulog_model_latest.pt` and `vocab.txt`, which the original's service reads, readable by their owner only.
    /// Both are whole on the disk before the first is put in its place; who is killed between the two leaves no model.
    ///
    /// - Parameter directory: A folder that is there, in which one process saves at a time; the two files are replaced.
    /// - Throws: `invalidSetting` before the training, or `unwritable`.
    public func save(to directory: String) async throws(TrainingError) {
        let (model, vocabulary, file) = try trained()
        try await TorchThread.shared.run { () throws(TrainingError) in
            try ModelFile.replacePair(in: directory, vocabulary) { descriptor throws(TrainingError) in
                try model.write(to: descriptor, file)
            }
        }
    }

    /// What a training left.
    func trained() throws(TrainingError) -> (TorchModel, Vocabulary, ModelFile.Settings) {
        guard case .trained(let model, let vocabulary, let file) = state.withLock({ $0 }) else {
            throw TrainingError(.invalidSetting, "There is no trained model to save; train first.")
        }
        return (model, vocabulary, file)
    }

    private func begin() throws(TrainingError) {
        let isNew = state.withLock { state in
            guard case .new = state else { return false }
            state = .training
            return true
        }
        guard isNew else {
            throw TrainingError(.invalidSetting, "A trainer trains once; open another with withTrainer.")
        }
    }

    /// Nothing more will become known, unless another call trains.
    func endProgress() {
        if case .training = state.withLock({ $0 }) { return }
        continuation.finish()
    }

    func close() {
        continuation.finish()
        state.withLock { $0 = .closed }
    }
}
