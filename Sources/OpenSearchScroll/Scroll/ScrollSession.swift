import Synchronization

/// One scroll on one server, from its opening to its clearing.
///
/// A scroll moves on with every request for a page, whether or not the answer arrives. So after anything but a whole
/// page its id is never used again, but to clear it.
final class ScrollSession: Sendable {
    private struct State {
        /// The newest, nil once cleared.
        var scrollID: String?
        /// What the first page promised.
        var total: Int?
        var delivered = 0
        /// Read with the opening, not yet handed out.
        var firstPage: ScrollPage?
        var hasEnded = false
        var failure: OpenSearchError?
        var isIterated = false
    }

    let field: String
    private let wire: Wire
    private let context: RequestContext
    private let keepAlive: String
    private let state = Mutex(State())

    private init(_ wire: Wire, _ context: RequestContext, field: String) {
        self.wire = wire
        self.context = context
        self.field = field
        keepAlive = "\(wire.configuration.keepAlive.milliseconds)ms"
    }

    // MARK: Opening

    /// Opens a scroll; whatever fails, none is left open.
    static func open(
        _ query: ScrollQuery, _ body: SearchBody, _ window: ScrollWindow?, wire: Wire, server: Wire.Server
    ) async -> Result<ScrollSession, OpenSearchError> {
        let context = wire.context(.open, server, index: query.index, timeField: query.timeField)
        let session = ScrollSession(wire, context, field: query.field)
        let path =
            "/\(Endpoint.encode(query.index))/_search?scroll=\(session.keepAlive)"
            + "&allow_partial_search_results=false&allow_no_indices=false"
        let request = wire.request(.post, path, body.open(window), context)
        switch await session.page(request, context, PageDecoder(field: query.field)) {
        case .success(let page):
            session.state.withLock { $0.firstPage = page }
            return .success(session)
        case .failure(let error):
            await session.close()
            return .failure(error)
        }
    }

    // MARK: Pages

    /// The error that ended the scroll, if one did.
    var failure: OpenSearchError? { state.withLock { $0.failure } }

    /// Marks the pages as being read; they can be only once.
    func beginIteration() {
        let isSecond = state.withLock { state in
            defer { state.isIterated = true }
            return state.isIterated
        }
        precondition(!isSecond, "the pages of a scroll can be iterated only once; open another scroll to read again")
    }

    /// The next page, nil after the last; after a failure that failure for ever.
    nonisolated(nonsending) func next(_ decoder: PageDecoder) async -> Result<ScrollPage?, OpenSearchError> {
        if let error = failure { return .failure(error) }
        if Task.isCancelled { return .failure(fail(cancelled)) }
        let (first, id, hasEnded) = state.withLock { state in
            defer { state.firstPage = nil }
            return (state.firstPage, state.scrollID, state.hasEnded)
        }
        if hasEnded { return .success(nil) }
        if let first { return handOut(first) }
        guard let id else {
            return .failure(fail(OpenSearchError(.scrollLost, "the scope of the scroll has ended; read inside of it")))
        }
        var context = self.context
        context.purpose = .next
        let request = wire.request(
            .post, "/_search/scroll", ["scroll": .string(keepAlive), "scroll_id": .string(id)], context)
        switch await page(request, context, decoder) {
        case .success(let page): return handOut(page)
        case .failure(let error): return .failure(fail(error))
        }
    }

    /// Counts a page in. An empty one is the end, and then all must have been there.
    private func handOut(_ page: ScrollPage) -> Result<ScrollPage?, OpenSearchError> {
        let (delivered, total) = state.withLock { state in
            state.delivered += page.count
            state.hasEnded = page.count == 0
            return (state.delivered, state.total ?? 0)
        }
        let isWrong = page.count == 0 ? delivered != total : delivered > total
        if isWrong { return .failure(fail(.incomplete(delivered: delivered, total: total, context))) }
        return .success(page.count == 0 ? nil : page)
    }

    private func fail(_ error: OpenSearchError) -> OpenSearchError {
        state.withLock { $0.failure = $0.failure ?? error }
        return error
    }

    private var cancelled: OpenSearchError { OpenSearchError(.cancelled, "reading \(context.index) was cancelled") }

    /// Sends a request for a page and takes its answer apart; the newest id is kept even if the page is not good.
    nonisolated(nonsending) private func page(
        _ request: HTTPRequest, _ context: RequestContext, _ decoder: PageDecoder
    ) async -> Result<ScrollPage, OpenSearchError> {
        let body: AnswerBody
        switch await wire.sendForScroll(request, context) {
        case .success(let answer): body = answer
        case .failure(let error): return .failure(error)
        }
        do {
            let (envelope, page) = try decoder.decode(body)
            let expected = state.withLock { state in
                state.scrollID = envelope.scrollID ?? state.scrollID
                state.total = state.total ?? envelope.total
                return state.total
            }
            if let error = Self.check(envelope, expected: expected, context) { return .failure(error) }
            return Task.isCancelled ? .failure(cancelled) : .success(page)
        } catch {
            return .failure(.badAnswer(error.reason, context))
        }
    }

    /// Whether a page is what it should be: from all shards, in time, of the snapshot of the first page.
    static func check(
        _ envelope: PageDecoder.Envelope, expected: Int?, _ context: RequestContext
    ) -> OpenSearchError? {
        let (total, successful) = envelope.shards
        if total < 1 || successful != total {
            return envelope.failures.withUnsafeBytes { failures in
                .partial(successful: successful, total: total, failures: failures, context)
            }
        }
        if envelope.timedOut || envelope.terminatedEarly { return .serverTimedOut(context) }
        guard envelope.scrollID != nil else { return .badAnswer("a page without a scroll id", context) }
        guard let found = envelope.total else { return .badAnswer("a page without an exact number of hits", context) }
        // A shard that is lost under a scroll takes its documents out of the total.
        if let expected, found != expected { return .incomplete(delivered: found, total: expected, context) }
        return nil
    }

    // MARK: Clearing

    /// Clears the scroll on the server, also when the task is cancelled. Later calls do nothing.
    func close() async {
        let id = state.withLock { state in
            defer { state.scrollID = nil }
            return state.scrollID
        }
        guard let id else { return }
        // A task of its own is not cancelled with ours.
        await Task { await clear(id) }.value
    }

    private func clear(_ id: String) async {
        let timeout = min(wire.configuration.requestTimeout, .seconds(5))
        var context = self.context
        context.purpose = .clear
        context.timeout = timeout
        let request = wire.request(.delete, "/_search/scroll", ["scroll_id": [.string(id)]], context)
        var outcome = await wire.send(request, context)
        // Unlike a request for a page, this one may be repeated.
        if case .failure(let error) = outcome, error.isTransient { outcome = await wire.send(request, context) }
        guard case .failure(let error) = outcome, error.httpStatus != 404 else { return }
        wire.configuration.onEvent?(.notCleared(error: error))
    }
}
