import Glibc

/// Figures of a model on logs that it was not trained on.
public struct HeldOutFigures: Sendable, Hashable, Codable {
    /// Mean cross-entropy, in nats a masked word.
    public var loss: Double
    /// `exp(loss)`, at most the largest number, since JSON has no infinity.
    public var perplexity: Double
    /// Share of the masked words that had the highest logit.
    public var accuracy: Double
    /// Share of them that were among the 50 highest logits, which is the original's rule of normality.
    public var among50: Double
    /// Logs that the figures were taken on.
    public var logs: Int

    /// Nil of no logs.
    init?(_ held: TrainingPosition.HeldOut) {
        guard held.sums.weight > 0 else { return nil }
        loss = held.sums.mean
        perplexity = min(exp(loss), .greatestFiniteMagnitude)
        accuracy = held.sums.first / held.sums.weight
        among50 = held.sums.among50 / held.sums.weight
        logs = held.logs
    }
}

/// What an epoch of the fit came to.
public struct EpochFigures: Sendable, Hashable, Codable {
    /// The epoch, from 0.
    public var epoch: Int
    /// Mean training loss of its steps, with dropout.
    public var trainLoss: Double
    /// Of the model at its end; nil if no lines are held out.
    public var heldOut: HeldOutFigures?
}

/// Figures on templates that the model they were taken with had never seen.
public struct UnseenFigures: Sendable, Hashable, Codable {
    /// Templates that the model was trained on.
    public var templates: Int
    /// Templates that it was not, none of whose lines it has seen.
    public var unseenTemplates: Int
    /// Words that this model knew.
    public var words: Int
    /// On logs of the templates that it had not seen; words that stand in these alone count as unknown ones.
    public var figures: HeldOutFigures
    /// How long that fit and its figures took.
    public var seconds: Double
}
