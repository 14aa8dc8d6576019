/// One scroll on one server, from its opening to its clearing. One task at a time.
///
/// A scroll moves on with every request for a page, whether or not the answer arrives. So after anything but a whole
/// page its id is never used again, but to clear it; only a request that surely was not carried out is sent again. And
/// never are two requests on the way for one scroll.
final class ScrollSession {
    private struct Sent: Sendable {
        var answer: ScrollAnswer
        /// How often it was sent again.
        var repeats: Int
        /// Why, where the server had no room for it.
        var refusal: OpenSearchError?
    }

    /// What the first page promised.
    private(set) var total = 0
    /// Shards that it is over.
    private(set) var shards = 0
    /// Remote clusters that it is not over.
    private(set) var skippedClusters = 0
    /// Documents that the scroll has shown.
    private(set) var shown = 0
    /// When the server last gave the scroll time to live.
    private(set) var lastAnswer = ContinuousClock.now
    /// Requests sent again on the same scroll.
    private(set) var repeats = 0
    /// The last refusal that was got over on the same scroll.
    private(set) var refusal: OpenSearchError?

    /// How the newest answer came.
    private(set) var timing = TransferTiming(firstByte: .zero, total: .zero)
    private(set) var wireBytes = 0

    let opening: Opening
    private let wire: Wire
    private let context: RequestContext
    private let requests: PageRequests
    private let decoder: PageDecoder
    /// The newest; nil until one is known, and once it is cleared.
    private var scrollID: String?
    private var first: ScrollPage?
    private var ahead: Task<Sent, Never>?

    private init(
        _ opening: Opening, _ wire: Wire, _ context: RequestContext, _ requests: PageRequests, _ decoder: PageDecoder
    ) {
        self.opening = opening
        self.wire = wire
        self.context = context
        self.requests = requests
        self.decoder = decoder
    }

    // MARK: Opening

    /// Bytes of a first page from which on the second one is asked for before the first one is taken apart.
    private static let largeOpening = 256 << 10

    /// What to open: a part of a query, and how.
    struct Opening {
        var index: String
        var timeField: String
        var body: JSONValue
        var shard: Int?
        /// Whether indices that the query names may be gone by now; not all of them.
        var mayBeGone: Bool
        /// Remote clusters that are a hole already.
        var skippedClusters: Int
        var size: Int
        var isWhole: Bool
        var maximumBytes: Int
        var acceptsGzip: Bool?
    }

    /// Opens a scroll and reads its first page; whatever fails, none is left open that we know of.
    ///
    /// - Parameter hasRoom: whether a page may be asked for before the one that has come is taken apart.
    static func open(
        _ opening: Opening, _ decoder: PageDecoder, wire: Wire, server: Wire.Server,
        hasRoom: @escaping @Sendable () -> Bool
    ) async -> Result<ScrollSession, OpenSearchError> {
        let context = wire.context(.open, server, index: opening.index, timeField: opening.timeField)
        let requests = PageRequests(opening, context, wire, hasRoom: hasRoom)
        let session = ScrollSession(opening, wire, context, requests, decoder)
        var path =
            "/\(Endpoint.encode(opening.index))/_search?scroll=\(wire.openingKeepAlive.milliseconds)ms"
            + "&allow_partial_search_results=false&allow_no_indices=false"
        if opening.mayBeGone { path += "&ignore_unavailable=true" }
        if let shard = opening.shard { path += "&preference=_shards:\(shard)" }
        var request = wire.request(.post, path, opening.body, context)
        request.maximumBytes = opening.maximumBytes
        request.acceptsGzip = opening.acceptsGzip
        // Not even its total is known then, so only for a page that takes a while to take apart.
        request.following = { $0.body.count >= largeOpening ? requests.following($0) : nil }
        requests.setWaiting(true)
        let answer = await wire.sendForScroll(request, context)
        requests.setWaiting(false)
        session.follow(answer)
        switch await session.takeIn(answer, context) {
        case .success(let page):
            session.first = page
            if let id = session.scrollID { wire.note(.opened(scroll: id, endpoint: server.endpoint.url)) }
            return .success(session)
        case .failure(let error):
            await session.close()
            return .failure(error)
        }
    }

    // MARK: Pages

    /// The next page, nil after the last: when a page is empty and as many documents have been shown as the first page
    /// promised. That many alone do not make an end, for the promise may have been wrong.
    ///
    /// - Parameter onLast: called when the last page with documents has come, as far as can be known before it is taken
    ///   apart.
    func next(onLast: () -> Void) async -> Result<ScrollPage?, OpenSearchError> {
        let page: ScrollPage
        if let first {
            self.first = nil
            page = first
            if page.count > 0 { askAhead() }
            if opening.size >= total { await tell(onLast) }
        } else {
            let answer = await answer()
            follow(answer)
            // Not behind an answer that broke off, of which the id is known too. When all have been shown this one
            // should be the last, the empty one.
            if case .success = answer.result, answer.scrollID != nil, shown < total { askAhead() }
            if shown + opening.size >= total { await tell(onLast) }
            switch await takeIn(answer, requests.context) {
            case .success(let next): page = next
            case .failure(let error): return .failure(error)
            }
        }
        shown += page.count
        // An empty page is the end, and then all must have been there.
        if shown > total || (page.count == 0 && shown < total) {
            return .failure(.incomplete(delivered: shown, total: total, context))
        }
        return .success(page.count == 0 ? nil : page)
    }

    /// What that wakes should go on at once, not when a page has been taken apart.
    private func tell(_ onLast: () -> Void) async {
        onLast()
        await Task.yield()
    }

    /// Takes over the request for the next page that followed an answer at once, if one did.
    private func follow(_ answer: ScrollAnswer) {
        scrollID = answer.scrollID ?? scrollID
        if let next = answer.next { ahead = Self.sending(next.request, requests.context, wire, next) }
    }

    /// The id stands first in an answer, so the next page can be on its way while this one is taken apart.
    private func askAhead() {
        guard ahead == nil, let scrollID, requests.mayAskAhead else { return }
        ahead = Self.sending(requests.request(scrollID), requests.context, wire)
    }

    /// The answer that was asked for ahead, or else one to a new request.
    private func answer() async -> ScrollAnswer {
        let sent: Sent
        requests.setWaiting(shown < total)
        if let ahead {
            sent = await withTaskCancellationHandler {
                await ahead.value
            } onCancel: {
                ahead.cancel()
            }
            self.ahead = nil
        } else if let scrollID {
            sent = await Self.send(requests.request(scrollID), requests.context, wire)
        } else {
            return ScrollAnswer(result: .failure(.badAnswer("a page without a scroll id", context)))
        }
        requests.setWaiting(false)
        repeats += sent.repeats
        refusal = sent.refusal ?? refusal
        return sent.answer
    }

    private static func sending(
        _ request: HTTPRequest, _ context: RequestContext, _ wire: Wire, _ sent: Transfer? = nil
    ) -> Task<Sent, Never> {
        // At once, on this thread: the server should not wait until another one has woken.
        Task.immediate { await send(request, context, wire, sent: sent) }
    }

    /// Sends a request for a page; again, as long as it surely was not carried out and the scroll has time to live; but
    /// only once where there are other servers, since one that is down may take long to come back.
    private static func send(
        _ request: HTTPRequest, _ context: RequestContext, _ wire: Wire, sent: Transfer? = nil
    ) async -> Sent {
        var persistence = Persistence(wire.configuration)
        let start = ContinuousClock.now
        var sent = sent
        var refusal: OpenSearchError?
        while true {
            let answer = await wire.sendForScroll(request, context, sent: sent)
            sent = nil
            guard case .failure(let error) = answer.result, error.isRepeatable, !Task.isCancelled,
                persistence.retries == 0 || wire.servers.current.endpoint == context.endpoint
                    || error.httpStatus != nil,
                let delay = persistence.delay(
                    after: error, isReached: true, now: .now, random: Double.random(in: 0...1)),
                ContinuousClock.now + delay - start < wire.keepAlive / 2
            else { return Sent(answer: answer, repeats: persistence.retries, refusal: refusal) }
            if error.code == .overloaded { refusal = error }
            wire.note(.retrying(window: nil, attempt: persistence.attempt, after: delay, error: error))
            guard (try? await Task.sleep(for: delay)) != nil else {
                return Sent(answer: answer, repeats: persistence.retries, refusal: refusal)
            }
        }
    }

    /// Takes an answer apart; the newest id is kept even if the page is not good.
    private func takeIn(
        _ answer: ScrollAnswer, _ context: RequestContext
    ) async -> Result<ScrollPage, OpenSearchError> {
        scrollID = answer.scrollID ?? scrollID
        let answered: HTTPAnswer
        switch answer.result {
        case .success(let whole): answered = whole
        case .failure(let error): return .failure(error)
        }
        lastAnswer = answer.arrived
        timing = answered.timing
        wireBytes = answered.wireBytes
        let isFirst = context.purpose == .open
        do {
            let (envelope, page) = try decoder.decode(answered.body)
            scrollID = envelope.scrollID ?? scrollID
            if isFirst {
                (total, shards) = (envelope.total ?? 0, Int(envelope.shards.total))
                skippedClusters = envelope.skippedClusters
            }
            let expected = isFirst ? nil : total
            if let error = Self.check(envelope, expected: expected, skipped: opening.skippedClusters, context) {
                return .failure(error)
            }
            return Task.isCancelled ? .failure(.waitWasCancelled) : .success(page)
        } catch {
            return .failure(.badAnswer(error.reason, context))
        }
    }

    /// Whether a page is what it should be: from all shards, in time, of the snapshot of the first page.
    ///
    /// - Parameter skipped: remote clusters that may be missing, since they are known to be.
    static func check(
        _ envelope: PageDecoder.Envelope, expected: Int?, skipped: Int = 0, _ context: RequestContext
    ) -> OpenSearchError? {
        let (total, successful) = envelope.shards
        if envelope.skippedClusters > skipped { return .skippedClusters(envelope.skippedClusters, context) }
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

    /// The error for a scroll that shows a document twice.
    var repeated: OpenSearchError { .repeated(context) }

    // MARK: Clearing

    /// Clears the scroll on the server, also when the task is cancelled. Later calls do nothing.
    func close() async {
        if let ahead {
            // No other request for a scroll while one is on its way.
            ahead.cancel()
            scrollID = await ahead.value.answer.scrollID ?? scrollID
            self.ahead = nil
        }
        guard let id = scrollID else { return }
        scrollID = nil
        await wire.clear([id], context)
    }
}
