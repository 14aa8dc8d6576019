import Testing

@testable import OpenSearchScrollTesting

/// Every kind of a schedule as a client meets it, and what it does to a scroll.
@Suite(.timeLimit(.minutes(30)))
struct FaultKindTests {
    /// Where a scroll stands after its first continuation was struck.
    enum After: Sendable {
        /// The same page comes again.
        case same
        /// That page is lost, the next one comes.
        case next
        case gone
    }

    struct Law: Sendable, CustomStringConvertible {
        let kind: FaultKind
        let status: Int
        let after: After
        var version = "2.19.4"
        var shards = 1

        var description: String { "\(kind.rawValue) on \(version), \(shards) shards" }
    }

    static let laws: [Law] = [
        Law(kind: .closeBefore, status: 0, after: .same),
        Law(kind: .failedHandshake, status: 0, after: .same),
        Law(kind: .closeAfter, status: 0, after: .next),
        Law(kind: .cutBody, status: 200, after: .next),
        Law(kind: .lostContext, status: 404, after: .gone),
        Law(kind: .lostInParts, status: 404, after: .gone),
        Law(kind: .lostInParts, status: 404, after: .gone, shards: 3),
        Law(kind: .requestTooLarge, status: 413, after: .same),
        Law(kind: .answerTooLarge, status: 413, after: .next),
        Law(kind: .breaker, status: 429, after: .same),
        Law(kind: .queueFull, status: 429, after: .gone),
        Law(kind: .nodeLeft, status: 500, after: .gone),
        Law(kind: .nodeLeft, status: 400, after: .gone, version: "3.8.0"),
        Law(kind: .badGateway, status: 502, after: .next),
        Law(kind: .proxyUnavailable, status: 503, after: .same),
        Law(kind: .missingShards, status: 500, after: .gone),
        Law(kind: .missingShards, status: 400, after: .gone, version: "3.8.0"),
        Law(kind: .missingShards, status: 200, after: .next, shards: 3),
        Law(kind: .shrunkTotal, status: 200, after: .next),
        Law(kind: .timedOut, status: 200, after: .next),
        Law(kind: .expired, status: 404, after: .gone),
        Law(kind: .slowBytes, status: 200, after: .next),
        Law(kind: .duplicatePage, status: 200, after: .same),
        Law(kind: .badUTF8, status: 200, after: .next),
        Law(kind: .html, status: 200, after: .same),
        Law(kind: .unauthorized, status: 401, after: .same),
    ]

    /// A schedule whose one kind strikes the first of `request` and nothing else for a while.
    private static func once(_ kind: FaultKind, _ request: RequestKind) -> FaultSchedule {
        let quiet: [RequestKind] = [.openScroll, .continueScroll, .clearScroll, .search, .count]
        func fits(_ schedule: FaultSchedule) -> Bool {
            quiet.allSatisfy { other in
                (0..<4).allSatisfy { number in
                    (schedule.strike(other, number: number) != nil) == (other == request && number == 0)
                }
            }
        }
        return (0...).lazy.map { FaultSchedule(seed: $0, rate: 0.1, kinds: [kind]) }.first(where: fits)
            ?? FaultSchedule(rate: 0)
    }

    private func server(
        _ kind: FaultKind, _ request: RequestKind, shards: Int = 1, version: String = "2.19.4"
    ) throws -> OpenSearchServer {
        try Fixtures.server {
            $0.faults = Self.once(kind, request)
            $0.shards = shards
            $0.version = version
        }
    }

    @Test func thereIsALawForEveryKindOfContinuation() {
        let kinds = FaultKind.allCases.filter { $0.requests.contains(.continueScroll) }
        #expect(Set(Self.laws.map(\.kind)) == Set(kinds))
    }

    @Test(arguments: laws)
    func whetherTheCursorMoved(_ law: Law) throws {
        let server = try server(law.kind, .continueScroll, shards: law.shards, version: law.version)
        let client = HTTPClient(server)
        let opened = client.post("/logs/_search?scroll=1m", "{\"size\":4,\"sort\":[\"_doc\"]}").json
        let id = try #require(opened["_scroll_id"]?.text)
        let next = "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}"
        let struck = client.post("/_search/scroll", next)
        #expect(struck.status == law.status)
        #expect(server.faults == [law.kind: 1])
        if law.kind == .failedHandshake { #expect(client.get("/").status == 0) }
        let after = client.post("/_search/scroll", next)
        switch law.after {
        case .same: #expect(after.json.ids.first == "logs-00004")
        case .next where law.shards == 1: #expect(after.json.ids.first == "logs-00008")
        case .next: #expect(!after.json.ids.contains("logs-00004"))
        case .gone:
            #expect(after.status == 404)
            #expect(
                after.json["error", "root_cause"]?.elements.first?["type"]?.text == "search_context_missing_exception")
        }
        #expect((server.openContexts == 0) == (law.after == .gone))
        #expect(server.openScrollIDs == (law.after == .gone ? [] : [id]))
        #expect(server.openedContexts == law.shards)
        let cleared = client.delete("/_search/scroll", "{\"scroll_id\":[\"\(id)\"]}")
        #expect(cleared.status == (law.after == .gone ? 404 : 200))
        #expect(server.openContexts == 0)
    }

    /// Every kind at every request it can strike: once met, the server is as good as before.
    @Test(arguments: FaultKind.allCases)
    func afterwardsAllIsWell(_ kind: FaultKind) throws {
        for request in kind.requests where request != .continueScroll {
            let server = try server(kind, request, shards: 2)
            let client = HTTPClient(server)
            // It costs the next connection, too.
            let requests = kind == .failedHandshake ? 3 : 2
            let bodies: [(String, String)] = [
                ("/logs/_search?scroll=1m", "{\"size\":100}"), ("/logs/_search", "{\"size\":100}"),
                ("/logs/_count", "{}"),
            ]
            for _ in 0..<2 { for (path, body) in bodies { _ = client.post(path, body) } }
            let opened = client.post("/logs/_search?scroll=1m", "{\"size\":100}").json
            #expect(opened.ids.count == 12)
            #expect(opened["_shards", "successful"]?.integer == 2)
            let id = try #require(opened["_scroll_id"]?.text)
            for _ in 0..<requests { _ = client.delete("/_search/scroll", "{\"scroll_id\":\"\(id)\"}") }
            #expect(!server.openScrollIDs.contains(id))
            #expect(server.faults == [kind: 1], "\(kind) at \(request)")
        }
    }

    @Test func duplicatePageIsThePageBefore() throws {
        let client = HTTPClient(try server(.duplicatePage, .continueScroll))
        let opened = client.post("/logs/_search?scroll=1m", "{\"size\":5,\"sort\":[\"_doc\"]}")
        let id = try #require(opened.json["_scroll_id"]?.text)
        let next = "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}"
        #expect(client.post("/_search/scroll", next).body == opened.body)
        #expect(client.post("/_search/scroll", next).json.ids.first == "logs-00005")
    }

    @Test(arguments: [("true", "\u{FFFD}\u{FFFD}"), ("[\"*\"]", "/")])
    func badUTF8InWholeSourcesOnly(_ source: String, _ shown: String) throws {
        let client = HTTPClient(try server(.badUTF8, .openScroll))
        let struck = client.post("/logs/_search?scroll=1m", "{\"size\":2,\"_source\":\(source)}")
        #expect(struck.body.contains("\"_source\":{\"bytes\":\"") == true)
        #expect(struck.text.contains("\"bytes\":\"\(shown)\","))
        #expect((struck.body == Array(struck.text.utf8)) == (shown == "/"))
        #expect(struck.json.ids == ["logs-00000", "logs-00001"])
        let only = HTTPClient(try server(.badUTF8, .openScroll))
        let filtered = only.post("/logs/_search?scroll=1m", "{\"size\":2,\"_source\":[\"log\"]}")
        #expect(!filtered.body.contains("bytes"))
    }

    @Test func badUTF8InAnEmptySource() throws {
        let contents = StoredContents(sources: ["{}"])
        let server = try Fixtures.server(["logs": contents]) { $0.faults = Self.once(.badUTF8, .openScroll) }
        let struck = HTTPClient(server).post("/logs/_search?scroll=1m", "{}")
        #expect(struck.body.contains("\"_source\":{\"bytes\":\""))
        #expect(struck.json.ids == ["d0000000"])
    }

    @Test func cutBodiesEndEverywhereButAtTheEnd() throws {
        let server = try Fixtures.server { $0.faults = FaultSchedule(seed: 2, rate: 1, kinds: [.cutBody]) }
        let client = HTTPClient(server)
        let lengths = (0..<40).map { _ in
            let reply = client.post("/logs/_count", "{}")
            #expect(!reply.isWhole)
            return reply.body.count
        }
        #expect(Set(lengths).count > 10)
        #expect(server.faults == [.cutBody: 40])
    }

    @Test func slowBytesComeWhole() throws {
        let server = try Fixtures.server(["logs": GeneratedContents(documents: 5000)]) {
            $0.faults = Self.once(.slowBytes, .search)
            $0.dribblePause = .microseconds(10)
        }
        let client = HTTPClient(server)
        let struck = client.post("/logs/_search", "{\"size\":5000}")
        #expect(struck.isWhole)
        #expect(struck.body == client.post("/logs/_search", "{\"size\":5000}").body)
    }

    /// The documents change between two searches; what is open keeps its snapshot.
    @Test func mutateChangesDocumentsUnderAnOpenScroll() throws {
        let server = try server(.mutate, .count)
        let client = HTTPClient(server)
        let opened = client.post("/logs/_search?scroll=1m", "{\"size\":6,\"sort\":[\"_doc\"]}").json
        let id = try #require(opened["_scroll_id"]?.text)
        #expect(client.post("/logs/_count", "{}").json["count"]?.integer == 12)
        let rest = client.post("/_search/scroll", "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}").json.ids
        let before = opened.ids + rest
        #expect(before == Fixtures.logs("logs").documents.map(\.id))
        let now = client.post("/logs/_search", "{\"size\":100}").json
        #expect(Set(now.ids).subtracting(before).count == 1)
        #expect(Set(before).subtracting(now.ids).count == 1)
        let changed = now["hits", "hits"]?.elements.filter { $0["_source", "anomaly_level"] != nil } ?? []
        #expect(changed.count == 1)
        #expect(changed.first?["_source", "log"]?.text?.hasPrefix("request ") == true)
        let again = try self.server(.mutate, .count)
        let other = HTTPClient(again)
        _ = other.post("/logs/_count", "{}")
        #expect(other.post("/logs/_search", "{\"size\":100}").json.ids == now.ids)
    }

    /// A keep-alive that runs out takes with it what runs out earlier, and leaves the rest.
    @Test func expiryIsOnTheClockOfAll() throws {
        let server = try server(.expired, .continueScroll)
        let client = HTTPClient(server)
        let ids = try ["30m", "1h", "5h"].map { keepAlive in
            try #require(
                client.post("/logs/_search?scroll=\(keepAlive)", "{\"size\":1}").json["_scroll_id"]?.text)
        }
        #expect(server.openScrollIDs == ids)
        let struck = client.post("/_search/scroll", "{\"scroll\":\"1h\",\"scroll_id\":\"\(ids[1])\"}")
        #expect(struck.status == 404)
        #expect(server.openScrollIDs == [ids[2]])
    }
}
