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
        state = Mutex(ServerState(indices: indices))
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
        if isVersion3 {
            answer.headers.append(("X-OpenSearch-Version", "OpenSearch/\(configuration.version) (opensearch)"))
        }
        return answer
    }

    private static let unauthorized = HTTPAnswer(
        status: 401,
        headers: [
            ("content-type", "text/plain; charset=UTF-8"),
            ("WWW-Authenticate", "Basic realm=\"OpenSearch Security\""),
        ],
        body: Array("Unauthorized".utf8))

    private func isAuthorized(_ info: RequestInfo) -> Bool {
        guard let (user, password) = configuration.credentials else { return true }
        guard let header = info.headers["authorization"], header.hasPrefix("Basic ") else { return false }
        return Base64.decode(String(header.dropFirst(6))) == Array("\(user):\(password)".utf8)
    }

    /// Executes a request around what is to go wrong with it.
    private func faulted(_ route: Route, _ info: RequestInfo) -> HTTPAnswer {
        let fault = configuration.fault?(info)
        var changes = AnswerChanges()
        var ending = HTTPAnswer.Ending.whole
        switch fault {
        case nil: break
        case .closeBeforeExecuting: return HTTPAnswer(ending: .close)
        case .stall: return HTTPAnswer(ending: .stall)
        case .status(let status, let body): return Self.scripted(status, body)
        case .statusLosingContext(let status, let body):
            loseContexts(info)
            return Self.scripted(status, body)
        case .loseContext: loseContexts(info)
        case .closeBeforeAnswer: ending = .close
        case .cutBody(let count): ending = .cut(at: count)
        case .missingShards(let successful, let total): changes.shards = (successful, total)
        case .timedOut: changes.timesOut = true
        case .shrinkTotal(let count): changes.shrink = count
        }
        var answer: HTTPAnswer
        do throws(RequestError) {
            answer = try execute(route, info, changes)
        } catch {
            answer = .refusal(error, isVersion3: isVersion3)
        }
        answer.ending = ending
        return answer
    }

    private static func scripted(_ status: Int, _ body: String) -> HTTPAnswer {
        var answer = HTTPAnswer.json(body, status: UInt32(status))
        if !body.hasPrefix("{") { answer.headers = [("content-type", "text/html")] }
        return answer
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

    /// Frees what the ids in a continuation or clear name.
    private func loseContexts(_ info: RequestInfo) {
        guard let ids = try? scrollIDs(of: info).compactMap(ScrollID.init) else { return }
        state.withLock { state in
            for id in ids where id.session == session { _ = id.contexts.first.map { state.free($0) } }
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

/// What a fault changes in an answer that is otherwise given as usual.
struct AnswerChanges {
    var shards: (successful: Int, total: Int)?
    var timesOut = false
    var shrink = 0

    /// `_shards` of an answer over so many shards.
    func counts(_ total: Int, isContinuation: Bool) -> ShardCounts {
        var counts = ShardCounts(shards?.total ?? total)
        counts.successful = shards?.successful ?? counts.total
        counts.namesFailures = isContinuation
        return counts
    }

    /// A total less what the fault takes away.
    func shrunk(_ total: Int) -> Int { max(0, total - shrink) }
}
