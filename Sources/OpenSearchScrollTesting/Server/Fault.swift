/// What goes wrong with one request. A server asks its ``OpenSearchServer/Configuration/fault`` hook before each.
public enum Fault: Sendable, Equatable {
    /// The connection is closed without a byte of answer, before the request was executed: a scroll has not moved.
    case closeBeforeExecuting
    /// The request is executed (a scroll moves on, a context opens), then the connection is closed without an answer.
    case closeBeforeAnswer
    /// The request is executed and `Content-Length` promises the whole answer, but the connection ends after so many
    /// bytes of body.
    case cutBody(at: Int)
    /// Not executed; this is answered. A body that does not begin with `{` goes out as `text/html`.
    case status(Int, String)
    /// The scroll's context is freed, then this is answered: what a full search queue does to a continuation.
    case statusLosingContext(Int, String)
    /// Executed; `_shards` says that only `successful` of `total` answered. At an opening and a count `failed` stays 0,
    /// as OpenSearch leaves it for a shard that is not assigned; under a scroll `failures` names them.
    case missingShards(successful: Int, total: Int)
    /// Executed; the answer has `timed_out: true` and no hits.
    case timedOut
    /// Executed; `hits.total` (or `count`) is less by so many.
    case shrinkTotal(by: Int)
    /// The scroll's context is gone before the request comes, as after a restart or an expiry.
    case loseContext
    /// Never answered: the connection stays open until the server stops or the client gives up.
    case stall
}
