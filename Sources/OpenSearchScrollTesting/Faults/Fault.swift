/// What goes wrong with one request. A server asks its ``OpenSearchServer/Configuration/fault`` hook before each, then
/// its ``OpenSearchServer/Configuration/faults`` schedule.
public enum Fault: Sendable, Equatable {
    /// The connection is closed without a byte of answer, before the request was executed: a scroll has not moved.
    case closeBeforeExecuting
    /// The same, and the next connection is closed before anything of it is read: over HTTPS its handshake fails.
    case failHandshake
    /// The request is executed (a scroll moves on, a context opens), then the connection is closed without an answer.
    case closeBeforeAnswer
    /// The request is executed and `Content-Length` promises the whole answer, but the connection ends after so many
    /// bytes of body.
    case cutBody(at: Int)
    /// The same after this share (0 to 1) of the body; never after all of it.
    case cutBodyShare(Double)
    /// Not executed; this is answered. A body that does not begin with `{` goes out as `text/html`, an empty one
    /// without a type.
    case status(Int, String)
    /// The request is executed, but this is answered: what a proxy does to an answer that it does not like.
    case statusAfterExecuting(Int, String)
    /// The scroll's context is freed, then this is answered: what a full search queue does to a continuation.
    case statusLosingContext(Int, String)
    /// Not executed; 401 as for wrong or expired credentials. Contexts stay.
    case unauthorized
    /// Executed; `_shards` says that only `successful` of `total` answered. At an opening and a count `failed` stays 0,
    /// as OpenSearch leaves it for a shard that is not assigned; under a scroll `failures` names them. No document is
    /// lost: for that there is ``loseShard``.
    case missingShards(successful: Int, total: Int)
    /// A shard is gone, for a scroll for ever: executed without its documents, with a total that is less by them, and
    /// with `_shards` as in ``missingShards(successful:total:)``. Where it was the only one there is nothing left but
    /// an error: 503 at an opening and a count, under a scroll what ``FaultKind/nodeLeft`` gives.
    case loseShard
    /// Executed; the answer has `timed_out: true` and no hits.
    case timedOut
    /// Executed; `hits.total` (or `count`) is less by so many.
    case shrinkTotal(by: Int)
    /// The scroll's context is gone before the request comes, as after a restart or an expiry.
    case loseContext
    /// The clock that keep-alives are measured on goes on until the scroll's has run out, and all that end before it.
    case expire
    /// A continuation gets the page before once more, and the scroll does not move on.
    case repeatPage
    /// Executed; one document on the page has a further member whose bytes are no UTF-8, in its whole source. Filtered
    /// sources are written anew and so hold valid text.
    case badUTF8
    /// Executed and answered whole, but in eight pieces with a pause before each. The pause keeps one of the server's
    /// threads busy.
    case dribble(pause: Duration)
    /// Before the request is executed, a document of each stored index is added, another changed and another deleted,
    /// as this number chooses. Scrolls that are open keep their snapshot.
    case mutate(UInt64)
    /// Never answered: the connection stays open until the server stops or the client gives up.
    case stall
}
