/// The logs of one training step, as token ids. Equal logs are one row with a multiplicity.
public struct Batch: Sendable, Equatable {
    /// The width of a row in tokens: what the model reads of a log, `<CLS>` included.
    public static let length = 64

    /// Token ids, `[rows, 64]` row-major; 0 (`<PAD>`) after each log's end.
    public let tokens: [Int32]

    /// How many tokens of each row are the log's, `<CLS>` included: `[rows]`, 2…64.
    public let lengths: [Int32]

    /// How many logs of the batch each row stands for: `[rows]`, at least 1.
    public let multiplicities: [Int32]

    /// Creates a batch from its three arrays, which must agree about the number of rows.
    ///
    /// - Parameters:
    ///   - tokens: Token ids, `[rows, 64]` row-major.
    ///   - lengths: Tokens of each row that are the log's, `[rows]`, 2…64.
    ///   - multiplicities: Logs that each row stands for, `[rows]`, at least 1.
    public init(tokens: [Int32], lengths: [Int32], multiplicities: [Int32]) {
        precondition(tokens.count == lengths.count * Batch.length, "a batch needs 64 tokens a row")
        precondition(lengths.count == multiplicities.count, "a batch needs one multiplicity a row")
        self.tokens = tokens
        self.lengths = lengths
        self.multiplicities = multiplicities
    }

    /// The number of distinct logs.
    public var rows: Int { lengths.count }

    /// The number of logs: the sum of the multiplicities.
    public var logs: Int { multiplicities.reduce(0) { $0 + Int($1) } }
}
