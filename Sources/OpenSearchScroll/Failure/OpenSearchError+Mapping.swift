// What servers say becomes an OpenSearchError here: statuses and error types, pages that are not whole; what libcurl
// says does in OpenSearchError+Transfer. The table that this follows is in the documentation of OpenSearch only in
// part; every line of it has been seen on real servers.

/// What an error message needs to know of the request.
struct RequestContext: Sendable {
    enum Purpose: String, Sendable { case open, next, clear, plan, count, root }

    var purpose: Purpose
    var endpoint: Endpoint
    var index: String
    var timeField: String
    var timeout: Duration
    var caFile: String?
    var credentials: Credentials
}

// MARK: - From the server

extension OpenSearchError {
    /// An answer whose status is not 200.
    init(status: Int, body: UnsafeRawBufferPointer, retryAfter: Duration? = nil, _ context: RequestContext) {
        let error = ServerError(body)
        self =
            Self.known(error, status, context) ?? Self.stray(error, status, context)
            ?? Self.byStatus(error, status, context)
        self.retryAfter = retryAfter
        isRepeatable = status == 429 && error.isBeforeDispatch
    }

    private static func known(_ error: ServerError, _ status: Int, _ context: RequestContext) -> OpenSearchError? {
        lostScroll(error, status, context) ?? query(error, status, context) ?? limit(error, status, context)
    }

    /// A node that is gone takes the scroll with it; elsewhere it is only a shard that is missing.
    private static func lostScroll(_ error: ServerError, _ status: Int, _ context: RequestContext) -> OpenSearchError? {
        // An opening has a context, too, which its index may take along before the hits are fetched.
        let hasNoContext = error.has(type: "search_context_missing_exception")
        guard context.purpose == .next || (context.purpose == .open && hasNoContext) else { return nil }
        let isGone =
            hasNoContext || error.says("Wrong user in reader context")
            || error.says("which was not found in the cluster")
            || error.has(type: "node_disconnected_exception") || error.has(type: "node_not_connected_exception")
            || (error.has(type: "illegal_state_exception") && error.says("is not available"))
        guard isGone else { return nil }
        return OpenSearchError(
            .scrollLost,
            "the server no longer has the scroll (\(error.summary ?? "HTTP \(status)")); it expires when a page takes "
                + "longer than the keep-alive, or goes with its node: read again", httpStatus: status, isTransient: true
        )
    }

    /// What stands between, or a server that knows of no scrolls, says in the place of a page. Whether the page is lost
    /// nobody can tell; the opening of another scroll will say what is wrong.
    private static func stray(_ error: ServerError, _ status: Int, _ context: RequestContext) -> OpenSearchError? {
        guard context.purpose == .next else { return nil }
        switch status {
        case 401, 407, 413, 429: return nil
        case 400, 403: guard error.causes.isEmpty else { return nil }
        case 300..<500: break
        default: return nil
        }
        return OpenSearchError(
            .scrollLost,
            "\(context.endpoint) answered HTTP \(status) in the place of a page"
                + "\(error.summary.map { " (\($0))" } ?? ""); look at proxies between",
            httpStatus: status, isTransient: true)
    }

    private static func query(_ error: ServerError, _ status: Int, _ context: RequestContext) -> OpenSearchError? {
        if error.has(type: "index_not_found_exception") {
            if (error.index ?? context.index).contains("*") { return noIndexMatches(context, status) }
            return OpenSearchError(
                .indexNotFound,
                "there is no index \(error.index ?? context.index) on \(context.endpoint); correct --index",
                httpStatus: status)
        }
        if error.has(type: "index_closed_exception") {
            return OpenSearchError(
                .indexNotFound,
                "the index \(error.index ?? context.index) is closed; open it, or leave it out of --index",
                httpStatus: status)
        }
        if error.has(type: "too_many_buckets_exception") {
            return OpenSearchError(
                .tooManyBuckets,
                "the hours of the query are more than the cluster's search.max_buckets; raise it, or narrow the query",
                httpStatus: status)
        }
        let isNoDate =
            error.says("is not supported for aggregation [date_histogram]")
            || error.has(type: "number_format_exception") || error.says("Text fields are not optimised")
            || error.says("Can't parse boolean value")
        if context.purpose == .plan, isNoDate {
            return OpenSearchError(
                .timeFieldIsNoDate,
                "the field \(context.timeField) of \(context.index) is not mapped as a date; name one that is with "
                    + "--time-field (\(error.summary ?? ""))", httpStatus: status)
        }
        return nil
    }

    private static func limit(_ error: ServerError, _ status: Int, _ context: RequestContext) -> OpenSearchError? {
        if let limit = error.bracketed(after: "Batch size is too large, size must be less than or equal to: ") {
            var refused = OpenSearchError(
                .pageTooLarge, "the index allows pages of at most \(limit) documents; lower --page-size to that",
                httpStatus: status)
            refused.pageLimit = Int(limit)
            return refused
        }
        if error.says("Keep alive for request") {
            let limit = error.bracketed(after: "It must be less than ", by: ("(", ")")).flatMap { KeepAlive.parse($0) }
            var refused = OpenSearchError(
                .invalidConfiguration,
                "the keep-alive is above the cluster's search.max_keep_alive; raise that to two minutes or more "
                    + "(\(error.summary ?? ""))",
                httpStatus: status, isTransient: limit != nil)
            refused.keepAliveLimit = limit
            return refused
        }
        if error.says("Trying to create too many scroll contexts") {
            return OpenSearchError(
                .overloaded,
                "the server has all scrolls open that it may (search.max_open_scroll_context); clear forgotten ones or "
                    + "read with less at once", httpStatus: status, isTransient: true)
        }
        if error.has(type: "circuit_breaking_exception") {
            return OpenSearchError(
                .overloaded,
                "the server has too little memory for the request; ask for smaller pages, or give it more heap",
                httpStatus: status, isTransient: true, isOutOfMemory: true)
        }
        return nil
    }

    private static func byStatus(_ error: ServerError, _ status: Int, _ context: RequestContext) -> OpenSearchError {
        let said = error.summary.map { " (\($0))" } ?? ""
        let endpoint = context.endpoint
        switch status {
        case 401:
            let fault =
                context.credentials == .none ? "wants credentials and got none" : "refuses \(context.credentials)"
            let remedy =
                context.credentials == .none
                ? "give user and password in OPNILOG_USERNAME and OPNILOG_PASSWORD, or what else the server takes"
                : "give others, or such as are still in force"
            return OpenSearchError(.unauthorized, "\(endpoint) \(fault) (401); \(remedy)", httpStatus: status)
        case 403:
            if let reason = error.summary, !error.says("no permissions for ") {
                return OpenSearchError(
                    .forbidden,
                    "\(endpoint) refuses the request (403): \(reason); look at the block or the policy that says so "
                        + "(\(context.credentials))", httpStatus: status)
            }
            let right = error.bracketed(after: "no permissions for ")
            return OpenSearchError(
                .forbidden,
                "\(endpoint) refuses the request: \(right.map { "the right \($0) is missing" } ?? "a right is missing")"
                    + " for \(context.index) (403); let an administrator grant it (\(context.credentials))",
                httpStatus: status)
        // What is not OpenSearch gives no type, and to a path before ours it answers by a text alone.
        case 400 where error.type.isEmpty || error.says("no handler found for uri"):
            return OpenSearchError(
                .rejected,
                "\(endpoint) does not understand the request\(said); is it the address of OpenSearch, http or https as it "
                    + "listens, without a path?", httpStatus: status)
        case 400:
            return OpenSearchError(
                .invalidQuery, "OpenSearch does not understand the request\(said); correct --query", httpStatus: status)
        case 300..<400:
            return OpenSearchError(
                .rejected,
                "\(endpoint) sends elsewhere (HTTP \(status)); name the address of OpenSearch itself, not one that leads "
                    + "there, as a page for people does", httpStatus: status)
        case 404:
            return OpenSearchError(
                .rejected, "\(endpoint) has no such path\(said); is it the address of OpenSearch?", httpStatus: status)
        case 413:
            return OpenSearchError(
                .pageTooLarge,
                "\(endpoint) or a proxy before it finds the exchange too large (413); ask for smaller "
                    + "pages", httpStatus: status, isTransient: true)
        case 429:
            return OpenSearchError(
                .overloaded, "the server has too much to do\(said); read with less at once, or later",
                httpStatus: status, isTransient: true)
        // At an opening also those that fail when they are fetched from, with the status of their failures.
        case 500 where error.says("Partial shards failure"),
            503 where error.type == "search_phase_execution_exception",
            500..<600 where error.type == "search_phase_execution_exception" && context.purpose == .open:
            return OpenSearchError(
                .partialShards, "not all shards of \(context.index) are there\(said); look at the cluster's health",
                httpStatus: status, isTransient: true)
        case 502, 503, 504:
            return OpenSearchError(
                .unavailable, "\(endpoint) is not ready (HTTP \(status))\(said); it may be starting, or overloaded",
                httpStatus: status, isTransient: true)
        default:
            return OpenSearchError(
                .rejected, "\(endpoint) answered HTTP \(status)\(said); look at the server's log",
                httpStatus: status, isTransient: status >= 500)
        }
    }
}

// MARK: - From pages

extension OpenSearchError {
    /// A page that was answered with 200 but not by all shards. `failures` is the JSON of `_shards.failures`.
    static func partial(
        successful: Int64, total: Int64, failures: UnsafeRawBufferPointer?, _ context: RequestContext
    ) -> OpenSearchError {
        if total == 0 { return noIndexMatches(context, 200) }
        let error = failures.map { ServerError(failures: $0) }
        let said = error?.summary.map { " (\($0))" } ?? ""
        // The shard is there, and its node has no time for it.
        if error?.has(type: "rejected_execution_exception") ?? false {
            return OpenSearchError(
                .overloaded, "the server has too much to do\(said); read with less at once, or later", httpStatus: 200,
                isTransient: true)
        }
        return OpenSearchError(
            .partialShards,
            "only \(successful) of \(total) shards of \(context.index) answered\(said); look at the cluster's health",
            httpStatus: 200, isTransient: true)
    }

    static func partial(_ shards: ShardCounts, _ context: RequestContext) -> OpenSearchError {
        partial(successful: shards.successful, total: shards.total, failures: nil, context)
    }

    private static func noIndexMatches(_ context: RequestContext, _ status: Int) -> OpenSearchError {
        OpenSearchError(
            .noIndexMatches, "the pattern \(context.index) matches no index on \(context.endpoint); correct --index",
            httpStatus: status)
    }

    static func serverTimedOut(_ context: RequestContext) -> OpenSearchError {
        OpenSearchError(
            .timedOut, "\(context.endpoint) gave up its own search before it was whole; ask it for less, or later",
            httpStatus: 200, isTransient: true)
    }

    static func badAnswer(_ what: String, _ context: RequestContext) -> OpenSearchError {
        OpenSearchError(
            .badAnswer,
            "\(context.endpoint) answered something else than OpenSearch would: \(what); is it the address of "
                + "OpenSearch? look at proxies between", httpStatus: 200, isTransient: true)
    }

    static func incomplete(delivered: Int, total: Int, _ context: RequestContext) -> OpenSearchError {
        OpenSearchError(
            .incomplete,
            "a scroll over \(context.index) promised \(total) documents and delivered \(delivered); read it again, and "
                + "look at the cluster's health", httpStatus: 200, isTransient: true)
    }

    /// A page of one document that is still too large.
    static func documentTooLarge(_ bytes: Int, _ opening: ScrollSession.Opening) -> OpenSearchError {
        OpenSearchError(
            .pageTooLarge,
            "a single document of \(opening.index) makes an answer of \(bytes) bytes or more, of which "
                + "\(opening.maximumBytes) are allowed; raise --max-page-bytes, or leave it out by --query")
    }

    static func repeated(_ context: RequestContext) -> OpenSearchError {
        OpenSearchError(
            .incomplete,
            "a scroll over \(context.index) showed a document twice; read it again, and look at proxies between",
            httpStatus: 200, isTransient: true)
    }

    static func skippedClusters(_ count: Int, _ context: RequestContext) -> OpenSearchError {
        OpenSearchError(
            .partialShards,
            "\(count) remote clusters of \(context.index) were skipped, since they cannot be reached; look at their "
                + "connections", httpStatus: 200, isTransient: true)
    }

    static let waitWasCancelled = OpenSearchError(.cancelled, "the reading was cancelled, or its scope has ended")
}

// MARK: - What follows from an error

extension OpenSearchError {
    /// Whether a page with fewer documents may succeed where this one failed.
    var wantsSmallerPages: Bool {
        pageBytes != nil || httpStatus == 413 || code == .timedOut || (code == .overloaded && isOutOfMemory)
    }

    /// Whether the server could not even be asked.
    var isUnreached: Bool { isRepeatable && httpStatus == nil }

    /// Whether it is the cluster's fault, so that its other servers would say the same.
    var isOfCluster: Bool { [.partialShards, .incomplete, .scrollLost].contains(code) }

    /// Whether the rest of a reading is worth having without what failed so: the server is there and knows us.
    var leavesAHole: Bool {
        [.partialShards, .incomplete, .indexNotFound, .noIndexMatches, .scrollLost, .pageTooLarge, .rejected]
            .contains(code)
    }
}
