import Testing

@testable import OpenSearchScroll

@Suite("Which server is asked")
struct ServerChoiceTests {
    private let endpoints: [Endpoint]
    private let choice: ServerChoice

    init() throws {
        endpoints = try ["http://a:1", "http://b:1"].map { try Endpoint.parse($0).0 }
        choice = ServerChoice(endpoints.map { Wire.Server(endpoint: $0, credentials: .none) })
    }

    private func note(_ code: OpenSearchError.Code, at server: Int) {
        let error = OpenSearchError(code, "", isTransient: true)
        choice.note(Result<Void, OpenSearchError>.failure(error), at: endpoints[server])
    }

    @Test("What a server lacks makes it the next one's turn, what the cluster lacks does not")
    func turns() {
        for code in [OpenSearchError.Code.partialShards, .incomplete, .scrollLost] {
            note(code, at: 0)
            #expect(choice.current.endpoint == endpoints[0], "\(code)")
        }
        note(.connectionRefused, at: 0)
        #expect(choice.current.endpoint == endpoints[1])
        // It was another's turn already when this one failed, too.
        note(.connectionLost, at: 0)
        #expect(choice.current.endpoint == endpoints[1])
        note(.unavailable, at: 1)
        #expect(choice.current.endpoint == endpoints[0])
    }

    @Test("A server with too much to do is there; what a proxy says in its place tells nothing")
    func reached() {
        note(.unavailable, at: 0)
        #expect(!choice.isReached)
        note(.overloaded, at: 0)
        #expect(choice.isReached)
    }

    @Test("A web page with status 200 is no server reached, so that it is given up after the attempts")
    func webPage() async throws {
        let page = ScriptedServer.Line.answer(200, "\n<!DOCTYPE html><html>Sign in</html>")
        let server = try ScriptedServer([page, page, page])
        defer { server.stop() }
        var configuration = configuration(server.url, attempts: 3)
        configuration.patience = .seconds(60)
        let client = try OpenSearchClient(configuration: configuration)
        let error = await openSearchError { _ = try await client.count(ScrollQuery()) }
        #expect(
            error?.message
                == "\(server.url) answered something else than OpenSearch would: no JSON, or not what was asked for; is it "
                + "the address of OpenSearch? look at proxies between")
        #expect(server.requests.count == 3)
    }
}
