/// Asks the server which hours hold documents.
struct WindowPlanner: Sendable {
    let wire: Wire
    let query: ScrollQuery
    let search: SearchBody

    private struct Found {
        var hours: [Int64: Int] = [:]
        var untimed = 0
    }

    func windows() async -> Result<[ScrollWindow], OpenSearchError> {
        await found().map { found in
            WindowPlan.windows(hours: found.hours, untimed: found.untimed, since: query.since, until: query.until)
        }
    }

    /// Nearly always one request is enough. Where the hours are more than the cluster allows a histogram to have, the
    /// time is halved until they are not.
    private func found() async -> Result<Found, OpenSearchError> {
        let whole = await histogram(search.hours())
        guard case .failure(let error) = whole, error.code == .tooManyBuckets else { return whole }
        switch await bounds() {
        case .failure(let error): return .failure(error)
        case .success(nil): return .success(Found())
        case .success(let times?): return await found(in: times)
        }
    }

    private func found(in times: Range<Int64>) async -> Result<Found, OpenSearchError> {
        var open = [times]
        var all = Found()
        while let part = open.popLast() {
            switch await histogram(search.hours(in: part)) {
            case .success(let found):
                // Documents with several dates bring hours of other parts with them, where they are counted, too.
                all.hours.merge(found.hours.filter { part.contains($0.key) }, uniquingKeysWith: max)
            case .failure(let error) where error.code == .tooManyBuckets:
                guard let (early, late) = WindowPlan.halves(of: part) else { return .failure(error) }
                open += [late, early]
            case .failure(let error): return .failure(error)
            }
        }
        return await untimed().map { count in
            all.untimed = count
            return all
        }
    }

    private func histogram(_ body: JSONValue) async -> Result<Found, OpenSearchError> {
        await ask(body).flatMap { answer, context in
            guard let aggregations = answer.aggregations, let hours = aggregations.hours else {
                return .failure(.badAnswer("a search without its aggregations", context))
            }
            var found = Found(untimed: aggregations.untimed?.doc_count ?? 0)
            for bucket in hours.buckets { found.hours[Int64(bucket.key)] = bucket.doc_count }
            return .success(found)
        }
    }

    private func bounds() async -> Result<Range<Int64>?, OpenSearchError> {
        await ask(search.bounds()).map { answer, _ in
            guard let first = answer.aggregations?.first?.value, let last = answer.aggregations?.last?.value else {
                return nil
            }
            return WindowPlan.hours(around: Int64(first), Int64(last))
        }
    }

    /// Documents without a time, asked for apart: a part of the time does not hold them.
    private func untimed() async -> Result<Int, OpenSearchError> {
        await ask(search.untimed()).map { answer, _ in answer.aggregations?.untimed?.doc_count ?? 0 }
    }

    private func ask(_ body: JSONValue) async -> Result<(AggregationAnswer, RequestContext), OpenSearchError> {
        await wire.retrying(nil) { [wire, query] server in
            let context = wire.context(.plan, server, index: query.index, timeField: query.timeField)
            let path =
                "/\(Endpoint.encode(query.index))/_search?allow_partial_search_results=false&allow_no_indices=false"
            return await wire.send(wire.request(.post, path, body, context), context)
                .flatMap { Wire.decode(AggregationAnswer.self, $0, context) }
                .flatMap { answer in
                    guard answer._shards.total >= 1, answer._shards.successful == answer._shards.total else {
                        return .failure(.partial(answer._shards, context))
                    }
                    return answer.timed_out ? .failure(.serverTimedOut(context)) : .success((answer, context))
                }
        }
    }
}
