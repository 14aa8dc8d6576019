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
        let (indices, counts) = try searched(info, expression, request.query, changes)
        if let (successful, total) = changes.shards, successful < total,
            info.parameters["allow_partial_search_results"] == "false"
        {
            throw .missingShards(index: indices.first?.name ?? "_all", shard: successful)
        }
        guard let scroll = request.scroll, !indices.isEmpty else {
            return try plain(request, indices, changes, counts)
        }
        return try open(request, scroll, indices, changes, counts)
    }

    /// The indices that take part in a search or count, each with what matches, and how many of their shards answer.
    private func searched(
        _ info: RequestInfo, _ expression: String?, _ query: SearchQuery, _ changes: AnswerChanges
    ) throws(RequestError) -> ([SearchedIndex], ShardCounts) {
        let preference = try ShardPreference(info.parameters)
        var indices: [SearchedIndex] = []
        var missing = 0
        for named in try resolve(expression, info.parameters) {
            let index = SearchedIndex(named, query, shards: preference?.shards(of: named.index.shards))
            if named.index.isRed, let first = index.shards.first {
                missing += index.shards.count
                if info.parameters["allow_partial_search_results"] == "false" {
                    throw .missingShards(index: named.name, shard: first)
                }
            } else if !index.shards.isEmpty {
                indices.append(index)
            }
        }
        if indices.isEmpty, missing > 0 { throw .noShards }
        var counts = ShardCounts(changes.shards?.total ?? indices.reduce(missing) { $0 + $1.shards.count })
        counts.successful = changes.shards?.successful ?? counts.total - missing
        if changes.losesShard, !indices.isEmpty {
            indices[indices.count - 1].loseShard()
            if indices.last?.shards.isEmpty == true { indices.removeLast() }
            counts.successful -= 1
            if indices.isEmpty { throw .noShards }
        }
        return (indices, counts)
    }

    private func plain(
        _ request: SearchRequest, _ indices: [SearchedIndex], _ changes: AnswerChanges, _ counts: ShardCounts
    ) throws(RequestError) -> HTTPAnswer {
        let limit = request.terminateAfter.flatMap { $0 > 0 ? $0 : nil }
        let found = indices.reduce(0) { $0 + $1.selection.count }
        let total = changes.shrunk(min(found, limit ?? found))
        var answer = SearchAnswer(shards: counts)
        answer.timedOut = changes.timesOut
        answer.terminatedEarly = limit.map { found >= $0 } ?? false
        if request.showsTotal {
            let counted = request.countedHits ?? total
            answer.total = total > counted ? (counted, "gte") : (total, "eq")
        }
        answer.score = request.isSorted ? nil : indices.isEmpty ? "0.0" : "1.0"
        answer.showsSort = request.isSorted
        answer.filter = request.filter
        answer.aggregations = try aggregated(request, indices)
        var context = ScrollContext(
            indices: indices, size: request.from + request.size, filter: request.filter, isSorted: request.isSorted,
            numbers: [], deadline: .now, most: limit)
        let page = changes.timesOut ? [] : context.nextPage().dropFirst(request.from)
        return HTTPAnswer(body: answer.json(indices, Array(page)))
    }

    /// What the aggregations make of the documents; nothing where no shard takes part.
    private func aggregated(_ request: SearchRequest, _ indices: [SearchedIndex]) throws(RequestError) -> String? {
        guard !request.aggregations.isEmpty, !indices.isEmpty else { return nil }
        let groups = indices.map { Aggregation.Group(index: $0.name, selection: $0.selection) }
        return try Aggregation.json(request.aggregations, groups)
    }

    private func open(
        _ request: SearchRequest, _ scroll: String, _ indices: [SearchedIndex], _ changes: AnswerChanges,
        _ counts: ShardCounts
    ) throws(RequestError) -> HTTPAnswer {
        let keepAlive = try KeepAlive.parse(scroll)
        do throws(RequestError) {
            try KeepAlive.check(keepAlive, scroll, most: configuration.maximumKeepAlive)
        } catch {
            throw error.fromShards(of: indices.first?.name)
        }
        let aggregations = try aggregated(request, indices)
        let limit = configuration.maximumOpenContexts
        let outcome: Result<(ScrollContext, [DocumentPlace]), RequestError> = state.withLock { state in
            do throws(RequestError) {
                let opened = try state.open(
                    indices, size: request.size, filter: request.filter, isSorted: request.isSorted,
                    keepAlive: keepAlive, limit: limit, most: request.terminateAfter)
                return .success(try state.advance(opened.numbers[0], keepAlive: keepAlive))
            } catch {
                return .failure(error)
            }
        }
        let (context, page) = try outcome.get()
        return scrollAnswer(context, page, changes, counts, showsID: true, aggregations: aggregations)
    }

    /// One page of a scroll.
    func scrollAnswer(
        _ context: ScrollContext, _ page: [DocumentPlace], _ changes: AnswerChanges, _ counts: ShardCounts,
        showsID: Bool, aggregations: String? = nil
    ) -> HTTPAnswer {
        var answer = SearchAnswer(shards: counts)
        if showsID { answer.scrollID = scrollID(of: context) }
        answer.aggregations = aggregations
        answer.hasBadUTF8 = changes.hasBadUTF8
        answer.timedOut = changes.timesOut
        answer.terminatedEarly = context.isTerminatedEarly
        answer.total = (changes.shrunk(context.total), "eq")
        answer.score = context.isSorted ? nil : "1.0"
        answer.showsSort = context.isSorted
        answer.filter = context.filter
        return HTTPAnswer(body: answer.json(context.indices, changes.timesOut ? [] : page))
    }

    func scrollID(of context: ScrollContext) -> String {
        ScrollID(session: session, contexts: context.numbers, indices: context.indices.map(\.name))
            .text(namesIndices: isVersion3)
    }

    /// `_count`.
    func count(_ info: RequestInfo, _ expression: String?, _ changes: AnswerChanges) throws(RequestError) -> HTTPAnswer
    {
        let body = try RequestBody.parse(info.body)
        guard case .object(let members) = body, members.allSatisfy({ $0.name == "query" }) else {
            throw .parsing("request does not support [\(body.tokenName)]")
        }
        let query = try QueryParser.parse(body["query"])
        let (indices, counts) = try searched(info, expression, query, changes)
        let count = indices.reduce(0) { $0 + $1.selection.count }
        return .json("{\"count\":\(changes.shrunk(count)),\"_shards\":\(counts.json)}")
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

    /// The indices that a path names: a name, a list, patterns, `_all` or nothing for all.
    func resolve(
        _ expression: String?, _ parameters: [String: String]
    ) throws(RequestError) -> [(name: String, index: ServerState.Index)] {
        let all = state.withLock { $0.indices }
        var names: [String] = []
        for part in (expression ?? "_all").split(separator: ",").map(String.init) {
            if part == "_all" || part.contains("*") {
                let open = all.filter { !$0.value.isClosed }.keys
                names += open.filter { part == "_all" || Wildcard.matches(part, $0) }.sorted()
            } else if let index = all[part], !index.isClosed {
                names.append(part)
            } else if parameters["ignore_unavailable"] != "true" {
                throw all[part] == nil ? .indexNotFound(part) : .indexClosed(part)
            }
        }
        if names.isEmpty, parameters["allow_no_indices"] == "false" { throw .indexNotFound(expression ?? "_all") }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }.compactMap { name in all[name].map { (name, $0) } }
    }
}
