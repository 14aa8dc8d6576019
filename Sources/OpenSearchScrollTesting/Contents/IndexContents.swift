/// The documents of one index as functions of their position, so that contents may be computed instead of stored.
///
/// A value is a snapshot: it never changes, and a scroll keeps the one that it was opened on.
public protocol IndexContents: Sendable {
    /// How many documents there are, at positions 0..<documentCount, which is also their order under `_doc`.
    var documentCount: Int { get }

    /// The documents that match, in order of position.
    func select(_ query: SearchQuery) -> any DocumentSelection

    /// Where a document lives in an index of `shards` shards: its shard, a function of its id alone, and its number
    /// there, which ascends with its position (what a sort by `_doc` shows).
    func place(at position: Int, of shards: Int) -> (shard: Int, number: Int)

    /// Appends the document's `_id`, unquoted: ASCII letters, digits, `-` and `_`, or as JSON would escape it.
    func appendID(at position: Int, to buffer: inout [UInt8])

    /// Appends the document's `_source`, a JSON object, cut down to what `filter` lets through.
    func appendSource(at position: Int, _ filter: SourceFilter, to buffer: inout [UInt8])
}

/// The documents of one contents that match one query.
public protocol DocumentSelection: Sendable {
    /// How many they are.
    var count: Int { get }

    /// Appends up to `limit` positions, ascending, from `position` on.
    func positions(from position: Int, limit: Int, into positions: inout [Int])

    /// For each interval of `milliseconds` (aligned to the epoch) the documents with a value of `field` in it, where
    /// there are any: intervals ascending, by their first millisecond. What is beyond `limit` + 1 intervals may be left
    /// off, since nobody is shown more than `limit`.
    func histogram(of field: String, interval milliseconds: Int64, limit: Int) -> [(start: Int64, count: Int)]

    /// The least and the greatest value of `field` (epoch milliseconds for dates); nil where no document has one.
    func extremes(of field: String) -> (least: Double, greatest: Double)?

    /// What of the selection matches `query` too, for filter aggregations.
    func narrowed(to query: SearchQuery) -> any DocumentSelection

    /// What of the selection lives in some shards of an index of `shards` shards.
    func narrowed(toShards kept: [Int], of shards: Int) -> any DocumentSelection
}
