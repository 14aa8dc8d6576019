import Glibc
import ProcessLimits
import Synchronization

/// Reads documents out of OpenSearch by scrolls, each exactly once.
///
/// ```swift
/// let client = try OpenSearchClient(configuration: .init(endpoints: ["https://opensearch.example:9200"]))
/// try await client.withScroll(ScrollQuery(index: "logs")) { pages in
///     for try await page in pages { page.forEachMessage { message in … } }
/// }
/// ```
/// It holds connections and one thread until it goes. Any task may use it, and several at once.
public final class OpenSearchClient: Sendable {
    private let wire: Wire
    /// Of the queries that were asked last, the newest one at the end: a service may ask new ones for years.
    private let states = Mutex<[QueryState]>([])
    private static let rememberedQueries = 64

    /// - Throws: when a setting cannot be, such as an endpoint that is no URL. Nothing is sent yet.
    public init(configuration: OpenSearchConfiguration) throws(OpenSearchError) {
        wire = try Wire(configuration)
    }

    /// Counters and latencies since the client was made.
    public var metrics: ScrollMetrics { wire.metrics.snapshot }

    // MARK: Reading

    /// Reads all documents of a query and runs `body` with their pages; several windows are read at once
    /// (``OpenSearchConfiguration/parallel``). Each document is in exactly one page, whatever fails meanwhile: what is
    /// lost is read again, and what has been handed out already is left out.
    ///
    /// However `body` ends, by return, break, throw or cancellation: when this returns no scroll is open any more.
    ///
    /// - Throws: an ``OpenSearchError`` when something cannot be read, and whatever `body` throws.
    public func withScroll<R>(
        _ query: ScrollQuery, isolation: isolated (any Actor)? = #isolation, _ body: (ScrollPages) async throws -> R
    ) async throws -> R {
        let plan = try await plan(query)
        let (result, reading) = try await read(plan, of: query, isolation: isolation, body)
        let proof = reading.proof
        // A pattern simply means less when one of its indices goes.
        if !query.toleratesHoles, proof.windows.count == plan.windows.count {
            let missed = reading.watch.everMissing
            let lost = try await lost(since: plan, try state(query), missed, delivered: proof.indices)
            if let first = lost.first { throw OpenSearchError(.indexNotFound, first.hole.reason) }
        }
        return result
    }

    /// Reads the windows of a plan, perhaps only those that remain, as ``withScroll(_:isolation:_:)`` does.
    ///
    /// - Parameter earlier: what an earlier run has handed out of these windows, and perhaps of others: it is not
    ///   handed out again, but counted.
    /// - Throws: an ``OpenSearchError`` when something cannot be read, and whatever `body` throws.
    public func withScroll<R>(
        _ plan: ScrollPlan, of query: ScrollQuery, except earlier: DeliveredDocuments? = nil,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (ScrollPages) async throws -> R
    ) async throws -> R {
        try await read(plan, of: query, except: earlier, isolation: isolation, body).result
    }

    private func read<R>(
        _ plan: ScrollPlan, of query: ScrollQuery, except earlier: DeliveredDocuments? = nil,
        isolation: isolated (any Actor)?, _ body: (ScrollPages) async throws -> R
    ) async throws -> (result: R, reading: Reading) {
        let parallel = parallel(shards: plan.shards)
        let state = try state(query)
        let watch = state.take(plan)
        state.allow(parallel)
        let reading = Reading(
            plan.windows, state, watch, wire: wire, parallel: parallel, holes: plan.holes, earlier: earlier)
        let result = try await reading.run(isolation: isolation, body)
        return (result, reading)
    }

    /// Reads one window, as ``withScroll(_:isolation:_:)`` reads all.
    ///
    /// - Throws: an ``OpenSearchError`` when something cannot be read, and whatever `body` throws.
    public func readWindow<R>(
        _ window: ScrollWindow, of query: ScrollQuery, isolation: isolated (any Actor)? = #isolation,
        _ body: (ScrollPages) async throws -> R
    ) async throws -> R {
        try await readWindow(window, of: query, waitsAtMost: OpeningGate.longestWait, isolation: isolation, body)
    }

    /// - Parameter waitsAtMost: how long for a scroll that is allowed; nil where no caller of this one holds one.
    package func readWindow<R>(
        _ window: ScrollWindow, of query: ScrollQuery, waitsAtMost: Duration?,
        isolation: isolated (any Actor)? = #isolation, _ body: (ScrollPages) async throws -> R
    ) async throws -> R {
        let state = try state(query)
        let reading = Reading([window], state, state.watch, wire: wire, parallel: 1, waitsAtMost: waitsAtMost)
        return try await reading.run(isolation: isolation, body)
    }

    /// The first page of a window, to see what its documents are like: no second one is asked for.
    ///
    /// - Returns: nil where the window is empty, or out of reach though the query tolerates holes.
    package func firstPage(
        _ window: ScrollWindow, of query: ScrollQuery
    ) async throws(OpenSearchError) -> ScrollPage? {
        let state = try state(query)
        let decoder = PageDecoder(content: query.content, field: query.field)
        let place = await state.gate.enter()
        defer { place.leave() }
        let wire = self.wire
        let result = await wire.retrying { server -> Result<ScrollPage?, OpenSearchError> in
            let opened = await ScrollSession.open(
                state.opening(window, wire.configuration), decoder, wire: wire, server: server, hasRoom: { false })
            guard case .success(let session) = opened else { return opened.map { _ in nil } }
            let page = await session.next(onLast: {})
            await session.close()
            return page
        }
        if case .failure(let error) = result, query.toleratesHoles, error.leavesAHole { return nil }
        return try result.get()
    }

    /// Windows of this plan will be read one by one; it may name indices of earlier plans too.
    package func goOn(with plan: ScrollPlan, of query: ScrollQuery) throws(OpenSearchError) {
        try state(query).take(plan)
    }

    func state(_ query: ScrollQuery) throws(OpenSearchError) -> QueryState {
        let made = QueryState(query, try SearchBody(query))
        return states.withLock { states in
            let known = states.firstIndex { $0.query == query }
            let state = known.map { states.remove(at: $0) } ?? made
            states.append(state)
            if states.count > Self.rememberedQueries { states.removeFirst() }
            return state
        }
    }

    /// How many windows of a plan are worth reading at once by ``readWindow(_:of:isolation:_:)``: as many as scrolls
    /// may be open, and one that is there to read while another one is committed. Further ones would wait for these.
    package func windowsAtOnce(for plan: ScrollPlan) -> Int { parallel(shards: plan.shards) + 1 }

    /// How many scrolls to read at once. A second one for each shard is answered while the first one's page is on its
    /// way; a production server should not have to bear more without being asked.
    private func parallel(shards: Int) -> Int {
        wire.configuration.parallel ?? max(1, min(2 * shards, CoreCount.available))
    }

    // MARK: Planning

    /// What there is to read: the hours (UTC) that hold documents, cut at the query's limits, those with too many split
    /// further, and the documents without a time if they are wanted.
    ///
    /// Documents are not doubled between windows: one with several dates is in the window of its smallest.
    public func plan(_ query: ScrollQuery) async throws(OpenSearchError) -> ScrollPlan {
        let state = try state(query)
        let planner = WindowPlanner(wire: wire, query: query, search: state.search)
        var plan = await planner.plan()
        if case .failure(let error) = plan, query.toleratesHoles, error.code == .partialShards {
            state.hasMissingShards = true
            plan = await planner.plan(allowsPartial: true)
        }
        let made = try plan.get()
        state.take(made, isNew: true)
        state.allow(parallel(shards: made.shards))
        await planner.sample(made, for: state)
        return made
    }

    /// The windows of ``plan(_:)``.
    public func windows(of query: ScrollQuery) async throws(OpenSearchError) -> [ScrollWindow] {
        try await plan(query).windows
    }

    /// What was planned and cannot have been read: of indices that were deleted while they were read, and, where some
    /// were away for a while, of those too. That documents came and went, or are the query's no longer, is no hole.
    ///
    /// It is to be asked of the client that read the plan, before it makes another one of the query: it knows who was
    /// away.
    ///
    /// - Parameters:
    ///   - plan: as it was before the reading; it may name indices of earlier plans too.
    ///   - delivered: documents handed out by index.
    /// - Returns: a hole for each such index.
    public func vanished(
        since plan: ScrollPlan, of query: ScrollQuery, delivered: [String: Int]
    ) async throws(OpenSearchError) -> [ScrollHole] {
        try await lost(since: plan, of: query, delivered: delivered).map(\.hole)
    }

    /// The same, with whether the index is gone.
    ///
    /// - Parameter earlier: what windows that earlier runs have read were read without.
    package func lost(
        since plan: ScrollPlan, of query: ScrollQuery, delivered: [String: Int], missedEarlier earlier: Set<String> = []
    ) async throws(OpenSearchError) -> [LostIndex] {
        let state = try state(query)
        return try await lost(since: plan, state, state.watch.everMissing.union(earlier), delivered: delivered)
    }

    private func lost(
        since plan: ScrollPlan, _ state: QueryState, _ missed: Set<String>, delivered: [String: Int]
    ) async throws(OpenSearchError) -> [LostIndex] {
        let short = plan.indices.filter { $0.value > delivered[$0.key] ?? 0 || missed.contains($0.key) }
        // What a plan could not see it says itself.
        let isUntold = missed.contains(WindowReport.someIndices) && plan.holes.isEmpty
        if short.isEmpty { return isUntold ? [.untold(query: state.query.index)] : [] }
        let planner = WindowPlanner(wire: wire, query: state.query, search: state.search)
        let now = try await planner.indices().get()
        let isAllThere = short.keys.allSatisfy { now[$0] != nil }
        // Where nothing may be missing, a shard that does not answer is no proof that its index is gone.
        let existing =
            isAllThere ? now : try await planner.indices(ofAll: true, allowsPartial: state.query.toleratesHoles).get()
        var lost: [LostIndex] = isUntold ? [.untold(query: state.query.index)] : []
        for (name, planned) in short.sorted(by: { $0.key < $1.key }) {
            let count = delivered[name] ?? 0
            var presence = WindowPlanner.Presence.there
            if existing[name] == nil { presence = await planner.presence(of: name) }
            guard presence == .there else {
                if count < planned { lost.append(.init(name, presence, missing: planned - count, of: planned)) }
                continue
            }
            // That documents came and went while it was there is drift.
            guard missed.contains(name) else { continue }
            // One that was deleted and made anew is as good as gone.
            let missing = (now[name] == nil ? planned : min(planned, now[name] ?? 0)) - count
            if missing > 0 || now[name] != nil {
                lost.append(.init(name, presence, missing: missing, of: planned))
            }
        }
        return lost
    }

    /// How many documents match now.
    public func count(_ query: ScrollQuery, window: ScrollWindow? = nil) async throws(OpenSearchError) -> Int {
        let search = try SearchBody(query)
        let wire = self.wire
        let result = await wire.retrying { server -> Result<Int, OpenSearchError> in
            let context = wire.context(.count, server, index: query.index, timeField: query.timeField)
            var path = "/\(Endpoint.encode(query.index))/_count?allow_no_indices=false"
            if let shard = window?.shard { path += "&preference=_shards:\(shard)" }
            let request = wire.request(.post, path, search.count(window), context)
            return await wire.send(request, context)
                .flatMap { Wire.decode(CountAnswer.self, $0, context) }
                .flatMap { answer in
                    guard answer._shards.total >= 1, answer._shards.successful == answer._shards.total else {
                        return .failure(.partial(answer._shards, context))
                    }
                    return AggregationAnswer.isSound(answer.count)
                        ? .success(answer.count) : .failure(.badAnswer("counts that cannot be", context))
                }
        }
        return try result.get()
    }

    /// The version of the server, nil if we do not have the right to know it.
    public func serverVersion() async throws(OpenSearchError) -> String? {
        let wire = self.wire
        let result = await wire.retrying { server -> Result<String?, OpenSearchError> in
            let context = wire.context(.root, server)
            let answer = await wire.send(wire.request(.get, "/", nil, context), context)
            if case .failure(let error) = answer, error.code == .forbidden { return .success(nil) }
            return answer.flatMap { Wire.decode(RootAnswer.self, $0, context) }.map(\.version.number)
        }
        return try result.get()
    }

    // MARK: Clearing

    /// Frees scrolls that an earlier process left open (``ScrollEvent/opened(scroll:endpoint:)``). Those that the
    /// server no longer has are no error; one that cannot be freed ends by its keep-alive.
    public func clear(_ scrolls: [String]) async {
        guard !scrolls.isEmpty else { return }
        await wire.clear(scrolls, wire.context(.clear, wire.servers.current))
    }
}
