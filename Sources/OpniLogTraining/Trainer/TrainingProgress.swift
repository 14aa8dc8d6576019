/// Where a training stands after a step.
public struct TrainingProgress: Sendable, Hashable, Codable {
    /// The parts of a training, in their order.
    public enum Phase: String, Sendable, Codable {
        /// The schedule on the lines that are not held out.
        case fit
        /// The figures on those that are, after each epoch.
        case evaluation
        /// The last, slow steps on all lines.
        case closing
        /// The fit that is thrown away, for figures on templates that it has not seen.
        case unseen
    }

    /// What the step belongs to.
    public var phase: Phase
    /// The epoch of the fit, from 0; the last one's in the closing pass.
    public var epoch: Int
    /// Steps done of the phase: training steps, or batches of the evaluation.
    public var step: Int
    /// Steps that the phase has.
    public var steps: Int
    /// Training steps done of fit and closing pass together.
    public var trained: Int
    /// Mean cross-entropy of the step's batch, in nats.
    public var loss: Double
    /// The rate of the step; 0 in the evaluation.
    public var learningRate: Double
    /// Masked variants of the step.
    public var rows: Int
    /// Masked variants that are computed at once at most; it is halved, for good, when memory runs out. 0
    /// until a run has made a step.
    public var rowsAtOnce: Int
    /// How often that was in this run.
    public var halvings: Int
    /// Logs of the step.
    public var logs: Int
    /// Since the training began.
    public var seconds: Double
    /// Of these, how long steps waited for their batches.
    public var waitedSeconds: Double
    /// The epoch's figures, at the last step of its evaluation.
    public var figures: HeldOutFigures?
}
