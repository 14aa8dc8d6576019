/// What a reading tells of while it goes on, besides its counters.
public enum CollectionEvent: Sendable, Equatable {
    /// An earlier run goes on: so many windows with so many documents were read by it and are kept.
    case resumed(windows: Int, documents: UInt64)
    /// The earlier run had written its whole table; nothing is read.
    case tableFound
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
