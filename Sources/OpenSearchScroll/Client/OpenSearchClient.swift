/// Reads documents out of OpenSearch by scrolls.
///
/// ```swift
/// let client = try OpenSearchClient(configuration: .init(endpoints: ["https://opensearch.example:9200"]))
/// let query = ScrollQuery(index: "logs")
/// for window in try await client.windows(of: query) {
///     try await client.readWindow(window, of: query) { pages in
///         for try await page in pages { page.forEachMessage { message in … } }
///     }
/// }
/// ```
/// It holds connections and one thread until it goes. Any task may use it, and several at once.
public final class OpenSearchClient: Sendable {
    private let wire: Wire

    /// - Throws: when a setting cannot be, such as an endpoint that is no URL. Nothing is sent yet.
    public init(configuration: OpenSearchConfiguration) throws(OpenSearchError) {
        wire = try Wire(configuration)
    }

    // MARK: Reading

    /// Opens a scroll over a query or one window of it, runs `body` with its pages, and clears it, however `body` ends:
    /// by return, break, throw or cancellation. The clearing is over when this returns.
    ///
    /// The opening is tried again after a passing failure; nothing is, once `body` runs.
    ///
    /// - Throws: an ``OpenSearchError`` when the scroll cannot be opened, and whatever `body` throws.
    public func withScroll<R>(
        _ query: ScrollQuery, window: ScrollWindow? = nil, isolation: isolated (any Actor)? = #isolation,
        _ body: (ScrollPages) async throws -> R
    ) async throws -> R {
        let search = try SearchBody(query)
        let session = try await wire.retrying(window) { [wire] server in
            await ScrollSession.open(query, search, window, wire: wire, server: server)
        }.get()
        return try await run(session, isolation: isolation, body).get()
    }

    /// Reads a window whole: `body` is run with the pages of a scroll, and from the start with those of another one, up
    /// to ``OpenSearchConfiguration/attempts`` times, whenever the scroll fails.
    ///
    /// What `body` made of the pages of an attempt that failed must be thrown away at the start of the next.
    ///
    /// - Throws: the last ``OpenSearchError`` of the scroll; whatever `body` throws by itself, at once.
    public func readWindow<R>(
        _ window: ScrollWindow, of query: ScrollQuery, isolation: isolated (any Actor)? = #isolation,
        _ body: (ScrollPages) async throws -> R
    ) async throws -> R {
        let search = try SearchBody(query)
        var attempt = 1
        while true {
            let error: OpenSearchError
            switch await ScrollSession.open(query, search, window, wire: wire, server: wire.server(forAttempt: attempt))
            {
            case .failure(let failure): error = failure
            case .success(let session):
                let result = await run(session, isolation: isolation, body)
                // A body may catch the scroll's error and return as if nothing were; that does not make it whole.
                guard let failure = session.failure else { return try result.get() }
                error = failure
            }
            guard error.isTransient, attempt < wire.configuration.attempts, !Task.isCancelled else { throw error }
            attempt += 1
            if let cancelled = await wire.pause(before: attempt, window, error) { throw cancelled }
        }
    }

    private func run<R>(
        _ session: ScrollSession, isolation: isolated (any Actor)?, _ body: (ScrollPages) async throws -> R
    ) async -> Result<R, any Error> {
        let result: Result<R, any Error>
        do {
            result = .success(try await body(ScrollPages(session: session)))
        } catch {
            result = .failure(error)
        }
        await session.close()
        return result
    }

    // MARK: Planning

    /// The parts that a query falls into: the hours (UTC) that hold documents, cut at `since` and `until`, in order, and
    /// last the documents without a time, if the query has neither limit. None when nothing matches.
    ///
    /// Documents are not doubled between windows: one with several dates is in the window of its smallest.
    public func windows(of query: ScrollQuery) async throws(OpenSearchError) -> [ScrollWindow] {
        let planner = WindowPlanner(wire: wire, query: query, search: try SearchBody(query))
        return try await planner.windows().get()
    }

    /// How many documents match now.
    public func count(_ query: ScrollQuery) async throws(OpenSearchError) -> Int {
        let search = try SearchBody(query)
        let wire = self.wire
        let result = await wire.retrying(nil) { server -> Result<Int, OpenSearchError> in
            let context = wire.context(.count, server, index: query.index, timeField: query.timeField)
            let path = "/\(Endpoint.encode(query.index))/_count?allow_no_indices=false"
            let request = wire.request(.post, path, search.count(), context)
            return await wire.send(request, context)
                .flatMap { Wire.decode(CountAnswer.self, $0, context) }
                .flatMap { answer in
                    guard answer._shards.total >= 1, answer._shards.successful == answer._shards.total else {
                        return .failure(.partial(answer._shards, context))
                    }
                    return .success(answer.count)
                }
        }
        return try result.get()
    }

    /// The version of the server, nil if we do not have the right to know it.
    public func serverVersion() async throws(OpenSearchError) -> String? {
        let wire = self.wire
        let result = await wire.retrying(nil) { server -> Result<String?, OpenSearchError> in
            let context = wire.context(.root, server)
            let answer = await wire.send(wire.request(.get, "/", nil, context), context)
            if case .failure(let error) = answer, error.code == .forbidden { return .success(nil) }
            return answer.flatMap { Wire.decode(RootAnswer.self, $0, context) }.map(\.version.number)
        }
        return try result.get()
    }
}
