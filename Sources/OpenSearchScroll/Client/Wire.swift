import FoundationEssentials

/// A client's servers and the way to them: requests go out here, and only what was answered well comes back.
struct Wire: Sendable {
    struct Server: Sendable {
        var endpoint: Endpoint
        var credentials: Credentials
    }

    let transport: Transport
    let servers: [Server]
    let configuration: OpenSearchConfiguration

    init(_ configuration: OpenSearchConfiguration) throws(OpenSearchError) {
        guard !configuration.endpoints.isEmpty else {
            throw OpenSearchError(.invalidConfiguration, "no endpoint is given; name one with --endpoint URL")
        }
        guard configuration.attempts >= 1 else {
            throw OpenSearchError(
                .invalidConfiguration, "\(configuration.attempts) attempts cannot be; allow at least 1")
        }
        guard configuration.keepAlive >= .seconds(1) else {
            throw OpenSearchError(.invalidConfiguration, "the keep-alive is below a second; allow at least that")
        }
        var servers: [Server] = []
        for url in configuration.endpoints {
            let (endpoint, own) = try Endpoint.parse(url)
            servers.append(Server(endpoint: endpoint, credentials: own ?? configuration.credentials))
        }
        self.servers = servers
        self.configuration = configuration
        transport = try Transport(TransportSettings(configuration))
    }

    /// The server for an attempt, counted from 1.
    func server(forAttempt attempt: Int) -> Server { servers[(attempt - 1) % servers.count] }

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

    /// Sends a request whose answer no scroll hangs on: a cancelled task leaves it at once.
    func send(
        _ request: HTTPRequest, _ context: RequestContext
    ) async -> Result<AnswerBody, OpenSearchError> {
        Self.good(await transport.send(request), context)
    }

    /// Sends a request that opens or moves a scroll. A cancelled task still waits a little for the answer, since only
    /// that tells which scroll to clear, and the server must not get the next request while it works on this one.
    func sendForScroll(
        _ request: HTTPRequest, _ context: RequestContext
    ) async -> Result<AnswerBody, OpenSearchError> {
        let transport = self.transport
        let grace = configuration.cancellationGrace
        let sending = Task { await transport.send(request) }
        let outcome = await withTaskCancellationHandler {
            await sending.value
        } onCancel: {
            Task {
                try? await Task.sleep(for: grace)
                sending.cancel()
            }
        }
        return Self.good(outcome, context)
    }

    private static func good(
        _ outcome: Result<HTTPAnswer, TransferFailure>, _ context: RequestContext
    ) -> Result<AnswerBody, OpenSearchError> {
        switch outcome {
        case .failure(let failure): .failure(OpenSearchError(failure, context))
        case .success(let answer) where answer.status == 200: .success(answer.body)
        case .success(let answer):
            .failure(OpenSearchError(status: answer.status, body: answer.body.bytes, context))
        }
    }

    /// Decodes an answer that is no page.
    static func decode<T: Decodable>(
        _ type: T.Type, _ body: AnswerBody, _ context: RequestContext
    ) -> Result<T, OpenSearchError> {
        do {
            return .success(try JSONDecoder().decode(type, from: Data(body.bytes)))
        } catch {
            return .failure(.badAnswer("no JSON, or not that of \(type)", context))
        }
    }

    /// Runs something until it succeeds, fails for good, or has been tried often enough; waits in between.
    func retrying<R>(
        _ window: ScrollWindow?, isolation: isolated (any Actor)? = #isolation,
        _ body: (Server) async -> Result<R, OpenSearchError>
    ) async -> Result<R, OpenSearchError> {
        var attempt = 1
        while true {
            let result = await body(server(forAttempt: attempt))
            guard case .failure(let error) = result, error.isTransient, attempt < configuration.attempts,
                !Task.isCancelled
            else { return result }
            attempt += 1
            if let cancelled = await pause(before: attempt, window, error) { return .failure(cancelled) }
        }
    }

    /// Waits before an attempt; returns an error when the task is cancelled meanwhile.
    func pause(before attempt: Int, _ window: ScrollWindow?, _ error: OpenSearchError) async -> OpenSearchError? {
        let delay = Backoff.delay(
            before: attempt, first: configuration.firstBackoff, random: Double.random(in: 0...1))
        configuration.onEvent?(.retrying(window: window, attempt: attempt, after: delay, error: error))
        do {
            try await Task.sleep(for: delay)
            return nil
        } catch {
            return OpenSearchError(.cancelled, "the wait before another attempt was cancelled")
        }
    }
}
