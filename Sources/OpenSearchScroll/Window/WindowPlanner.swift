/// Asks the server which hours hold documents, and splits those that hold too many.
struct WindowPlanner: Sendable {
    let wire: Wire
    let query: ScrollQuery
    let search: SearchBody

    private struct Found {
        var hours: [Int64: Int] = [:]
        var untimed = 0
        var indices: [String: Int] = [:]
        var shards = 0
        var holes: [ScrollHole] = []
    }

    private typealias Answer = (answer: AggregationAnswer, context: RequestContext)

    /// - Parameter allowsPartial: whether shards may be missing; they are holes of the plan then.
    func plan(allowsPartial: Bool = false) async -> Result<ScrollPlan, OpenSearchError> {
        let found: Found
        switch await self.found(allowsPartial) {
        case .failure(let error): return .failure(error)
        case .success(let whole): found = whole
        }
        if found.hours.isEmpty, found.untimed > 0 {
            wire.note(.untimed(documents: found.untimed, timeField: query.timeField))
        }
        var plan = ScrollPlan(
            windows: WindowPlan.windows(
                hours: found.hours, untimed: query.wantsUntimed ? found.untimed : 0, since: query.since,
                until: query.until),
            indices: found.indices, shards: found.shards, holes: found.holes)
        switch await split(plan.windows, shards: found.shards, allowsPartial) {
        case .failure(let error): return .failure(error)
        case .success(let windows): plan.windows = windows
        }
        return .success(plan)
    }

    /// Documents by the name of their index, now, as far as those that the query names are still there.
    ///
    /// - Parameter all: whether of all documents, and not only of the query's.
    func indices(
        ofAll all: Bool = false, allowsPartial: Bool = true
    ) async -> Result<[String: Int], OpenSearchError> {
        let found = await ask(all ? search.names() : search.untimed(), allowsPartial: allowsPartial, mayBeGone: true)
        if case .failure(let error) = found, error.isOfNoIndex { return .success([:]) }
        return found.map { answer, _ in
            let buckets = answer.aggregations?.indices?.buckets ?? []
            return Dictionary(buckets.map { ($0.key, $0.doc_count) }, uniquingKeysWith: +)
        }
    }

    enum Presence { case there, deleted, unknown }

    /// Whether an index of that name is there, with documents or without any.
    func presence(of index: String) async -> Presence {
        let found = await wire.retrying { [wire, query] server -> Result<Presence, OpenSearchError> in
            let context = wire.context(.plan, server, index: index, timeField: query.timeField)
            let path = "/\(Endpoint.encode(index))/_search?allow_partial_search_results=true"
            let answer = await wire.send(wire.request(.post, path, ["size": 0], context), context)
                .flatMap { Wire.decode(AggregationAnswer.self, $0, context) }
            switch answer {
            // Of a remote cluster nothing else is said.
            case .success(let answer): return .success(answer._shards.total > 0 ? .there : .unknown)
            // One that is closed is refused with 400.
            case .failure(let error) where error.code == .indexNotFound && error.httpStatus == 404:
                return .success(.deleted)
            case .failure(let error): return error.code == .partialShards ? .success(.there) : .failure(error)
            }
        }
        return (try? found.get()) ?? .unknown
    }

    /// The indices of which any documents are there now, and over how many shards that is all; nil where that cannot be
    /// told.
    func present() async -> (names: Set<String>, shards: Int)? {
        switch await ask(search.names(), allowsPartial: true, mayBeGone: true) {
        case .success(let (answer, _)):
            (Set((answer.aggregations?.indices?.buckets ?? []).map(\.key)), Int(answer._shards.total))
        case .failure(let error): error.isOfNoIndex ? ([], 0) : nil
        }
    }

    /// How many shards of that number there are now, over all indices; nil where that cannot be told.
    func shards(numbered shard: Int) async -> Int? {
        switch await ask(["size": 0], shard: shard, allowsPartial: true, mayBeGone: true) {
        case .success(let (answer, _)): Int(answer._shards.total)
        case .failure(let error): error.isOfNoIndex ? 0 : nil
        }
    }

    // MARK: Sampling

    private static let sampled = 10

    /// Looks how large documents are, so that the first page already has a good size. What fails here is no matter.
    func sample(_ plan: ScrollPlan, for state: QueryState) async {
        guard state.wantsSample, let window = plan.windows.max(by: { $0.expectedDocuments < $1.expectedDocuments }),
            window.expectedDocuments > PageSizing.first
        else { return }
        let context = wire.context(.plan, wire.servers.current, index: query.index, timeField: query.timeField)
        var path = "/\(Endpoint.encode(query.index))/_search?allow_no_indices=false"
        if let shard = window.shard { path += "&preference=_shards:\(shard)" }
        var request = wire.request(.post, path, state.sampleBody(window, size: Self.sampled), context)
        request.maximumBytes = PageSizing.soft
        switch await wire.send(request, context) {
        case .success(let answer): state.observeSample(documents: Self.sampled, bytes: answer.count)
        case .failure(let error):
            guard let bytes = error.pageBytes else { return }
            state.observeSample(documents: Self.sampled, bytes: max(bytes, PageSizing.soft))
        }
    }

    // MARK: Hours

    /// Nearly always one request is enough. Where the hours are more than the cluster allows a histogram to have, the
    /// time is halved until they are not.
    private func found(_ allowsPartial: Bool) async -> Result<Found, OpenSearchError> {
        let whole = await histogram(search.hours(), allowsPartial)
        guard case .failure(let error) = whole, error.code == .tooManyBuckets else { return whole }
        switch await bounds(allowsPartial) {
        case .failure(let error): return .failure(error)
        case .success(nil): return .success(Found())
        case .success(let times?): return await found(in: times, allowsPartial)
        }
    }

    private func found(in times: Range<Int64>, _ allowsPartial: Bool) async -> Result<Found, OpenSearchError> {
        var open = [times]
        var all = Found()
        while let part = open.popLast() {
            switch await histogram(search.hours(in: part), allowsPartial) {
            case .success(let found):
                // Documents with several dates bring hours of other parts with them, where they are counted, too.
                all.hours.merge(found.hours.filter { part.contains($0.key) }, uniquingKeysWith: max)
            case .failure(let error) where error.code == .tooManyBuckets:
                guard let (early, late) = WindowPlan.halves(of: part) else { return .failure(error) }
                open += [late, early]
            case .failure(let error): return .failure(error)
            }
        }
        return await histogram(search.untimed(), allowsPartial, hasHours: false).map { found in
            all.untimed = found.untimed
            all.indices = found.indices
            all.shards = found.shards
            all.holes = found.holes
            return all
        }
    }

    private func histogram(
        _ body: JSONValue, _ allowsPartial: Bool, hasHours: Bool = true
    ) async -> Result<Found, OpenSearchError> {
        await ask(body, allowsPartial: allowsPartial).flatMap { answer, context in
            guard let aggregations = answer.aggregations, aggregations.hours != nil || !hasHours else {
                return .failure(.badAnswer("a search without its aggregations", context))
            }
            var found = Found(untimed: aggregations.untimed?.doc_count ?? 0)
            for bucket in aggregations.hours?.buckets ?? [] { found.hours[bucket.key.value] = bucket.doc_count }
            for bucket in aggregations.indices?.buckets ?? [] { found.indices[bucket.key] = bucket.doc_count }
            found.shards = Int(answer._shards.total)
            found.holes = holes(answer)
            return .success(found)
        }
    }

    /// What an answer says it did not look at.
    private func holes(_ answer: AggregationAnswer) -> [ScrollHole] {
        var holes: [ScrollHole] = []
        if let skipped = answer._clusters?.skipped, skipped > 0 {
            let names = clusters(without: (answer.aggregations?.indices?.buckets ?? []).map(\.key))
            // A pattern may stand for any, and one may hold nothing.
            let said =
                names.count == skipped
                ? "the remote clusters \(names.joined(separator: ", ")) were skipped, since they cannot be reached; look at "
                : "\(skipped) remote clusters of \(query.index) were skipped, since they cannot be reached; look at "
            holes.append(
                ScrollHole(
                    index: query.index, reason: said + "their connections", skippedClusters: skipped))
        }
        let missing = answer._shards.total - answer._shards.successful
        if missing > 0 {
            holes.append(
                ScrollHole(
                    index: query.index,
                    reason: "\(missing) of \(answer._shards.total) shards of \(query.index) are missing; look at the "
                        + "cluster's health"))
        }
        return holes
    }

    /// Remote clusters that the query names and that none of these indices is of.
    private func clusters(without indices: [String]) -> [String] {
        let prefixes = query.index.split(separator: ",").compactMap { part -> String? in
            guard let colon = part.firstIndex(of: ":") else { return nil }
            return String(part[..<colon])
        }
        return Set(prefixes).sorted().filter { name in
            !name.contains("*") && !indices.contains { $0.hasPrefix(name + ":") }
        }
    }

    private func bounds(_ allowsPartial: Bool) async -> Result<Range<Int64>?, OpenSearchError> {
        await ask(search.bounds(), allowsPartial: allowsPartial).map { answer, _ in
            guard let first = answer.aggregations?.first?.value, let last = answer.aggregations?.last?.value else {
                return nil
            }
            return WindowPlan.hours(around: first, last)
        }
    }

    // MARK: Hot hours

    /// Splits windows that hold more documents than one should: by time, and where a millisecond still holds more, or
    /// there is no time, by shard.
    private func split(
        _ windows: [ScrollWindow], shards: Int, _ allowsPartial: Bool
    ) async -> Result<[ScrollWindow], OpenSearchError> {
        var parts: [ScrollWindow] = []
        var open = Array(windows.reversed())
        while let window = open.popLast() {
            guard window.expectedDocuments > query.windowDocuments else {
                parts.append(window)
                continue
            }
            let result: Result<[ScrollWindow], OpenSearchError>
            if let interval = WindowSplit.interval(of: window, limit: query.windowDocuments) {
                result = await byTime(window, interval, allowsPartial)
            } else if window.shard == nil, shards > 1 {
                result = await byShard(window, shards: shards, allowsPartial)
            } else {
                result = .success([window])
            }
            switch result {
            case .failure(let error): return .failure(error)
            // A split that led to nothing would lead to nothing again.
            case .success(let found) where found.count <= 1: parts += found
            case .success(let found): open += found.reversed()
            }
        }
        return .success(WindowSplit.joined(parts, limit: query.windowDocuments))
    }

    private func byTime(
        _ window: ScrollWindow, _ interval: Int64, _ allowsPartial: Bool
    ) async -> Result<[ScrollWindow], OpenSearchError> {
        await ask(search.parts(of: window, interval: interval), allowsPartial: allowsPartial).map { answer, _ in
            var buckets: [Int64: Int] = [:]
            for bucket in answer.aggregations?.hours?.buckets ?? [] { buckets[bucket.key.value] = bucket.doc_count }
            return WindowSplit.windows(
                of: window, buckets: buckets, interval: interval, limit: query.windowDocuments)
        }
    }

    /// Asks shard after shard, until all that there are have answered: an index may have fewer than another.
    private func byShard(
        _ window: ScrollWindow, shards: Int, _ allowsPartial: Bool
    ) async -> Result<[ScrollWindow], OpenSearchError> {
        var parts: [ScrollWindow] = []
        var seen: Int64 = 0
        var shard = 0
        while seen < shards, shard < shards {
            let body: JSONValue = ["size": 0, "track_total_hits": true, "query": search.documents(window)]
            switch await ask(body, shard: shard, allowsPartial: allowsPartial) {
            case .failure(let error) where error.code == .noIndexMatches: break
            case .failure(let error): return .failure(error)
            case .success(let (answer, _)):
                seen += answer._shards.total
                parts.append(
                    ScrollWindow(times: window.times, shard: shard, expectedDocuments: answer.hits?.total?.value ?? 0))
            }
            shard += 1
        }
        return .success(parts)
    }

    // MARK: Asking

    private func ask(
        _ body: JSONValue, shard: Int? = nil, allowsPartial: Bool, mayBeGone: Bool = false
    ) async -> Result<Answer, OpenSearchError> {
        await wire.retrying { [wire, query] server in
            let context = wire.context(.plan, server, index: query.index, timeField: query.timeField)
            var path =
                "/\(Endpoint.encode(query.index))/_search?allow_partial_search_results=\(allowsPartial)"
                + "&allow_no_indices=false"
            if mayBeGone { path += "&ignore_unavailable=true" }
            if let shard { path += "&preference=_shards:\(shard)" }
            return await wire.send(wire.request(.post, path, body, context), context)
                .flatMap { Wire.decode(AggregationAnswer.self, $0, context) }
                .flatMap { answer in
                    guard answer.isSound else { return .failure(.badAnswer("counts that cannot be", context)) }
                    let shards = answer._shards
                    if shards.total == 0, let skipped = answer._clusters?.skipped, skipped > 0 {
                        return .failure(.skippedClusters(skipped, context))
                    }
                    guard shards.total >= 1, shards.successful == shards.total || allowsPartial,
                        shards.successful >= 1
                    else { return .failure(.partial(shards, context)) }
                    return answer.timed_out ? .failure(.serverTimedOut(context)) : .success((answer, context))
                }
        }
    }
}

extension OpenSearchError {
    /// Whether nothing that was asked for is there.
    var isOfNoIndex: Bool { [.indexNotFound, .noIndexMatches].contains(code) }
}
