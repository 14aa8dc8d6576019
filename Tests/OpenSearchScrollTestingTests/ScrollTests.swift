import Testing

@testable import OpenSearchScrollTesting

/// What a scroll promises, beyond what the transcripts show.
@Suite(.timeLimit(.minutes(30)))
struct ScrollTests {
    @Test(arguments: [1, 2, 5, 11, 12, 13, 10_000])
    func everyDocumentOnce(size: Int) throws {
        let server = try Fixtures.server()
        let (pages, totals) = Fixtures.scroll(HTTPClient(server), body: "{\"size\":\(size),\"sort\":[\"_doc\"]}")
        #expect(pages.dropLast().allSatisfy { $0.count == size })
        let expected = Fixtures.logs("logs").documents.map(\.id)
        #expect(pages.flatMap { $0 } == expected)
        #expect(Set(totals) == [12])
        #expect(server.openContexts == 0)
    }

    @Test func contextStaysOpenPastTheEndUntilCleared() throws {
        let server = try Fixtures.server()
        let client = HTTPClient(server)
        let id = try #require(client.post("/logs/_search?scroll=1m", "{\"size\":100}").json["_scroll_id"]?.text)
        for _ in 0..<3 {
            let page = client.post("/_search/scroll", "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}")
            #expect(page.status == 200)
            #expect(page.json.ids.isEmpty)
            #expect(page.json["hits", "total", "value"]?.integer == 12)
        }
        #expect(server.openContexts == 1)
        #expect(
            client.delete("/_search/scroll", "{\"scroll_id\":\"\(id)\"}").text == "{\"succeeded\":true,\"num_freed\":1}"
        )
        #expect(server.openContexts == 0)
    }

    @Test func readsTheSnapshotItWasOpenedOn() throws {
        let server = try Fixtures.server()
        let client = HTTPClient(server)
        let first = client.post("/logs/_search?scroll=1m", "{\"size\":6,\"sort\":[\"_doc\"]}").json
        let lines = """
            {"delete":{"_index":"logs","_id":"logs-00007"}}
            {"index":{"_index":"logs","_id":"logs-00008"}}
            {"log":"changed"}
            {"index":{"_index":"logs","_id":"new"}}
            {"log":"new"}

            """
        #expect(client.post("/_bulk", lines).json["errors"] == .bool(false))
        let id = try #require(first["_scroll_id"]?.text)
        let second = client.post("/_search/scroll", "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}").json
        #expect(second.ids == ["06", "07", "08", "09", "10", "11"].map { "logs-000" + $0 })
        #expect(second["hits", "hits"]?.elements[2]["_source", "log"]?.text == "request 8 took 56 ms ")
        let fresh = Fixtures.scroll(client, body: "{\"size\":100,\"sort\":[\"_doc\"]}").pages.flatMap { $0 }
        #expect(fresh.count == 12)
        #expect(fresh.suffix(2) == ["logs-00008", "new"])
        #expect(!fresh.contains("logs-00007"))
    }

    @Test func keepAliveIsRenewedByEachPage() throws {
        let server = try Fixtures.server()
        let client = HTTPClient(server)
        let id = try #require(client.post("/logs/_search?scroll=100m", "{\"size\":1}").json["_scroll_id"]?.text)
        let next = "{\"scroll\":\"100m\",\"scroll_id\":\"\(id)\"}"
        for _ in 0..<3 {
            server.advanceClock(by: .seconds(5000))
            #expect(client.post("/_search/scroll", next).status == 200)
        }
        server.advanceClock(by: .seconds(7000))
        #expect(server.openContexts == 0)
        #expect(client.post("/_search/scroll", next).status == 404)
    }

    @Test func countsContextsByShard() throws {
        let server = try Fixtures.server { $0.shards = 3 }
        let client = HTTPClient(server)
        let answer = client.post("/logs/_search?scroll=1m", "{\"size\":4,\"sort\":[\"_doc\"]}").json
        #expect(server.openContexts == 3)
        #expect(answer["_shards", "total"]?.integer == 3)
        #expect(answer["hits", "hits"]?.elements.compactMap { $0["sort"]?.elements.first?.integer } == [0, 1, 2, 3])
        let id = try #require(answer["_scroll_id"]?.text)
        #expect(client.delete("/_search/scroll", "{\"scroll_id\":[\"\(id)\"]}").json["num_freed"]?.integer == 3)
    }

    @Test func idOfAnotherServerIsMissing() throws {
        let one = try Fixtures.server()
        let other = try Fixtures.server()
        let id = try #require(HTTPClient(one).post("/logs/_search?scroll=1m", "{\"size\":1}").json["_scroll_id"]?.text)
        let client = HTTPClient(other)
        _ = client.post("/logs/_search?scroll=1m", "{\"size\":1}")
        let reply = client.post("/_search/scroll", "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}")
        #expect(reply.status == 404)
        #expect(reply.json["error", "caused_by", "reason"]?.text == "No search context found for id [1]")
        #expect(client.delete("/_search/scroll", "{\"scroll_id\":\"\(id)\"}").status == 404)
        #expect(one.openContexts == 1)
        #expect(other.openContexts == 1)
    }

    @Test func severalIndicesInOneScroll() throws {
        let server = try Fixtures.server(["a1": Fixtures.logs("a1", count: 3), "a2": Fixtures.logs("a2", count: 3)])
        let client = HTTPClient(server)
        for expression in ["a1,a2", "a*", "_all", "a1,gone*,a2"] {
            let (pages, totals) = Fixtures.scroll(client, expression, body: "{\"size\":2}")
            #expect(pages.map(\.count) == [2, 2, 2], "\(expression)")
            #expect(Set(pages.flatMap { $0 }).count == 6)
            #expect(totals.first == 6)
        }
    }

    @Test func missingIndices() throws {
        let client = HTTPClient(try Fixtures.server())
        #expect(client.post("/gone/_search", "{}").status == 404)
        #expect(client.post("/gone/_search?ignore_unavailable=true", "{}").json["_shards", "total"]?.integer == 0)
        let refused = client.post("/gone*/_search?scroll=1m&allow_no_indices=false", "{}")
        #expect(refused.status == 404)
        #expect(refused.json["error", "reason"]?.text == "no such index [gone*]")
    }

    @Test func getWithoutBodyAndParametersInTheURL() throws {
        let client = HTTPClient(try Fixtures.server())
        let answer = client.get("/logs/_search?scroll=1m&size=3&sort=_doc&_source=level").json
        #expect(answer.ids.count == 3)
        #expect(answer["hits", "hits"]?.elements.first?["_source"]?.names == ["level"])
        let id = try #require(answer["_scroll_id"]?.text)
        #expect(client.get("/_search/scroll?scroll=1m&scroll_id=\(id)").json.ids.count == 3)
        #expect(client.get("/_search/scroll/\(id)?scroll=1m").json.ids.count == 3)
        #expect(client.delete("/_search/scroll/\(id)").status == 200)
    }

    /// Many scrolls at once, on more connections than there are threads, each whole.
    @Test func parallelScrolls() async throws {
        let server = try Fixtures.server(["logs": GeneratedContents(documents: 3000, untimedEvery: 7)])
        let counts = await withTaskGroup(of: Int.self) { group in
            for size in 100..<116 {
                group.addTask {
                    Set(Fixtures.scroll(HTTPClient(server), body: "{\"size\":\(size)}").pages.joined()).count
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == [Int](repeating: 3000, count: 16))
        #expect(server.openContexts == 0)
        #expect(server.count(of: .openScroll) == 16)
    }

    @Test func terminateAfterCutsTheScrollShort() throws {
        let server = try Fixtures.server()
        let (pages, totals) = Fixtures.scroll(HTTPClient(server), body: "{\"size\":2,\"terminate_after\":5}")
        #expect(pages.map(\.count) == [2, 2, 1])
        #expect(Set(totals) == [5])
    }

    @Test func countsRequestsByKind() throws {
        let server = try Fixtures.server()
        let client = HTTPClient(server)
        _ = Fixtures.scroll(client, body: "{\"size\":5}")
        _ = client.post("/logs/_count", "{}")
        _ = client.get("/")
        #expect(server.requests == ["openScroll": 1, "continueScroll": 3, "clearScroll": 1, "count": 1, "root": 1])
        #expect(server.count(of: .continueScroll) == 3)
    }
}
