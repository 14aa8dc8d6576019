/// How well a model expected a log.
public struct LogScore: Sendable, Hashable, Codable {
    /// The masked text.
    public var masked: String
    /// The share of its words, each hidden in turn, that the model had among its 50 best guesses; words that hold a
    /// digit do not count, and a log without others has 1. Below 0.7 the original calls a log an anomaly.
    public var score: Double
    /// Each word with its rank; empty unless it was asked for.
    public var tokens: [ScoredToken]
}

/// One word of a scored log.
public struct ScoredToken: Sendable, Hashable, Codable {
    /// The word as the vocabulary has it: `<UNK>` for one that it does not know.
    public var word: String
    /// How many words the model would rather have seen here.
    public var rank: Int
    /// Whether the word counts towards the score.
    public var counts: Bool
}
