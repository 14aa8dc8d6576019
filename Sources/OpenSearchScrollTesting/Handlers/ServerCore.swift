import Synchronization

/// Answers requests: what the server is, without the wire. Its parts by endpoint stand in extensions.
final class ServerCore: Sendable {
    let configuration: OpenSearchServer.Configuration
    let state: Mutex<ServerState>
    let session = ScrollID.newSession()

    init(_ configuration: OpenSearchServer.Configuration) {
        self.configuration = configuration
        let indices = configuration.indices.mapValues {
            ServerState.Index(contents: $0, shards: max(1, configuration.shards))
        }
        var state = ServerState(indices: indices)
        state.bearer = configuration.bearer
        state.isSecured = configuration.credentials != nil || configuration.bearer != nil
        self.state = Mutex(state)
    }

    /// Ids of 3.x name the indices, its answers have a version header and do not escape emoji.
    var isVersion3: Bool { configuration.version.hasPrefix("3.") }

    func answer(_ request: IncomingRequest) -> HTTPAnswer {
        let route = Route(request)
        let info = state.withLock { state in
            let ordinal = state.requests[route.kind, default: 0]
            state.requests[route.kind] = ordinal + 1
            return RequestInfo(
                kind: route.kind, ordinal: ordinal, method: request.method, path: request.path,
                parameters: request.parameters, headers: request.headers, body: request.body,
                segments: request.segments)
        }
        var answer = isAuthorized(info) ? faulted(route, info) : Self.unauthorized
        let accepted = request.headers["accept-encoding"] ?? ""
        if configuration.identity == nil, request.method != "HEAD", ContentCoding.takesGzip(accepted) {
            answer = ContentCoding.gzipped(answer)
        }
        if isVersion3 {
            answer.headers.append(("X-OpenSearch-Version", "OpenSearch/\(configuration.version) (opensearch)"))
        }
        return answer
    }

    static let unauthorized = HTTPAnswer(
        status: 401,
        headers: [
            ("content-type", "text/plain; charset=UTF-8"),
            ("WWW-Authenticate", "Basic realm=\"OpenSearch Security\""),
        ],
        body: Array("Unauthorized".utf8))

    private func isAuthorized(_ info: RequestInfo) -> Bool {
        let (isSecured, bearer) = state.withLock { ($0.isSecured, $0.bearer) }
        guard isSecured else { return true }
        let header = info.headers["authorization"] ?? ""
        if header.hasPrefix("Bearer ") { return bearer == String(header.dropFirst(7)) }
        guard header.hasPrefix("Basic "), let (user, password) = configuration.credentials else { return false }
        return Base64.decode(String(header.dropFirst(6))) == Array("\(user):\(password)".utf8)
    }

    /// The answer to a request, be it a refusal.
    func answered(_ route: Route, _ info: RequestInfo, _ changes: AnswerChanges) -> HTTPAnswer {
        do throws(RequestError) {
            return try execute(route, info, changes)
        } catch {
            return .refusal(error, isVersion3: isVersion3)
        }
    }

    private func execute(
        _ route: Route, _ info: RequestInfo, _ changes: AnswerChanges
    ) throws(RequestError) -> HTTPAnswer {
        try route.check(info)
        switch route.endpoint {
        case .root: return root()
        case .search: return try search(info, route.index, changes)
        case .scroll: return try info.method == "DELETE" ? clear(info) : continueScroll(info, changes)
        case .count: return try count(info, route.index, changes)
        case .bulk: return try bulk(info, route.index)
        case .refresh: return try refresh(route.index)
        case .index: return try index(info, route.index ?? "")
        case .unknown: throw .plain(400, "no handler found for uri [\(info.path)] and method [\(info.method)]")
        }
    }

    private func root() -> HTTPAnswer {
        .json(
            """
            {
              "name" : "node-1",
              "cluster_name" : "loopback",
              "cluster_uuid" : "\(session)",
              "version" : {
                "distribution" : "opensearch",
                "number" : "\(configuration.version)",
                "build_type" : "zip",
                "build_hash" : "0000000000000000000000000000000000000000",
                "build_date" : "2026-01-01T00:00:00.000000000Z",
                "build_snapshot" : false,
                "lucene_version" : "\(isVersion3 ? "10.5.0" : "9.12.3")",
                "minimum_wire_compatibility_version" : "\(isVersion3 ? "2.19.0" : "7.10.0")",
                "minimum_index_compatibility_version" : "\(isVersion3 ? "2.0.0" : "7.0.0")"
              },
              "tagline" : "The OpenSearch Project: https://opensearch.org/"
            }

            """)
    }
}
