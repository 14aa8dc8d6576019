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
    /// A model to begin with, whose vocabulary the dataset continues; nil begins with initial values.
    public var initialModel: InitialModel?
    /// Where the training is kept, to be gone on with after any end; nil keeps nothing.
    public var checkpoints: CheckpointPolicy?
    /// Whether a second fit is made after the training, on nine tenths of the templates, for figures on the others: how
    /// the recipe does on messages that a model has never seen. It takes as long as the first, and its model is thrown
    /// away.
    public var measuresUnseen: Bool
    /// Told of every step, on the training's own task and before a checkpoint that holds the step is written, for
    /// records that must miss none. It must be quick; ``Trainer/progress`` is for all others.
    public var onProgress: (@Sendable (TrainingProgress) -> Void)?

    /// Settings, each with its default.
    public init(
        bridge: String? = nil,
        device: ComputeDevice = .auto,
        threads: Int? = nil,
        recipe: TrainingRecipe = .ours,
        seed: UInt64 = 0,
        initialModel: InitialModel? = nil,
        checkpoints: CheckpointPolicy? = nil,
        measuresUnseen: Bool = false,
        onProgress: (@Sendable (TrainingProgress) -> Void)? = nil
    ) {
        self.bridge = bridge
        self.device = device
        self.threads = threads
        self.recipe = recipe
        self.seed = seed
        self.initialModel = initialModel
        self.checkpoints = checkpoints
        self.measuresUnseen = measuresUnseen
        self.onProgress = onProgress
    }
}
