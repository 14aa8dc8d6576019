/// Which documents to read, and what of them.
public struct ScrollQuery: Sendable, Hashable {
    /// Index, alias or pattern; several separated by commas.
    public var index: String
    /// A query as JSON: `{"query": {…}}`, or the clause itself, or nil for every document.
    public var body: String?
    /// Documents from this time on, in milliseconds since 1970.
    public var since: Int64?
    /// Documents before this time, in milliseconds since 1970.
    public var until: Int64?
    /// The field that holds a document's time. A document with several times belongs to its smallest.
    public var timeField: String
    /// The field that holds the message: literal key first, then dotted path.
    public var field: String
    /// Documents in a page, 1 to 10,000 with the default settings of an index.
    public var pageSize: Int

    /// Everything has a default.
    public init(
        index: String = "logs", body: String? = nil, since: Int64? = nil, until: Int64? = nil,
        timeField: String = "time", field: String = "log", pageSize: Int = 5_000
    ) {
        self.index = index
        self.body = body
        self.since = since
        self.until = until
        self.timeField = timeField
        self.field = field
        self.pageSize = pageSize
    }
}

/// A part of a query that one scroll reads: an hour of it, or the documents without a time.
public struct ScrollWindow: Sendable, Hashable, Codable {
    /// Milliseconds since 1970, at most an hour; nil: the documents that do not have the time field.
    public var times: Range<Int64>?
    /// An estimate: documents may come and go until the window is read, and one with several dates is counted in the
    /// hour of each. The scroll itself tells the truth.
    public var expectedDocuments: Int

    /// A window of a query's time, or with nil that of the documents without one.
    public init(times: Range<Int64>?, expectedDocuments: Int) {
        self.times = times
        self.expectedDocuments = expectedDocuments
    }
}
