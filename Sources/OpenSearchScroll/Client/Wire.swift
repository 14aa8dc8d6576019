import FoundationEssentials

/// A client's servers and the way to them: requests go out here, and only what was answered well comes back.
struct Wire: Sendable {
    struct Server: Sendable {
        var endpoint: Endpoint
        var credentials: Credentials
    }

    let transport: Transport
    let servers: ServerChoice
    let configuration: OpenSearchConfiguration
    let metrics = MetricsRecorder()
    private let keepAlives: KeepAlive

    init(_ configuration: OpenSearchConfiguration) throws(OpenSearchError) {
        try configuration.check()
        var servers: [Server] = []
        for url in configuration.endpoints {
            let (endpoint, own) = try Endpoint.parse(url)
            servers.append(Server(endpoint: endpoint, credentials: own ?? configuration.credentials))
        }
        self.servers = ServerChoice(servers)
        self.configuration = configuration
        keepAlives = KeepAlive(configuration.keepAlive)
        transport = try Transport(TransportSettings(configuration))
    }

    /// The time that a scroll gets with each page.
    var keepAlive: Duration { keepAlives.duration }

    /// How long a page may wait for its consumer before the scroll is freed.
    var parkAfter: Duration { min(configuration.parkAfter, keepAlive / 2) }

    /// The time that it gets with its opening. An opening whose answer is lost leaves a scroll that nobody can clear,
    /// so it should be short; the first page after it comes at once.
    var openingKeepAlive: Duration { min(keepAlive, .seconds(60)) }

    func note(_ event: ScrollEvent) { configuration.onEvent?(event) }

    func context(
        _ purpose: RequestContext.Purpose, _ server: Server, index: String = "", timeField: String = "",
        timeout: Duration? = nil
    ) -> RequestContext {
        RequestContext(
            purpose: purpose, endpoint: server.endpoint, index: index, timeField: timeField,
            timeout: timeout ?? configuration.requestTimeout, caFile: configuration.caFile,
            credentials: server.credentials)
    }

    func request(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue?, _ context: RequestContext
    ) -> HTTPRequest {
        HTTPRequest(
            method: method, endpoint: context.endpoint, credentials: context.credentials, path: path,
            body: body?.encoded, timeout: context.timeout)
    }

    // MARK: Sending

    /// Sends a request whose answer no scroll hangs on: a cancelled task leaves it at once.
    func send(_ request: HTTPRequest, _ context: RequestContext) async -> Result<AnswerBody, OpenSearchError> {
        let start = ContinuousClock.now
        return judge(await transport.send(request), context, start).map(\.body)
    }

    /// Sends a request that opens or moves a scroll. A cancelled task still waits a little for the answer, since only
    /// that tells which scroll to clear, and the server must not get the next request while it works on this one.
    ///
    /// - Parameter sent: the transfer, if the request has been sent already.
    func sendForScroll(
        _ request: HTTPRequest, _ context: RequestContext, sent: Transfer? = nil
    ) async -> ScrollAnswer {
        let start = sent?.created ?? ContinuousClock.now
        let grace = configuration.cancellationGrace
        let outcome =
            if let sent { await transport.finish(sent, grace: grace) } else {
                await transport.send(request, grace: grace)
            }
        var answer = ScrollAnswer(result: judge(outcome, context, start))
        switch outcome {
        case .success(let whole):
            answer.scrollID = whole.body.withBytes(PageDecoder.scrollID)
            answer.next = whole.next
        // Even half an answer tells which scroll it has opened.
        case .failure(let failure):
            answer.scrollID = failure.partialBody.flatMap { $0.withBytes(PageDecoder.scrollID) }
        }
        return answer
    }

    private func judge(
        _ outcome: Result<HTTPAnswer, TransferFailure>, _ context: RequestContext, _ start: ContinuousClock.Instant
    ) -> Result<HTTPAnswer, OpenSearchError> {
        let result: Result<HTTPAnswer, OpenSearchError>
        switch outcome {
        case .failure(let failure): result = .failure(OpenSearchError(failure, context))
        case .success(let answer) where answer.status == 200: result = .success(answer)
        case .success(let answer):
            result = .failure(
                answer.body.withBytes { body in
                    OpenSearchError(status: answer.status, body: body, retryAfter: answer.retryAfter, context)
                })
        }
        if case .failure(let error) = result, let limit = error.keepAliveLimit { keepAlives.limit(to: limit) }
        servers.note(result, at: context.endpoint)
        if case .success(let answer) = result, answer.body.isObject { servers.noteReached() }
        metrics.count(context.purpose, result, seconds: (ContinuousClock.now - start) / .seconds(1))
        return result
    }

    /// Decodes an answer that is no page.
    static func decode<T: Decodable>(
        _ type: T.Type, _ body: AnswerBody, _ context: RequestContext
    ) -> Result<T, OpenSearchError> {
        do {
            return .success(try JSONDecoder().decode(type, from: body.withBytes { Data($0) }))
        } catch {
            return .failure(.badAnswer("no JSON, or not what was asked for", context))
        }
    }

    /// Runs something until it succeeds, fails for good, or has been tried often enough; waits in between.
    func retrying<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: (Server) async -> Result<R, OpenSearchError>
    ) async -> Result<R, OpenSearchError> {
        var persistence = Persistence(configuration)
        while true {
            let result = await body(servers.current)
            guard case .failure(let error) = result, !Task.isCancelled, let wait = delay(after: error, &persistence)
            else { return result }
            note(.retrying(window: nil, attempt: persistence.attempt, after: wait, error: error))
            guard (try? await Task.sleep(for: wait)) != nil else { return .failure(.waitWasCancelled) }
        }
    }

    /// How long to wait after a failure; nil to give up.
    func delay(after error: OpenSearchError, _ persistence: inout Persistence) -> Duration? {
        persistence.delay(
            after: error, isReached: servers.isReached, now: .now, random: Double.random(in: 0...1))
    }

    // MARK: Clearing

    /// Frees scrolls on the server, also when the task is cancelled. That none of them is there any more is as good.
    func clear(_ ids: [String], _ context: RequestContext) async {
        // A task of its own is not cancelled with ours.
        await Task { await clearNow(ids, context) }.value
    }

    private func clearNow(_ ids: [String], _ context: RequestContext) async {
        var context = context
        context.purpose = .clear
        context.timeout = min(configuration.requestTimeout, .seconds(5))
        let body: JSONValue = ["scroll_id": .array(ids.map { .string($0) })]
        // Unlike a request for a page, this one may be repeated, and any server of the cluster can do it.
        var (persistence, whileOverloaded) = (Persistence.quick, Persistence.patient(for: configuration.clearPatience))
        var outcome = await send(request(.delete, "/_search/scroll", body, context), context)
        while case .failure(var error) = outcome, error.httpStatus != 404 {
            // A scroll is worth a few more tokens.
            if error.code == .unauthorized, context.credentials.areRenewable { error = error.transient }
            let wait =
                error.code == .overloaded ? delay(after: error, &whileOverloaded) : delay(after: error, &persistence)
            guard let wait else { break }
            try? await Task.sleep(for: wait)
            (context.endpoint, context.credentials) = (servers.current.endpoint, servers.current.credentials)
            outcome = await send(request(.delete, "/_search/scroll", body, context), context)
        }
        if case .failure(let error) = outcome, error.httpStatus != 404 {
            note(.notCleared(error: error))
        } else {
            for id in ids { note(.cleared(scroll: id, endpoint: context.endpoint.url)) }
        }
    }
}

/// What became of a request that opens or moves a scroll.
struct ScrollAnswer: Sendable {
    var result: Result<HTTPAnswer, OpenSearchError>
    /// The scroll's id, as far as the answer told it; also one that broke off.
    var scrollID: String?
    /// The request for the next page, if it followed at once.
    var next: Transfer?
    var arrived = ContinuousClock.now
}
