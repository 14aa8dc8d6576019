/// The kinds of faults that a ``FaultSchedule`` deals out, by the names that a command line gives them.
public enum FaultKind: String, Sendable, CaseIterable {
    /// The connection is closed before the request is executed: nothing moved.
    case closeBefore = "close-before"
    /// The connection is closed before the request is executed, and the next one before anything of it is read, its TLS
    /// handshake included: nothing moved.
    case failedHandshake = "failed-handshake"
    /// The connection is closed after the request was executed, without an answer: the page is lost.
    case closeAfter = "close-after"
    /// The connection ends somewhere in the middle of the body: the page is lost.
    case cutBody = "cut-body"
    /// 404: the context is gone.
    case lostContext = "lost-context"
    /// 404 in the form of a page without hits: the shards lost their contexts one after another, some when they were
    /// queried and the rest when they were fetched from.
    case lostInParts = "lost-in-parts"
    /// 413 with an empty body: refused before it was executed.
    case requestTooLarge = "request-too-large"
    /// 413 of a proxy that lets no answer of this size pass: executed, the page is lost.
    case answerTooLarge = "answer-too-large"
    /// 429 of a circuit breaker, refused before dispatch: cursor and context untouched.
    case breaker
    /// 429 of the search queue: a continuation's context is destroyed.
    case queueFull = "queue-full"
    /// 429 at an opening: too many contexts are open.
    case tooManyContexts = "too-many-contexts"
    /// 500 (2.19) or 400 (3.x) of a node that left: the context is gone.
    case nodeLeft = "node-left"
    /// 502 with a proxy's HTML: executed, the page is lost.
    case badGateway = "bad-gateway"
    /// 503 with a proxy's HTML: not executed.
    case proxyUnavailable = "proxy-unavailable"
    /// 503 at an opening: shards are missing, and partial results refused.
    case refusedShards = "refused-shards"
    /// 200 with a shard less: at an opening with `failed: 0`, even where partial results are refused; under way with a
    /// total that shrinks and failures that are named, to the scroll's end.
    case missingShards = "missing-shards"
    /// 200 with a total that is one too small.
    case shrunkTotal = "shrunk-total"
    /// 200 with `timed_out` and no hits: the page is lost.
    case timedOut = "timed-out"
    /// The keep-alive runs out before the continuation comes: 404. Whatever else runs out by then is gone too.
    case expired
    /// The answer comes whole, but in drops.
    case slowBytes = "slow-bytes"
    /// A continuation is answered with the page before, and does not move on.
    case duplicatePage = "duplicate-page"
    /// Bytes that are no UTF-8 in a member (`bytes`) that one document has more than was indexed.
    case badUTF8 = "bad-utf8"
    /// 200 with HTML in the place of the answer: not executed.
    case html
    /// 401 as for an expired token: not executed.
    case unauthorized
    /// Documents are added, changed and deleted before the request is executed.
    case mutate

    /// The kinds that a client gets over by trying again, and that leave the documents as they are: what is read must
    /// be the same as without faults. All but ``mutate`` and ``unauthorized``.
    public static let transient: [FaultKind] = allCases.filter { ![.mutate, .unauthorized].contains($0) }

    /// The requests that the kind can strike.
    public var requests: [RequestKind] {
        switch self {
        case .closeBefore, .failedHandshake, .closeAfter, .cutBody, .breaker, .badGateway, .proxyUnavailable,
            .slowBytes, .unauthorized:
            [.openScroll, .continueScroll, .clearScroll, .search, .count]
        case .requestTooLarge, .queueFull, .missingShards, .html: [.openScroll, .continueScroll, .search, .count]
        case .answerTooLarge, .timedOut: [.openScroll, .continueScroll, .search]
        case .shrunkTotal: [.openScroll, .continueScroll, .count]
        case .badUTF8: [.openScroll, .continueScroll]
        case .lostContext, .lostInParts, .nodeLeft, .expired, .duplicatePage: [.continueScroll]
        case .tooManyContexts: [.openScroll]
        case .refusedShards: [.openScroll, .search]
        case .mutate: [.openScroll, .search, .count]
        }
    }
}
