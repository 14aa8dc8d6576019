/// Refusals that depend on the state of a cluster rather than on the request.
extension RequestError {
    /// A breaker's refusal before dispatch, which names twice the request's bytes.
    static func breaker(requestBytes: Int) -> RequestError {
        let wanted = 2 * requestBytes
        return RequestError(
            status: 429, type: "circuit_breaking_exception",
            reason: "[in_flight_requests] Data too large, data for [<http_request>] would be "
                + "[\(wanted)/\(shown(bytes: wanted))], which is larger than the limit of [1/1b]",
            details: ",\"bytes_wanted\":\(wanted),\"bytes_limit\":1,\"durability\":\"TRANSIENT\"")
    }

    /// Bytes as the server shows them: `306b`, `1.2kb`, `4mb`.
    private static func shown(bytes: Int) -> String {
        guard bytes >= 1024 else { return "\(bytes)b" }
        let (unit, name) = bytes < 1 << 20 ? (1 << 10, "kb") : bytes < 1 << 30 ? (1 << 20, "mb") : (1 << 30, "gb")
        let tenths = bytes * 10 / unit
        return tenths % 10 == 0 ? "\(tenths / 10)\(name)" : "\(tenths / 10).\(tenths % 10)\(name)"
    }

    /// The search queue is full. The object names in its reason are those of one recorded run.
    ///
    /// - Parameter index: whose shard refuses; nil: a continuation's.
    static func queueFull(isVersion3: Bool, index: String?) -> RequestError {
        let package = "org.opensearch.common.util.concurrent"
        let state = "[Running, pool size = 1, active threads = 1, queued tasks = 1, completed tasks = 4]"
        let executor =
            isVersion3
            ? "QueueResizableOpenSearchThreadPoolExecutor[name = node-1/search, queue capacity = 1, "
                + "\(package).QueueResizableOpenSearchThreadPoolExecutor@2e93f91d"
            : "QueueResizingOpenSearchThreadPoolExecutor[name = node-1/search, queue capacity = 1, "
                + "min queue capacity = 1000, max queue capacity = 1000, frame size = 2000, targeted response rate = "
                + "1s, task execution EWMA = 211.6ms, adjustment amount = 50, "
                + "\(package).QueueResizingOpenSearchThreadPoolExecutor@24ca6f85"
        return RequestError(
            status: 429, type: "rejected_execution_exception",
            reason: "rejected execution of \(package).TimedRunnable@7fbdbc53 on \(executor)\(state)]",
            shape: .allShards(index: index))
    }

    /// No room for a further scroll.
    static func tooManyContexts(limit: Int, index: String?) -> RequestError {
        RequestError(
            status: 429, type: "rejected_execution_exception",
            reason: "Trying to create too many scroll contexts. Must be less than or equal to: [\(limit)]. "
                + "This limit can be set by changing the [search.max_open_scroll_context] setting.",
            shape: .allShards(index: index))
    }

    /// The node of a scroll's shard is not in the cluster any more.
    static func nodeLeft(isVersion3: Bool) -> RequestError {
        isVersion3
            ? RequestError(
                status: 400, type: "illegal_argument_exception",
                reason: "scroll_id references node [\(ScrollID.node)] which was not found in the cluster",
                shape: .allShards(index: nil))
            : RequestError(
                status: 500, type: "illegal_state_exception", reason: "node [\(ScrollID.node)] is not available",
                shape: .allShards(index: nil))
    }

    /// An opening that will have no partial results is refused when a shard is missing.
    static func missingShards(index: String, shard: Int) -> RequestError {
        RequestError(
            status: 503, type: "search_phase_execution_exception",
            reason: "Search rejected due to missing shards [[\(index)][\(shard)]]. Consider using "
                + "`allow_partial_search_results` setting to bypass this error.",
            shape: .causeOnly(phase: "can_match"))
    }

    /// None of the shards that were asked is there.
    static let noShards = RequestError(
        status: 503, type: "search_phase_execution_exception", reason: "all shards failed", shape: .noShards)
}
