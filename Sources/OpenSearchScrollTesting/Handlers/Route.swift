/// A request as it comes off the wire.
struct IncomingRequest: Sendable {
    var method: String
    /// Percent-decoded, without the query.
    var path: String
    var parameters: [String: String]
    /// By lower-case name.
    var headers: [String: String]
    var body: [UInt8] = []

    var segments: [String] { path.split(separator: "/").map(String.init) }
}

/// Which endpoint a request is for.
struct Route {
    enum Endpoint {
        case root, search, scroll, count, bulk, refresh, index, unknown
    }

    let endpoint: Endpoint
    /// The index expression of the path, if it has one.
    let index: String?
    let kind: RequestKind

    init(_ request: IncomingRequest) {
        let segments = request.segments
        let last = segments.last ?? ""
        let name = segments.first.flatMap { $0.hasPrefix("_") && $0 != "_all" ? nil : $0 }
        index = name
        let isShort = segments.count == (name == nil ? 1 : 2)
        if segments.isEmpty {
            (endpoint, kind) = (.root, .root)
        } else if segments.starts(with: ["_search", "scroll"]), segments.count <= 3 {
            (endpoint, kind) = (.scroll, request.method == "DELETE" ? .clearScroll : .continueScroll)
        } else if last == "_search", isShort {
            (endpoint, kind) = (.search, request.parameters["scroll"] == nil ? .search : .openScroll)
        } else if last == "_count", isShort {
            (endpoint, kind) = (.count, .count)
        } else if last == "_bulk", isShort {
            (endpoint, kind) = (.bulk, .bulk)
        } else if last == "_refresh", isShort {
            (endpoint, kind) = (.refresh, .refresh)
        } else if name != nil, segments.count == 1, name != "_all" {
            (endpoint, kind) = (.index, .index)
        } else {
            (endpoint, kind) = (.unknown, .other)
        }
    }

    private var methods: [String] {
        switch endpoint {
        case .root: ["GET", "HEAD"]
        case .search, .count, .refresh: ["GET", "POST"]
        case .scroll: ["DELETE", "GET", "POST"]
        case .bulk: ["POST", "PUT"]
        case .index: ["DELETE", "HEAD", "PUT"]
        case .unknown: []
        }
    }

    private static let common: Set<String> = [
        "human", "error_trace", "ignore_unavailable", "allow_no_indices", "expand_wildcards",
    ]

    private var parameters: Set<String> {
        switch endpoint {
        case .search:
            [
                "scroll", "size", "from", "_source", "_source_includes", "_source_excludes", "track_total_hits",
                "allow_partial_search_results", "request_cache", "search_type", "sort", "timeout",
                "max_concurrent_shard_requests", "batched_reduce_size", "pre_filter_shard_size",
                "ccs_minimize_roundtrips", "cancel_after_time_interval", "preference",
            ]
        case .scroll: ["scroll", "scroll_id"]
        case .bulk: ["refresh", "timeout", "wait_for_active_shards"]
        case .index: ["timeout", "cluster_manager_timeout", "wait_for_active_shards"]
        case .count: ["preference"]
        case .root, .refresh, .unknown: []
        }
    }

    /// Of preferences only those for shards are known, so that no other one is taken and then ignored.
    private func takes(_ parameter: String, _ value: String) -> Bool {
        if parameter == "preference", !ShardPreference.isOne(value) { return false }
        return Self.common.contains(parameter) || parameters.contains(parameter)
    }

    /// Refuses methods, parameters and bodies that the endpoint does not take.
    func check(_ info: RequestInfo) throws(RequestError) {
        guard endpoint != .unknown else { return }
        guard methods.contains(info.method) else {
            throw .plain(
                405,
                "Incorrect HTTP method for uri [\(info.path)] and method [\(info.method)], "
                    + "allowed: [\(methods.joined(separator: ", "))]",
                headers: [("allow", methods.joined(separator: ","))])
        }
        let type = info.headers["content-type"] ?? ""
        let media = type.split(separator: ";").first.map { $0.lowercased() } ?? ""
        if !info.body.isEmpty, media != "application/json", media != "application/x-ndjson" {
            throw .plain(406, "Content-Type header [\(type)] is not supported")
        }
        let unknown = info.parameters.filter { !takes($0.key, $0.value) }.keys.sorted()
        guard unknown.isEmpty else {
            let word = unknown.count == 1 ? "parameter" : "parameters"
            let names = unknown.map { "[\($0)]" }.joined(separator: ", ")
            throw .illegalArgument("request [\(info.path)] contains unrecognized \(word): \(names)")
        }
    }
}
