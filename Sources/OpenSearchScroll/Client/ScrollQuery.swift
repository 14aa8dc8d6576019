/// Which documents to read, and what of them.
public struct ScrollQuery: Sendable, Hashable {
    /// What a document's ``ScrollDocument/message`` is.
    public enum Content: Sendable, Hashable {
        /// The text in the field.
        case message
        /// The whole `_source`, the JSON as it was indexed.
        case source
        /// Nothing: index and id are all that is asked for.
        case identifiers
    }

    /// How much of a document the server sends where only the field is wanted.
    public enum Source: Sendable, Hashable {
        /// Whatever is faster, by the sizes of documents and the rate of the link.
        case automatic
        /// All of it; the field is picked out here.
        case whole
        /// The field; picking it out costs the server some time.
        case field
    }

    /// Index, alias or pattern; several separated by commas.
    public var index: String
    /// A query as JSON: `{"query": {…}}`, or the clause itself, or nil for every document.
    public var body: String?
    /// Documents from this time on, in milliseconds since 1970.
    public var since: Int64?
    /// Documents before this time, in milliseconds since 1970.
    public var until: Int64?
    /// Whether documents without the time field are read, too; nil: where there is neither ``since`` nor ``until``.
    public var includesUntimed: Bool?
    /// The field that holds a document's time. A document with several times belongs to its smallest.
    public var timeField: String
    /// The field that holds the message: literal key first, then dotted path.
    public var field: String
    /// What is read of a document.
    public var content = Content.message
    /// How much of it the server sends.
    public var source = Source.automatic
    /// Documents in a page; nil: as many as make some megabytes.
    public var pageSize: Int?
    /// The most documents of a window, as far as time and shards can split them. What a reader keeps in memory to hand
    /// each out once, and what it reads again after a loss, is at most one window.
    public var windowDocuments: Int
    /// Whether a reading goes on where something cannot be read, and lists that as ``ScrollProof/holes``. If not, it
    /// ends there with an error.
    public var toleratesHoles = false

    /// Everything has a default.
    public init(
        index: String = "logs", body: String? = nil, since: Int64? = nil, until: Int64? = nil,
        timeField: String = "time", field: String = "log", pageSize: Int? = nil, windowDocuments: Int = 128_000
    ) {
        self.index = index
        self.body = body
        self.since = since
        self.until = until
        self.timeField = timeField
        self.field = field
        self.pageSize = pageSize
        self.windowDocuments = windowDocuments
    }

    var wantsUntimed: Bool { includesUntimed ?? (since == nil && until == nil) }
}

/// A part of a query that one scroll reads: an hour of it or less, or the documents without a time; perhaps of one
/// shard only.
public struct ScrollWindow: Sendable, Hashable, Codable {
    /// Milliseconds since 1970, at most an hour; nil: the documents that do not have the time field.
    public var times: Range<Int64>?
    /// The shard of each index, where time alone cannot split the documents; nil: all of them.
    public var shard: Int?
    /// An estimate: documents may come and go until the window is read, and one with several dates is counted in the
    /// hour of each. The scroll itself tells the truth.
    public var expectedDocuments: Int

    /// A window of a query's time, or with nil that of the documents without one.
    public init(times: Range<Int64>?, shard: Int? = nil, expectedDocuments: Int) {
        self.times = times
        self.shard = shard
        self.expectedDocuments = expectedDocuments
    }
}
