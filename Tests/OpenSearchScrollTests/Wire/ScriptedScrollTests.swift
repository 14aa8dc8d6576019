import Synchronization
import Testing

@testable import OpenSearchScroll

/// What goes over the wire, request by request, against a server that follows a script.
@Suite("A scroll, request by request", .timeLimit(.minutes(30)))
struct ScriptedScrollTests {
    private let query = ScrollQuery(pageSize: 2)
    private let window = ScrollWindow(times: nil, expectedDocuments: 3)

    private func with(
        _ script: [ScriptedServer.Line], attempts: Int = 3, timeout: Duration = .seconds(600),
        _ body: (OpenSearchClient, ScriptedServer) async throws -> Void
    ) async throws {
        let server = try ScriptedServer(script)
        defer { server.stop() }
        let client = try OpenSearchClient(
            configuration: configuration(server.url, attempts: attempts, timeout: timeout))
        try await body(client, server)
    }

    private func read(_ client: OpenSearchClient) async throws -> [String] {
        try await client.readWindow(window, of: query) { pages in
            var ids: [String] = []
            for try await page in pages { ids += page.ids }
            return ids
        }
    }

    private let open =
        "POST /logs/_search?scroll=60000ms&allow_partial_search_results=false&allow_no_indices=false "
        + #"{"query":{"bool":{"filter":[{"match_all":{}}],"must_not":[{"exists":{"field":"time"}}]}},"size":2,"sort":["_doc"]}"#

    @Test("Opened, continued with the newest id, ended by an empty page when all is there, cleared")
    func whole() async throws {
        try await with([
            .answer(200, Answer.page(["1", "2"], total: 3, scrollID: "a")),
            // The next one is on its way already when this one turns out to be the end, too early.
            .answer(200, Answer.page([], total: 3, scrollID: "b")),
            .answer(200, Answer.page([], total: 3, scrollID: "b")),
            .answer(200, Answer.cleared), .answer(200, Answer.page(["1", "2"], total: 3, scrollID: "a")),
            .answer(200, Answer.page(["3"], total: 3, scrollID: "b")),
            .answer(200, Answer.page([], total: 3, scrollID: "c")), .answer(200, Answer.cleared),
        ]) { client, server in
            let ids = try await read(client)
            #expect(ids == ["1", "2", "3"])
            #expect(
                server.requests == [
                    open, #"POST /_search/scroll {"scroll":"120000ms","scroll_id":"a"}"#,
                    #"POST /_search/scroll {"scroll":"120000ms","scroll_id":"b"}"#,
                    #"DELETE /_search/scroll {"scroll_id":["b"]}"#,
                    open, #"POST /_search/scroll {"scroll":"120000ms","scroll_id":"a"}"#,
                    #"POST /_search/scroll {"scroll":"120000ms","scroll_id":"b"}"#,
                    #"DELETE /_search/scroll {"scroll_id":["c"]}"#,
                ])
        }
    }

    @Test("A promise that was too small by one does not lose that one")
    func promisedTooFew() async throws {
        try await with([
            .answer(200, Answer.page(["1", "2"], total: 2)), .answer(200, Answer.page(["3"], total: 3)),
            .answer(200, Answer.cleared), .answer(200, Answer.page(["1", "2"], total: 3)),
            .answer(200, Answer.page(["3"], total: 3)), .answer(200, Answer.page([], total: 3)),
            .answer(200, Answer.cleared),
        ]) { client, _ in
            let ids = try await read(client)
            #expect(ids == ["1", "2", "3"])
        }
    }

    @Test("A page that fails is never asked for again; its scroll is cleared, not used")
    func noRetryOnAnID() async throws {
        for line in [
            ScriptedServer.Line.hangUp, .answer(503, "<html>"), .raw("HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\n{"),
            // Broken off behind its id.
            .raw("HTTP/1.1 200 x\r\nContent-Length: 99\r\n\r\n" + #"{"_scroll_id":"a","took":1"#),
        ] {
            try await with(
                [.answer(200, Answer.page(["1"], total: 2)), line, .answer(200, Answer.cleared)], attempts: 1
            ) {
                client, server in
                let error = await openSearchError { _ = try await read(client) }
                #expect(error?.code == .connectionLost || error?.code == .unavailable)
                #expect(server.requests.map { $0.prefix(6) } == ["POST /", "POST /", "DELETE"])
            }
        }
    }

    @Test("A window goes on from a fresh scroll; what was handed out is left out")
    func readOn() async throws {
        try await with([
            .answer(200, Answer.page(["1"], total: 2, scrollID: "a")), .hangUp, .answer(404, Answer.cleared),
            .answer(200, Answer.page(["1"], total: 2, scrollID: "b")),
            .answer(200, Answer.page(["2"], total: 2, scrollID: "b")),
            .answer(200, Answer.page([], total: 2, scrollID: "b")), .answer(200, Answer.cleared),
        ]) { client, server in
            let (ids, proof) = try await client.readWindow(window, of: query) { pages in
                var ids: [String] = []
                for try await page in pages { ids += page.ids }
                return (ids, pages.proof)
            }
            #expect(ids == ["1", "2"])
            let report = try #require(proof.windows.first)
            #expect(report.total == 2 && report.delivered == 2 && report.scrolls == 2 && report.retries == 1)
            #expect(report.drift == 0 && report.indices == ["logs": 2] && proof.holes.isEmpty)
            #expect(
                server.requests.filter { $0.hasPrefix("DELETE") } == [
                    #"DELETE /_search/scroll {"scroll_id":["a"]}"#, #"DELETE /_search/scroll {"scroll_id":["b"]}"#,
                ])
        }
    }

    @Test("A request refused at the door is sent again on the same scroll, as is one that never left")
    func sameScroll() async throws {
        let refused =
            #"{"error":{"root_cause":[],"type":"circuit_breaking_exception","reason":"[parent] Data too large, data for "#
            + #"[<http_request>] would be [9]","bytes_wanted":9,"bytes_limit":8,"durability":"TRANSIENT"},"status":429}"#
        try await with([
            .answer(200, Answer.page(["1"], total: 2)), .answer(429, refused), .answer(429, refused),
            .answer(200, Answer.page(["2"], total: 2)), .answer(200, Answer.page([], total: 2)),
            .answer(200, Answer.cleared),
        ]) { client, server in
            let ids = try await read(client)
            #expect(ids == ["1", "2"])
            let next = #"POST /_search/scroll {"scroll":"120000ms","scroll_id":"scroll-1"}"#
            #expect(
                server.requests == [
                    open, next, next, next, next, #"DELETE /_search/scroll {"scroll_id":["scroll-1"]}"#,
                ])
        }
    }

    @Test("A page handed out twice by the server is noticed, and what it stands for is read")
    func twice() async throws {
        try await with([
            .answer(200, Answer.page(["1"], total: 3)), .answer(200, Answer.page(["1"], total: 3)),
            .answer(200, Answer.page(["3"], total: 3)), .answer(200, Answer.cleared),
            .answer(200, Answer.page(["1", "2"], total: 3)),
            .answer(200, Answer.page(["3"], total: 3)), .answer(200, Answer.page([], total: 3)),
            .answer(200, Answer.cleared),
        ]) { client, _ in
            let ids = try await read(client)
            #expect(ids == ["1", "2", "3"])
        }
    }

    @Test("A body that swallows the error of the pages does not make them whole")
    func swallowed() async throws {
        try await with(
            [
                .answer(200, Answer.page(["1"], total: 2)), .hangUp, .answer(200, Answer.cleared),
            ], attempts: 1
        ) { client, _ in
            let proof = try await client.readWindow(window, of: query) { pages in
                do { for try await _ in pages {} } catch {}
                return pages.proof
            }
            #expect(proof.windows.isEmpty)
        }
    }

    @Test("What the body throws by itself ends the window at once")
    func bodyThrows() async throws {
        struct Mine: Error {}
        try await with([.answer(200, Answer.page(["1"], total: 2)), .answer(200, Answer.cleared)]) { client, server in
            await #expect(throws: Mine.self) {
                try await client.readWindow(ScrollWindow(times: nil, expectedDocuments: 2), of: query) { pages in
                    for try await _ in pages { throw Mine() }
                }
            }
            #expect(server.requests.first == open)
            #expect(server.requests.last?.hasPrefix("DELETE") == true)
        }
    }

    @Test("Errors that waiting does not mend are not tried again", arguments: [401, 403, 404, 400])
    func notWorthRetrying(status: Int) async throws {
        let body =
            #"{"error":{"type":"index_not_found_exception","reason":"no such index [logs]","index":"logs"},"status":404}"#
        try await with([.answer(status, status == 404 ? body : "{}")]) { client, server in
            let error = await openSearchError {
                _ = try await read(client)
            }
            #expect(error?.isTransient == false)
            #expect(server.requests.count == 1)
        }
    }

    @Test("Passing troubles of an opening are tried again, and told")
    func openingAgain() async throws {
        let server = try ScriptedServer([
            .answer(
                429, #"{"error":{"type":"rejected_execution_exception","reason":"rejected execution"},"status":429}"#),
            .hangUp, .answer(200, Answer.page([], total: 0)), .answer(200, Answer.cleared),
        ])
        defer { server.stop() }
        let attempts = Mutex<[Int]>([])
        let client = try OpenSearchClient(
            configuration: configuration(server.url) { event in
                if case .retrying(_, let attempt, _, _) = event { attempts.withLock { $0.append(attempt) } }
            })
        let ids = try await read(client)
        #expect(ids == [])
        #expect(attempts.withLock { $0 } == [2, 3])
    }

    @Test("A scroll is freed once a server that was short of memory has some again")
    func freedAfterAll() async throws {
        let refused =
            #"{"error":{"type":"circuit_breaking_exception","reason":"[parent] Data too large, data for "#
            + #"[<http_request>] would be [9]","bytes_wanted":9,"bytes_limit":8,"durability":"TRANSIENT"},"status":429}"#
        let server = try ScriptedServer(
            [.answer(200, Answer.page([], total: 0))]
                + [ScriptedServer.Line](repeating: .answer(429, refused), count: 12) + [.answer(200, Answer.cleared)])
        defer { server.stop() }
        let events = Mutex<[String]>([])
        var settings = configuration(server.url) { event in
            switch event {
            case .cleared: events.withLock { $0.append("cleared") }
            case .notCleared(let error): events.withLock { $0.append("not cleared: \(error)") }
            default: break
            }
        }
        settings.clearPatience = .seconds(600)
        let client = try OpenSearchClient(configuration: settings)
        #expect(try await read(client) == [])
        #expect(events.withLock { $0 } == ["cleared"])
        #expect(server.requests.count == 14)
    }

    @Test(
        "A page that is not whole is not handed out, and its scroll is cleared",
        arguments: [
            (Answer.page(["2"], total: 2, shards: (1, 2)), "partialShards"),
            (Answer.page(["2"], total: 1), "incomplete"),
            (Answer.page(["2"], total: 2, extra: #","terminated_early":true"#), "timedOut"),
            (Answer.page(["2"], total: 2, scrollID: nil), "badAnswer"),
            (Answer.page(["2", "3"], total: 2), "incomplete"),
            (Answer.page([], total: 2), "incomplete"),
            ("<html>", "badAnswer"), ("{}", "badAnswer"), ("", "badAnswer"),
        ])
    func notWhole(second: String, code: String) async throws {
        try await with(
            [
                .answer(200, Answer.page(["1"], total: 2)), .answer(200, second), .answer(200, Answer.cleared),
            ], attempts: 1
        ) { client, server in
            let seen = Mutex<[String]>([])
            let error = await openSearchError {
                try await client.readWindow(window, of: query) { pages in
                    for try await page in pages { seen.withLock { $0 += page.ids } }
                }
            }
            #expect(error?.code.description == code)
            #expect(seen.withLock { $0 } == ["1"])
            #expect(server.requests.last == #"DELETE /_search/scroll {"scroll_id":["scroll-1"]}"#)
        }
    }

    @Test("An opening that is not whole is cleared, too")
    func openingNotWhole() async throws {
        try await with(
            [
                .answer(200, Answer.page(["1"], total: 2, shards: (2, 3))), .answer(200, Answer.cleared),
            ], attempts: 1
        ) { client, server in
            let error = await openSearchError { _ = try await read(client) }
            #expect(error?.code == .partialShards)
            #expect(error?.message == "only 2 of 3 shards of logs answered; look at the cluster's health")
            #expect(server.requests.count == 2)
        }
    }

    @Test("A request that takes too long fails, and says so")
    func timeout() async throws {
        var wasAsked = false
        // In which the request must have left, too.
        for seconds in [0.2, 2, 20] where !wasAsked {
            try await with([.silence], attempts: 1, timeout: .seconds(seconds)) { client, server in
                let error = await openSearchError { _ = try await read(client) }
                wasAsked = !server.requests.isEmpty
                guard wasAsked else { return }
                #expect(error?.code == .timedOut)
                #expect(
                    error?.message
                        == "\(server.url) did not send its whole answer within \(seconds) seconds; allow more time, or "
                        + "ask for smaller pages")
            }
        }
        #expect(wasAsked)
    }
}

@Suite("Cancelling", .timeLimit(.minutes(30)))
struct CancellationTests {
    @Test("A scroll that is being opened is awaited, so that it can be cleared")
    func whileOpening() async throws {
        let server = try ScriptedServer([.held(200, Answer.page(["1"], total: 2)), .answer(200, Answer.cleared)])
        defer { server.stop() }
        var settings = configuration(server.url)
        settings.cancellationGrace = .seconds(120)
        let client = try OpenSearchClient(configuration: settings)
        let reading = Task {
            try await client.readWindow(ScrollWindow(times: nil, expectedDocuments: 2), of: ScrollQuery()) { pages in
                for try await _ in pages { Issue.record("no page must be handed out") }
            }
        }
        for await _ in server.silences { break }
        reading.cancel()
        server.release()
        let error = await openSearchError { try await reading.value }
        #expect(error?.code == .cancelled)
        #expect(server.requests.last == #"DELETE /_search/scroll {"scroll_id":["scroll-1"]}"#)
    }

    private let cleared = #"DELETE /_search/scroll {"scroll_id":["scroll-1"]}"#

    /// Reads until the server falls silent, cancels, and is over after the grace.
    ///
    /// - Returns: the last request.
    private func cancelled(_ script: [ScriptedServer.Line], grace: Duration) async throws -> String? {
        let server = try ScriptedServer(script + [.answer(200, Answer.cleared)])
        defer { server.stop() }
        var settings = configuration(server.url)
        settings.cancellationGrace = grace
        let client = try OpenSearchClient(configuration: settings)
        let window = ScrollWindow(times: nil, expectedDocuments: 2)
        let reading = Task {
            try await client.readWindow(window, of: ScrollQuery()) { pages in for try await _ in pages {} }
        }
        for await _ in server.silences { break }
        reading.cancel()
        let error = await openSearchError { try await reading.value }
        #expect(error?.code == .cancelled)
        return server.requests.last
    }

    @Test("A scroll whose first page is still coming after the grace is cleared by the id at its start")
    func whileOpeningComes() async throws {
        let page = Answer.page(["1"], total: 2)
        let begun = "HTTP/1.1 200 x\r\nContent-Length: \(page.utf8.count)\r\n\r\n\(page.prefix(60))"
        var last: String?
        // In which its start must have come.
        for grace in [0.2, 2, 20] where last != cleared {
            last = try await cancelled([.begun(begun)], grace: .seconds(grace))
        }
        #expect(last == cleared)
    }

    @Test("A page that does not come is given up after a grace, then the scroll is cleared")
    func whileContinuing() async throws {
        let last = try await cancelled(
            [.answer(200, Answer.page(["1"], total: 2)), .silence], grace: .milliseconds(50))
        #expect(last == cleared)
    }

    @Test("A request without a scroll is left at once")
    func whileCounting() async throws {
        let server = try ScriptedServer([.silence])
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        let counting = Task { try await client.count(ScrollQuery()) }
        for await _ in server.silences { break }
        counting.cancel()
        let error = await openSearchError { _ = try await counting.value }
        #expect(error?.code == .cancelled)
    }

    @Test("A task that is cancelled before it starts sends nothing")
    func before() async throws {
        let server = try ScriptedServer([])
        defer { server.stop() }
        let transport = try Transport(
            TransportSettings(connectTimeout: .seconds(1), compression: false, verifiesTLS: true, caFile: nil))
        let (endpoint, _) = try Endpoint.parse(server.url)
        let sending = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await transport.send(
                HTTPRequest(method: .get, endpoint: endpoint, credentials: .none, path: "/", timeout: .seconds(5)))
        }
        guard case .failure(let failure) = await sending.value else {
            Issue.record("the request was sent")
            return
        }
        #expect(failure.isCancellation)
        #expect(server.requests.isEmpty)
    }

    @Test("Many cancelled and finished at once: each ends exactly once")
    func many() async throws {
        let server = try ScriptedServer(
            (0..<200).map { _ in .answer(200, #"{"count":1,"_shards":{"total":1,"successful":1}}"#) })
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url, attempts: 1))
        let ended = await withTaskGroup(of: Bool.self) { group in
            for i in 0..<100 {
                group.addTask {
                    let counting = Task { try await client.count(ScrollQuery()) }
                    if i % 2 == 0 { counting.cancel() }
                    switch await counting.result {
                    case .success(let count): return count == 1
                    case .failure(let error): return (error as? OpenSearchError)?.code == .cancelled
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(ended == 100)
    }
}
