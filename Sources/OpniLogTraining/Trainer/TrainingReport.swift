import LogDataset

/// What a training came to: goes into the manifest.
public struct TrainingReport: Sendable, Hashable, Codable {
    /// The recipe with all its numbers.
    public var recipe: TrainingRecipe
    /// Seed of the initial values, of dropout and of unknown words.
    public var seed: UInt64
    /// Rows of the embedding and of the generator.
    public var words: Int
    /// The model that the training began with; nil for initial values.
    public var initialModel: InitialModelRecord?

    /// Epochs of the fit.
    public var epochs: Int
    /// Steps of the fit.
    public var steps: Int
    /// Steps of the closing pass, after the figures were taken.
    public var closingSteps: Int
    /// Masked variants that were trained on, closing pass included.
    public var rows: Int
    /// Logs that were trained on, closing pass included.
    public var logs: Int

    /// Mean training loss (nats a masked word, with dropout) of the fit's last epoch.
    public var trainLoss: Double
    /// Mean training loss of the closing pass.
    public var closingLoss: Double

    /// Mean cross-entropy (nats a masked word) of the fit's model on held-out lines; nil if none were held out.
    public var heldOutLoss: Double?
    /// Share of their masked words that had the highest logit.
    public var heldOutAccuracy: Double?
    /// Share of their masked words that were among the 50 highest logits, which is the original's rule of normality.
    public var heldOutAmong50: Double?
    /// `exp(heldOutLoss)`.
    public var heldOutPerplexity: Double?
    /// Logs that the figures were taken on.
    public var heldOutLogs: Int
    /// What each epoch of the fit came to; the last one's figures are those above.
    public var epochFigures: [EpochFigures]
    /// Figures of another fit, which was thrown away, on templates that it had not seen; nil unless they were asked
    /// for, or if there are too few templates.
    public var unseen: UnseenFigures?

    /// Of the whole training.
    public var seconds: Double
    /// Of its fit alone.
    public var fitSeconds: Double
    /// Of the figures after its epochs.
    public var evaluationSeconds: Double
    /// `cpu` or `cuda:n`.
    public var device: String
    /// libtorch's threads on the CPU.
    public var threads: Int
    /// Version of libtorch, e.g. `2.13.0`.
    public var torchVersion: String
    /// Instruction set of its kernels, e.g. `AVX2`.
    public var cpuCapability: String
    /// SHA-256 over the trained tensors as float32, which another build of libtorch would write alike.
    public var tensorDigest: String
}

extension TrainingReport {
    /// - Parameters:
    ///   - position: Where the training ended.
    ///   - digest: Of its model's tensors.
    init(
        _ position: TrainingPosition, of data: TrainingData, _ configuration: TrainerConfiguration, _ facts: TorchFacts,
        digest: String, unseen: UnseenFigures?
    ) {
        let epochs = position.epochs.enumerated().map { epoch, sums in
            EpochFigures(epoch: epoch, trainLoss: sums.fit.mean, heldOut: HeldOutFigures(sums.heldOut))
        }
        let held = epochs.last?.heldOut
        self.init(
            recipe: configuration.recipe, seed: configuration.seed, words: data.vocabulary.count,
            initialModel: position.initial, epochs: data.epochs, steps: data.epochs * data.stepsPerEpoch,
            closingSteps: data.closingSteps, rows: position.rows, logs: position.logs, trainLoss: position.fit.mean,
            closingLoss: position.closing.mean, heldOutLoss: held?.loss, heldOutAccuracy: held?.accuracy,
            heldOutAmong50: held?.among50, heldOutPerplexity: held?.perplexity, heldOutLogs: held?.logs ?? 0,
            epochFigures: epochs, unseen: unseen, seconds: position.seconds, fitSeconds: position.fitSeconds,
            evaluationSeconds: position.evaluationSeconds, device: "\(facts.device)", threads: facts.threads,
            torchVersion: facts.version, cpuCapability: facts.cpuCapability, tensorDigest: digest)
    }
}
