/// What a dataset holds, in numbers: all that names it and all that a report says of it.
public struct DatasetSummary: Sendable, Codable, Equatable {
    /// SHA-256 over texts and counts; names the table.
    public let tableDigest: String
    /// SHA-256 over the held-out counts; names the split.
    public let splitDigest: String
    /// SHA-256 of the mask rules.
    public let rulesDigest: String
    /// Lines counted.
    public let lines: UInt64
    /// Distinct masked texts.
    public let templates: UInt64
    /// Lines that figures are taken on.
    public let heldOutLines: UInt64
    /// How these were chosen.
    public let heldOutBy: TableMetadata.HeldOutMethod
    /// Ids of the vocabulary, the five reserved ones included.
    public let vocabularySize: Int
    /// Share of all words of all lines that have no id.
    public let outOfVocabularyShare: Double
    /// Share of all lines with such a word among those that the model is given.
    public let outOfVocabularyLineShare: Double
    /// Share of all words of all lines that stand beyond the model's 64 tokens.
    public let cutTokenShare: Double
    /// Share of all lines that are longer than that.
    public let cutLineShare: Double
    /// Logs drawn for a subset (K).
    public let samples: Int
    /// Subsets of the fit (E).
    public let epochs: Int
    /// Steps of an epoch (n).
    public let stepsPerEpoch: Int
    /// Steps of the closing pass.
    public let closingSteps: Int
    /// The law of the draws.
    public let law: DrawLaw
    /// How a template's weight grows with its lines.
    public let exponent: WeightExponent
    /// The most of all lines that one template counts for in a draw.
    public let templateCap: Double
    /// Templates with more lines than that.
    public let cappedTemplates: Int
    /// Their lines beyond it.
    public let cappedLines: UInt64
    /// The seed of the draws.
    public let seed: UInt64
}
