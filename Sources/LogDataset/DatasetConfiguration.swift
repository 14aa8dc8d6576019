/// The settings of a dataset. Every one has a default that is right for most.
public struct DatasetConfiguration: Sendable {
    /// The folder for the table and, while logs are read, for sorted runs. It must exist.
    public var directory: String
    /// Draws in a subset (K); nil takes the lines there are, at most 48,000.
    public var samples: Int?
    /// Subsets of a run (E); each is drawn anew.
    public var epochs = 2
    /// Steps of a run (S); nil takes K·E/48 between 600 and 2,000.
    public var steps: Int?
    /// Draws in a batch instead of `steps`.
    public var batchSize: Int?
    /// The law by which a subset is drawn.
    public var draw = DrawMethod.coverage
    /// Seed of every draw.
    public var seed: UInt64 = 0
    /// Threads that mask, count and draw.
    public var workers = CoreCount.available
    /// Windows read at once; nil takes as many as there are workers.
    public var parallelWindows: Int?
    /// The memory to keep within.
    public var memory = MemoryBudget.standard
    /// Rows of the vocabulary at most, the five reserved ids included.
    public var vocabularyLimit = 10_000
    /// The share of lines that may be no JSON before the reading is given up.
    public var maximumBadShare = 0.01
    /// Counters to look at while logs are read.
    public var monitor = CollectionMonitor()

    /// Settings with a folder to work in.
    public init(directory: String) {
        self.directory = directory
    }
}
