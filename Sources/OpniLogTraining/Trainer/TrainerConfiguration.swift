/// The settings of a trainer. Every one has a default that is right for most.
public struct TrainerConfiguration: Sendable {
    /// Path of `libopnilog_torch.so`; nil looks where `OPNILOG_TORCH` says, beside the program, and where
    /// `make libtorch` put it.
    public var bridge: String?
    /// Where the model is computed.
    public var device: ComputeDevice
    /// libtorch's threads on a CPU; nil takes the physical cores that this process may use.
    public var threads: Int?
    /// How the model is trained.
    public var recipe: TrainingRecipe
    /// Seed of the initial values, of dropout and of unknown words.
    public var seed: UInt64
    /// Where the training is kept, to be gone on with after any end; nil keeps nothing.
    public var checkpoints: CheckpointPolicy?

    /// Settings, each with its default.
    public init(
        bridge: String? = nil,
        device: ComputeDevice = .auto,
        threads: Int? = nil,
        recipe: TrainingRecipe = .ours,
        seed: UInt64 = 0,
        checkpoints: CheckpointPolicy? = nil
    ) {
        self.bridge = bridge
        self.device = device
        self.threads = threads
        self.recipe = recipe
        self.seed = seed
        self.checkpoints = checkpoints
    }
}
