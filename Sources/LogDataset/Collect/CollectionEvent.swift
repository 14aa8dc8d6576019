/// What a reading tells of while it goes on, besides its counters.
public enum CollectionEvent: Sendable, Equatable {
    /// An earlier run goes on: so many windows with so many documents were read by it and are kept.
    case resumed(windows: Int, documents: UInt64)
    /// So many windows with so many documents are taken over from what an earlier run has kept.
    case reused(windows: Int, documents: UInt64)
    /// Nothing can be taken over: the settings of these names were others, or, where there are none, the earlier run
    /// has kept nothing.
    case notReused(otherSettings: [String])
    /// Nothing can be taken over: what the earlier run has kept cannot be understood.
    case notReusable(why: String)
    /// So many hours are read in the order of a seed, as far as a limit lets them.
    case order(seed: UInt64, hours: Int)
    /// After so many hours about this share of the lines of the others is of templates that were not seen.
    case unseen(share: Double, hours: Int)
    /// The earlier run had written its whole table; nothing is read.
    case tableFound
    /// The earlier run had written the table that a training began with, of what there was; nothing is read.
    case begunTableFound
    /// The table that the earlier run had written is damaged; it is made again.
    case damagedTable
    /// What was kept of these windows is damaged or missing; they are read again.
    case damaged(windows: [String])
    /// So many records of what was kept cannot be read; what they told of is read again.
    case damagedRecords(Int)
    /// These windows are no longer what was read; what was kept of them is dropped.
    case outdated(windows: [String])
    /// These windows had holes and are read again.
    case incomplete(windows: [String])
    /// All windows are read; their buckets are merged into the table.
    case merging
}
