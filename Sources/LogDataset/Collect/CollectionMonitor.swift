import Synchronization

/// Counters of a reading under way, to be looked at from any thread.
public final class CollectionMonitor: Sendable {
    /// A look at the counters.
    public struct Snapshot: Sendable, Equatable {
        /// Windows read whole, those that an earlier run has read included.
        public var windows = 0
        /// Windows there are; 0 until they are known.
        public var windowsTotal = 0
        /// Documents seen, those of windows under way included.
        public var documents: UInt64 = 0
        /// Of these, documents that an earlier run has read.
        public var documentsKept: UInt64 = 0
        /// Documents expected; 0 where the source cannot tell.
        public var documentsExpected: UInt64 = 0
        /// Bytes of pages masked.
        public var bytes: UInt64 = 0
        /// Windows that were begun anew.
        public var restarts: UInt64 = 0
        /// Bytes that went to disk as runs.
        public var spilledBytes: UInt64 = 0
        /// The most bytes that tables of counts have held at once, as far as is known by the last that was let go.
        public var tableBytesPeak = 0
        /// Templates that were written into the table so far.
        public var templates: UInt64 = 0
        /// Lines that the cleaning has left out, those of windows under way included.
        public var dropped = DroppedLines()
        /// How long readers waited for masking, and masking for readers.
        public var stalls = StallTimes()
    }

    private let state = Mutex(Snapshot())

    /// Counters at zero.
    public init() {}

    /// The counters as they stand.
    public var snapshot: Snapshot { state.withLock { $0 } }

    func update(_ change: (inout sending Snapshot) -> Void) {
        state.withLock { change(&$0) }
    }
}
