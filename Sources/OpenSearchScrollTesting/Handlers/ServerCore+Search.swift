import Synchronization

extension ServerCore {
    /// `_search`, with a scroll or without.
    func search(_ info: RequestInfo, _ expression: String?, _ changes: AnswerChanges) throws(RequestError) -> HTTPAnswer
    {
        var request: SearchRequest
        do throws(RequestError) {
            request = try SearchRequest(info)
            request.filter.escapesAstral = !isVersion3
        } catch {
            throw located(error, expression)
        }
        let indices = try resolve(expression, info.parameters).map { named in
            SearchedIndex(
                name: named.name, shards: named.index.shards, contents: named.index.contents,
                selection: named.index.contents.select(request.query))
        }
        if let (successful, total) = changes.shards, successful < total {
            try refuseMissingShards(info, indices.first?.name ?? "_all", successful)
        }
        guard let scroll = request.scroll, !indices.isEmpty else { return try plain(request, indices, changes) }
        return try open(request, scroll, indices, changes)
    }

    private func plain(
        _ request: SearchRequest, _ indices: [SearchedIndex], _ changes: AnswerChanges
    ) throws(RequestError) -> HTTPAnswer {
        let limit = request.terminateAfter.flatMap { $0 > 0 ? $0 : nil }
        let found = indices.reduce(0) { $0 + $1.selection.count }
        let total = changes.shrunk(min(found, limit ?? found))
        let shards = indices.reduce(0) { $0 + $1.shards }
        var answer = SearchAnswer(shards: changes.counts(shards, isContinuation: false))
        answer.timedOut = changes.timesOut
        answer.terminatedEarly = limit.map { found >= $0 } ?? false
        if request.showsTotal {
            let counted = request.countedHits ?? total
            answer.total = total > counted ? (counted, "gte") : (total, "eq")
        }
        answer.score = request.isSorted ? nil : indices.isEmpty ? "0.0" : "1.0"
        answer.showsSort = request.isSorted
        answer.filter = request.filter
        if !request.aggregations.isEmpty {
            answer.aggregations = try Aggregation.json(request.aggregations, indices.map(\.selection))
        }
        var context = ScrollContext(
            indices: indices, size: request.from + request.size, filter: request.filter, isSorted: request.isSorted,
            numbers: [], deadline: .now, most: limit)
        let page = changes.timesOut ? [] : context.nextPage().dropFirst(request.from)
        return HTTPAnswer(body: answer.json(indices, Array(page)))
    }

    private func open(
        _ request: SearchRequest, _ scroll: String, _ indices: [SearchedIndex], _ changes: AnswerChanges
    ) throws(RequestError) -> HTTPAnswer {
        let keepAlive = try KeepAlive.parse(scroll)
        do throws(RequestError) {
            try KeepAlive.check(keepAlive, scroll)
        } catch {
            throw error.fromShards(of: indices.first?.name)
        }
        let limit = configuration.maximumOpenContexts
        let outcome: Result<(ScrollContext, [DocumentPlace]), RequestError> = state.withLock { state in
            do throws(RequestError) {
                let opened = try state.open(
                    indices, size: request.size, filter: request.filter, isSorted: request.isSorted,
                    keepAlive: keepAlive, limit: limit, most: request.terminateAfter)
                return .success(
                    state.advance(opened.numbers[0], keepAlive: keepAlive) ?? (context: opened, page: []))
            } catch {
                return .failure(error)
            }
        }
        let (context, page) = try outcome.get()
        return scrollAnswer(context, page, changes, showsID: true, isContinuation: false)
    }

    /// One page of a scroll.
    func scrollAnswer(
        _ context: ScrollContext, _ page: [DocumentPlace], _ changes: AnswerChanges, showsID: Bool,
        isContinuation: Bool
    ) -> HTTPAnswer {
        let shards = context.numbers.count
        var answer = SearchAnswer(shards: changes.counts(shards, isContinuation: isContinuation))
        if showsID {
            let id = ScrollID(session: session, contexts: context.numbers, indices: context.indices.map(\.name))
            answer.scrollID = id.text(namesIndices: isVersion3)
        }
        answer.timedOut = changes.timesOut
        answer.terminatedEarly = context.isTerminatedEarly
        answer.total = (changes.shrunk(context.total), "eq")
        answer.score = context.isSorted ? nil : "1.0"
        answer.showsSort = context.isSorted
        answer.filter = context.filter
        return HTTPAnswer(body: answer.json(context.indices, changes.timesOut ? [] : page))
    }

    /// `_count`.
    func count(_ info: RequestInfo, _ expression: String?, _ changes: AnswerChanges) throws(RequestError) -> HTTPAnswer
    {
        let body = try RequestBody.parse(info.body)
        guard case .object(let members) = body, members.allSatisfy({ $0.name == "query" }) else {
            throw .parsing("request does not support [\(body.tokenName)]")
        }
        let query = try QueryParser.parse(body["query"])
        let indices = try resolve(expression, info.parameters)
        let count = indices.reduce(0) { $0 + $1.index.contents.select(query).count }
        let shards = changes.counts(indices.reduce(0) { $0 + $1.index.shards }, isContinuation: false)
        return .json("{\"count\":\(changes.shrunk(count)),\"_shards\":\(shards.json)}")
    }

    /// Errors that only the shards find name the index that they are of.
    private func located(_ error: RequestError, _ expression: String?) -> RequestError {
        switch error.type {
        case "query_shard_exception", "search_exception": break
        default:
            guard case .allShards = error.shape else { return error }
        }
        var located = error.fromShards(of: expression ?? "_all")
        if error.type == "query_shard_exception" {
            let index = JSONWriter.quoted(expression ?? "_all")
            located.details = ",\"index\":\(index),\"index_uuid\":\"\(session)\""
        }
        return located
    }

    /// An opening that will have no partial results is refused when a shard is missing.
    private func refuseMissingShards(
        _ info: RequestInfo, _ index: String, _ shard: Int
    ) throws(RequestError) {
        guard info.parameters["allow_partial_search_results"] == "false" else { return }
        throw RequestError(
            status: 503, type: "search_phase_execution_exception",
            reason: "Search rejected due to missing shards [[\(index)][\(shard)]]. Consider using "
                + "`allow_partial_search_results` setting to bypass this error.",
            shape: .causeOnly(phase: "can_match"))
    }

    /// The indices that a path names: a name, a list, patterns, `_all` or nothing for all.
    func resolve(
        _ expression: String?, _ parameters: [String: String]
    ) throws(RequestError) -> [(name: String, index: ServerState.Index)] {
        let all = state.withLock { $0.indices }
        var names: [String] = []
        for part in (expression ?? "_all").split(separator: ",").map(String.init) {
            if part == "_all" || part.contains("*") {
                names += all.keys.filter { part == "_all" || Wildcard.matches(part, $0) }.sorted()
            } else if all[part] != nil {
                names.append(part)
            } else if parameters["ignore_unavailable"] != "true" {
                throw .indexNotFound(part)
            }
        }
        if names.isEmpty, parameters["allow_no_indices"] == "false" { throw .indexNotFound(expression ?? "_all") }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }.compactMap { name in all[name].map { (name, $0) } }
    }
}
