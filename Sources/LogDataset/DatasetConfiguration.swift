public import LogMasking
import ProcessLimits

/// The settings of a dataset. Every one but the folder has a default that is right for most.
public struct DatasetConfiguration: Sendable {
    /// The folder for the table and, while logs are read, for sorted runs; made, for its owner only, if it is not
    /// there.
    public var directory: String
    /// How many logs are drawn and how they are cut into steps.
    public var steps = StepPlan.Settings()
    /// The law by which a subset is drawn.
    public var law = DrawLaw.coverage
    /// How a template's weight grows with its lines.
    public var exponent = WeightExponent.half
    /// The most of all lines that one template counts for in a draw: 0…1.
    public var templateCap = 1.0
    /// Seed of every draw.
    public var seed: UInt64 = 0
    /// Threads that mask, count and draw. What comes out does not depend on it.
    public var workers = CoreCount.available
    /// Windows read at once, as far as the source has use for so many (``LogSource/windowsAtOnce``); nil takes as many
    /// as there are workers.
    public var parallelWindows: Int?
    /// The memory to keep within.
    public var memory = MemoryBudget.standard
    /// Bytes of disk that sorted runs, merges and the table may take together; nil takes all that is free there but a
    /// twentieth. When they are spent, the reading ends with the error `unwritable`.
    public var disk: Int?
    /// Rows of the vocabulary at most, the five reserved ids included.
    public var vocabularyLimit = Vocabulary.largestCount
    /// Words that occur less often have no id.
    public var minimumWordCount: UInt64 = 1
    /// The vocabulary of a model that is trained on: its words keep their ids, new ones take those after them.
    public var continuedVocabulary: Vocabulary?
    /// The share of lines that may be no JSON before the reading is given up.
    public var maximumBadShare = 0.01
    /// Which lines are left out.
    public var cleaning = LineCleaning()
    /// The mask rules, and how long a message may be.
    public var masking = MaskSettings()
    /// Makes the reading one that a later run can go on with after any end of this one: what is read is kept, window by
    /// window, in a folder `buckets` until `CollectionCheckpoint.discard(in:)` is called. Nil: a reading that fails
    /// leaves nothing behind, nor what an earlier one kept in the folder.
    public var checkpoint: CollectionCheckpoint?
    /// Whether this run goes on with the unfinished one that is in the folder, if one is. Otherwise what that one has
    /// left is removed. Looked at only with a `checkpoint`.
    public var resumes = false
    /// Digest of the table with which a training began that is to be gone on with: it is taken as it stands, although
    /// its reading lacks something, and what is missing is left to a later run. Looked at only if this run goes on with
    /// that reading.
    public var begunTable: String?
    /// What an earlier run has kept, to be taken over instead of being read. Looked at only with a `checkpoint`.
    public var reuse: Reuse?
    /// Whether the buckets of a complete reading stay in the folder, for `CollectionCheckpoint.keepHours(in:)` or
    /// `CollectionCheckpoint.discard(in:)`. Otherwise they go once the table is whole. Looked at only with a
    /// `checkpoint`.
    public var keepsHours = false
    /// Whether hours are read in an order of the seed, instead of the source's own. It always is so with `limits`.
    public var readsInSeededOrder = false
    /// When the reading may end early, with a table of what was read until then; nil reads everything.
    public var limits: ReadingLimits?
    /// Whether a reading with holes is an error (`incomplete`) and makes no table.
    public var requiresComplete = false
    /// Told what happens besides the counting; called on any thread.
    public var onEvent: (@Sendable (CollectionEvent) -> Void)?
    /// Counters to look at while logs are read.
    public var monitor = CollectionMonitor()

    /// Where an earlier run has left its buckets.
    public struct Reuse: Sendable, Equatable {
        /// The output folder of that run.
        public var directory: String
        /// Settings of the checkpoint that may be others than they were then: those that choose windows and do not
        /// shape what is in one.
        public var freeSettings: Set<String>

        /// Names a run to take over from.
        public init(directory: String, freeSettings: Set<String> = []) {
            self.directory = directory
            self.freeSettings = freeSettings
        }
    }

    /// Settings with a folder to work in.
    public init(directory: String) {
        self.directory = directory
    }
}
