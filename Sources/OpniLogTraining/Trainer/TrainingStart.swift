import LogDataset

/// What a training begins with: its own last checkpoint, else another training's model, else initial values.
struct TrainingStart: Sendable {
    let model: TorchModel
    let device: ComputeDevice
    let position: TrainingPosition
    let store: CheckpointStore?

    /// Called on `TorchThread`.
    ///
    /// - Throws: `invalidSetting` if the checkpoints are of another training or the vocabulary is not the initial
    ///   model's continued, `badModel` if that model cannot be read, and what `CheckpointStore.open` throws.
    init(
        _ bridge: TorchBridge, _ facts: TorchFacts, _ configuration: TrainerConfiguration, _ data: TrainingData
    ) throws(TrainingError) {
        let (place, seed, initial) = (
            TorchModel.Place(device: facts.device, threads: facts.threads), configuration.seed,
            configuration.initialModel
        )
        device = facts.device
        let digest = try Self.digest(of: initial, bridge)
        let settings = data.settings + .of(configuration, data.vocabulary, initial: digest)
        store = configuration.checkpoints.map { CheckpointStore($0, settings: settings, machine: .of(facts)) }
        if let found = try store?.open() {
            model = try TorchModel.read(bridge, path: found.tensors, place: place, toTrainWith: seed)
            position = found.position
            return
        }
        guard let initial, let digest else {
            model = try TorchModel.create(bridge, words: data.vocabulary.count, seed: seed, place: place)
            position = TrainingPosition()
            return
        }
        let grown = try initial.grown(to: data.vocabulary, bridge, place: place, seed: seed)
        model = grown.model
        position = TrainingPosition(
            initial: InitialModelRecord(
                tensorDigest: digest, words: initial.vocabulary.assigned,
                addedWords: data.vocabulary.assigned - initial.vocabulary.assigned,
                optimiserSteps: grown.optimiserSteps))
    }

    private static func digest(of initial: InitialModel?, _ bridge: TorchBridge) throws(TrainingError) -> String? {
        guard let initial else { return nil }
        return try initial.digest(bridge)
    }
}
