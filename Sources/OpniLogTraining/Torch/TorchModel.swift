import CTorch
import LogDataset

/// Parameters and optimiser's state of one model. Its methods are called on `TorchThread` only.
final class TorchModel: @unchecked Sendable {
    let bridge: TorchBridge
    let pointer: OpaquePointer

    private init(bridge: TorchBridge, owning pointer: OpaquePointer) {
        self.bridge = bridge
        self.pointer = pointer
    }

    deinit {
        // The last reference may go on any thread; the call is made on ours all the same.
        nonisolated(unsafe) let pointer = pointer
        let bridge = bridge
        TorchThread.shared.enqueue { bridge.api.pointee.free(pointer) }
    }

    /// A model with initial values, which are a function of the seed.
    ///
    /// - Parameters:
    ///   - words: Rows of the embedding and of the generator.
    ///   - place: A device that was started.
    ///   - composed: For comparisons: computed as on a GPU, on a CPU too.
    ///   - mostVariants: Masked variants that are computed at once; nil for the device's default.
    static func create(
        _ bridge: TorchBridge,
        words: Int,
        seed: UInt64,
        place: Place,
        composed: Bool = false,
        mostVariants: Int? = nil
    ) throws(TrainingError) -> TorchModel {
        var args = opnilog_torch_create_args()
        args.size = MemoryLayout<opnilog_torch_create_args>.size
        args.place = place.value
        args.words = Int64(words)
        args.seed = seed
        args.composed = composed ? 1 : 0
        args.most_variants = Int64(mostVariants ?? 0)
        var pointer: OpaquePointer?
        try check { bridge.api.pointee.create(&args, &pointer, $0) }
        return try TorchModel(bridge: bridge, owning: owned(pointer))
    }

    /// The model of a file, ours or the original's.
    ///
    /// - Parameter seed: To go on with its training: the seed that the model was created with; the optimiser's state is
    ///   then read too. nil for scoring.
    static func read(
        _ bridge: TorchBridge, path: String, place: Place, toTrainWith seed: UInt64? = nil
    ) throws(TrainingError) -> TorchModel {
        var pointer: OpaquePointer?
        try check { error in
            path.withCString { path in
                var args = opnilog_torch_read_args(
                    size: MemoryLayout<opnilog_torch_read_args>.size, place: place.value, path: path,
                    purpose: Int32(seed == nil ? OPNILOG_TORCH_TO_SCORE : OPNILOG_TORCH_TO_RESUME), seed: seed ?? 0,
                    file_words: 0, first_new: 0, end_new: 0, ret_optimiser_steps: nil)
                return bridge.api.pointee.read(&args, &pointer, error)
            }
        }
        return try TorchModel(bridge: bridge, owning: owned(pointer))
    }

    /// The model of a file to begin another training with, in which words may be new.
    ///
    /// - Parameters:
    ///   - words: Rows of the file's embedding and generator.
    ///   - new: The words whose rows begin with initial values; the model has rows for all of them.
    ///   - seed: Gives these values.
    /// - Returns: The model, and how many steps its optimiser has seen: 0 where that begins anew.
    static func read(
        _ bridge: TorchBridge, path: String, place: Place, words: Int, adding new: Range<Int>, seed: UInt64
    ) throws(TrainingError) -> (model: TorchModel, optimiserSteps: Int) {
        var pointer: OpaquePointer?
        var steps: Int64 = 0
        try check { error in
            path.withCString { path in
                withUnsafeMutablePointer(to: &steps) { steps -> opnilog_torch_status in
                    var args = opnilog_torch_read_args(
                        size: MemoryLayout<opnilog_torch_read_args>.size, place: place.value, path: path,
                        purpose: Int32(OPNILOG_TORCH_TO_CONTINUE), seed: seed, file_words: Int64(words),
                        first_new: Int64(new.lowerBound), end_new: Int64(new.upperBound), ret_optimiser_steps: steps)
                    return bridge.api.pointee.read(&args, &pointer, error)
                }
            }
        }
        return (try TorchModel(bridge: bridge, owning: owned(pointer)), Int(steps))
    }

    private static func owned(_ pointer: OpaquePointer?) throws(TrainingError) -> OpaquePointer {
        guard let pointer else { throw TrainingError(.failed, "The bridge made no model and said nothing.") }
        return pointer
    }

    /// Calls the bridge with room for an error's text, and throws what it reports.
    private static func check(
        _ call: (UnsafeMutablePointer<opnilog_torch_error>) -> opnilog_torch_status
    ) throws(TrainingError) {
        var error = opnilog_torch_error()
        let status = call(&error)
        guard status == OPNILOG_TORCH_OK else { throw .torch(status, error.message) }
    }

    func check(
        _ call: (opnilog_torch_api, UnsafeMutablePointer<opnilog_torch_error>) -> opnilog_torch_status
    ) throws(TrainingError) {
        try TorchModel.check { call(bridge.api.pointee, $0) }
    }
}

extension TorchModel {
    /// A device, and the type of the numbers on it.
    struct Place: Sendable {
        var device: ComputeDevice
        /// libtorch's threads, which results hang on; 0 for what libtorch was last started with.
        var threads = 0
        /// float64, for comparisons.
        var isDouble = false

        var value: opnilog_torch_place {
            let type = isDouble ? OPNILOG_TORCH_FLOAT64 : OPNILOG_TORCH_FLOAT32
            guard case .cuda(let index) = device else {
                return opnilog_torch_place(
                    device: Int32(OPNILOG_TORCH_CPU), index: 0, type: Int32(type), threads: Int32(threads))
            }
            return opnilog_torch_place(
                device: Int32(OPNILOG_TORCH_CUDA), index: Int32(index), type: Int32(type),
                threads: Int32(threads))
        }
    }

    /// Which of a parameter's tensors.
    enum Kind: Int32, CaseIterable {
        case value, gradient, firstMoment, secondMoment
    }

    /// The settings of one step.
    struct Step: Sendable {
        var learningRate: Double
        var weightDecay = 0.0
        var dropout = 0.0
        var unknownShare = 0.0
        var seed: UInt64 = 0
        var number: UInt64 = 0
        /// Whether the parameters move, or only loss and gradients are computed.
        var isApplied = true
        /// The gradient, as one vector of all parameters, is shortened to this where it is longer; nil leaves any.
        var gradientNormLimit: Double?
    }

    /// Rows of the embedding and of the generator.
    var words: Int { Int(bridge.api.pointee.words(pointer)) }

    /// One training step, and its loss.
    func step(_ batch: Batch, _ step: Step) throws(TrainingError) -> LossSums {
        try begin(batch, step)
        return try losses(waiting: true).last?.sums ?? LossSums()
    }

    /// Begins a training step, which on a GPU goes on after the call.
    func begin(_ batch: Batch, _ step: Step) throws(TrainingError) {
        try check { api, error in
            batch.withTorchBatch { batch in
                var args = opnilog_torch_step_args(
                    size: MemoryLayout<opnilog_torch_step_args>.size, batch: batch,
                    learning_rate: step.learningRate, weight_decay: step.weightDecay, dropout: step.dropout,
                    unknown_share: step.unknownShare, seed: step.seed, step: step.number,
                    apply: step.isApplied ? 1 : 0, gradient_norm_limit: step.gradientNormLimit ?? 0)
                return api.step(pointer, &args, error)
            }
        }
    }

    /// The loss of a step.
    struct StepLoss: Sendable {
        var sums: LossSums
        /// Masked variants that are computed at once at most: fewer than before if memory ran out.
        var mostVariants: Int
        /// How often it did since the model was made.
        var halvings: Int
    }

    /// Losses of the steps that were begun, each once and in their order, some at a time: ask until none comes.
    ///
    /// - Parameter waiting: Whether to wait for them, or to take those that are known.
    /// - Throws: `notFinite` where the next one is no finite number.
    func losses(waiting: Bool) throws(TrainingError) -> [StepLoss] {
        var losses = [opnilog_torch_loss](repeating: LossSums.empty, count: 64)
        var count: Int64 = 0
        try check { api, error in
            api.losses(pointer, waiting ? 1 : 0, &losses, Int64(losses.count), &count, error)
        }
        return losses.prefix(Int(count)).map {
            StepLoss(sums: LossSums($0), mostVariants: Int($0.most_variants), halvings: Int($0.halvings))
        }
    }

    /// Loss and hits of a batch, without dropout.
    func evaluate(_ batch: Batch) throws(TrainingError) -> LossSums {
        var loss = LossSums.empty
        try check { api, error in
            batch.withTorchBatch { batch in
                var batch = batch
                return api.evaluate(pointer, &batch, &loss, error)
            }
        }
        return LossSums(loss)
    }

    /// How many logits stand above the true token's at each position masked in turn: `[rows, 64]`, -1 elsewhere.
    func ranks(_ batch: Batch) throws(TrainingError) -> [Int32] {
        var ranks = [Int32](repeating: -1, count: batch.tokens.count)
        try check { api, error in
            batch.withTorchBatch { batch in
                var batch = batch
                return api.ranks(pointer, &batch, &ranks, error)
            }
        }
        return ranks
    }

    /// Logits of one log, `[length - 1, words]`.
    func logits(_ batch: Batch) throws(TrainingError) -> [Float] {
        var logits = [Float](repeating: 0, count: (Int(batch.lengths[0]) - 1) * words)
        try check { api, error in
            batch.withTorchBatch { batch in
                var batch = batch
                return api.logits(pointer, &batch, &logits, error)
            }
        }
        return logits
    }

    /// Writes the model file to an open descriptor, from where it stands.
    func write(to descriptor: Int32, _ file: ModelFile.Settings) throws(TrainingError) {
        var args = opnilog_torch_write_args(
            size: MemoryLayout<opnilog_torch_write_args>.size, descriptor: descriptor, epoch: Int64(file.epochs),
            loss: file.loss, learning_rate: file.learningRate, weight_decay: file.weightDecay)
        try check { api, error in api.write(pointer, &args, error) }
    }
}
