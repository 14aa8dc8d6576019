/// What a request asks for, for counting and for faults.
public enum RequestKind: String, Sendable, CaseIterable {
    /// `_search?scroll=…`
    case openScroll
    /// POST or GET `_search/scroll`
    case continueScroll
    /// DELETE `_search/scroll`
    case clearScroll
    /// `_search` without a scroll, aggregations too
    case search
    /// `_count`
    case count
    /// `_bulk`
    case bulk
    /// `_refresh`
    case refresh
    /// HEAD, PUT or DELETE of an index
    case index
    /// GET or HEAD `/`
    case root
    /// Anything else
    case other
}

/// A request as a fault hook sees it.
public struct RequestInfo: Sendable {
    /// What it asks for.
    public let kind: RequestKind
    /// How many requests of this kind came before it since the server started.
    public let ordinal: Int
    /// `GET`, `POST`, ….
    public let method: String
    /// The path without the query, percent-decoded.
    public let path: String
    /// The query's parameters, percent-decoded.
    public let parameters: [String: String]
    /// Header fields by lower-case name.
    public let headers: [String: String]
    /// The body as sent.
    public let body: [UInt8]

    /// The path's parts.
    let segments: [String]
}
