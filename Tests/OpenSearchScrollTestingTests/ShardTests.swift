import Testing

@testable import OpenSearchScrollTesting

/// `preference=_shards:N`: each shard by itself, and all of them together the index.
@Suite(.timeLimit(.minutes(30)))
struct ShardTests {
    static let contents: [any IndexContents] = [
        Fixtures.logs("logs", count: 40),
        GeneratedContents(documents: 40, seed: 5, untimedEvery: 6, unloggedEvery: 10),
    ]

    private func ids(_ client: HTTPClient, _ preference: String, _ query: String = "{\"match_all\":{}}") -> [String] {
        let body = "{\"size\":100,\"sort\":[\"_doc\"],\"query\":\(query)}"
        return client.post("/logs/_search?preference=\(preference)", body).json.ids
    }

    @Test(arguments: [0, 1])
    func shardsPartTheIndex(_ kind: Int) throws {
        let client = HTTPClient(try Fixtures.server(["logs": Self.contents[kind]]) { $0.shards = 3 })
        let parts = (0..<3).map { ids(client, "_shards:\($0)") }
        #expect(parts.allSatisfy { !$0.isEmpty && $0.count < 40 })
        let all = client.post("/logs/_search", "{\"size\":100}").json.ids
        #expect(parts.flatMap { $0 }.sorted() == all.sorted())
        #expect(Set(ids(client, "_shards:2,0,2")) == Set(parts[0] + parts[2]))
        for (shard, part) in parts.enumerated() {
            let count = client.post("/logs/_count?preference=_shards:\(shard)", "")
            #expect(
                count.text == "{\"count\":\(part.count),"
                    + "\"_shards\":{\"total\":1,\"successful\":1,\"skipped\":0,\"failed\":0}}")
        }
    }

    @Test(arguments: [0, 1])
    func aScrollReadsOneShard(_ kind: Int) throws {
        let server = try Fixtures.server(["logs": Self.contents[kind]]) { $0.shards = 3 }
        let client = HTTPClient(server)
        let expected = ids(client, "_shards:1")
        var read: [String] = []
        var answer = client.post("/logs/_search?scroll=1m&preference=_shards:1", "{\"size\":4,\"sort\":[\"_doc\"]}")
        let id = try #require(answer.json["_scroll_id"]?.text)
        #expect(server.openContexts == 1)
        while !answer.json.ids.isEmpty {
            #expect(answer.json["_shards", "total"]?.integer == 1)
            #expect(answer.json["hits", "total", "value"]?.integer == expected.count)
            read += answer.json.ids
            answer = client.post("/_search/scroll", "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}")
        }
        #expect(read == expected)
        #expect(client.delete("/_search/scroll", "{\"scroll_id\":\"\(id)\"}").json["num_freed"]?.integer == 1)
    }

    /// As recorded: no scroll id, no aggregations, a score of zero.
    @Test func aShardThatNoIndexHas() throws {
        let server = try Fixtures.server()
        let client = HTTPClient(server)
        let empty =
            "{\"took\":1,\"timed_out\":false,\"_shards\":{\"total\":0,\"successful\":0,\"skipped\":0,\"failed\":0},"
            + "\"hits\":{\"total\":{\"value\":0,\"relation\":\"eq\"},\"max_score\":0.0,\"hits\":[]}}"
        #expect(client.post("/logs/_search?preference=_shards:9", "{\"size\":1}").text == empty)
        let opening = "/logs/_search?preference=_shards:9&scroll=1m&allow_partial_search_results=false"
        #expect(client.post(opening, "{\"size\":1}").text == empty)
        let aggregated = client.post(
            "/logs/_search?preference=_shards:9", "{\"size\":0,\"aggs\":{\"m\":{\"min\":{\"field\":\"time\"}}}}")
        #expect(aggregated.text == empty)
        let count = client.post("/logs/_count?preference=_shards:9", "{}").text
        #expect(count == "{\"count\":0,\"_shards\":{\"total\":0,\"successful\":0,\"skipped\":0,\"failed\":0}}")
        #expect(server.openContexts == 0)
    }

    @Test func onlyIndicesWithTheShardTakePart() throws {
        let client = HTTPClient(try Fixtures.server(["one": Fixtures.logs("one")]))
        #expect(client.send("PUT", "/two", Array("{\"settings\":{\"number_of_shards\":2}}".utf8)).status == 200)
        let lines = (0..<8).map { "{\"index\":{\"_index\":\"two\",\"_id\":\"t\($0)\"}}\n{\"log\":\"x\"}\n" }
        #expect(client.post("/_bulk", lines.joined()).status == 200)
        let answer = client.post("/_all/_search?preference=_shards:1", "{\"size\":100}").json
        #expect(answer["_shards", "total"]?.integer == 1)
        #expect(answer.ids.allSatisfy { $0.hasPrefix("t") })
        #expect(!answer.ids.isEmpty)
    }

    @Test func refusesOtherPreferences() throws {
        let client = HTTPClient(try Fixtures.server())
        for preference in ["_local", "custom", "_shards:0%7C_local"] {
            let reply = client.post("/logs/_count?preference=\(preference)", "{}")
            #expect(reply.status == 400)
            let reason = "request [/logs/_count] contains unrecognized parameter: [preference]"
            #expect(reply.json["error", "reason"]?.text == reason)
        }
        #expect(
            client.post("/logs/_count?preference=_shards:x", "{}").text
                == "{\"error\":{\"root_cause\":[{\"type\":\"number_format_exception\",\"reason\":\"For input string: "
                + "\\\"x\\\"\"}],\"type\":\"number_format_exception\",\"reason\":\"For input string: \\\"x\\\"\"},"
                + "\"status\":400}")
    }

    /// A document stays in its shard whatever becomes of it and of others.
    @Test func aShardIsAFunctionOfTheId() throws {
        var contents = Fixtures.logs("logs", count: 200)
        let before = (0..<200).map { contents.place(at: $0, of: 5).shard }
        #expect(Set(before) == [0, 1, 2, 3, 4])
        for shard in 0..<5 { #expect(before.count { $0 == shard } > 20) }
        contents.remove(id: "logs-00000")
        contents.put(StoredContents.Document(id: "logs-00007", source: "{}"))
        #expect(contents.place(at: 200, of: 5).shard == before[7])
    }

    /// A billion documents by shard, counted and paged at once.
    @Test func shardsOfABillion() throws {
        let contents = GeneratedContents(documents: 1_000_000_000, untimedEvery: 7, unloggedEvery: 10)
        let client = HTTPClient(try Fixtures.server(["logs": contents]) { $0.shards = 6 })
        let counts = (0..<6).map {
            client.post("/logs/_count?preference=_shards:\($0)", "{}").json["count"]?.integer ?? 0
        }
        #expect(counts.reduce(0, +) == 1_000_000_000)
        let untimed = "{\"query\":{\"bool\":{\"must_not\":{\"exists\":{\"field\":\"time\"}}}}}"
        let rest = (0..<6).map {
            client.post("/logs/_count?preference=_shards:\($0)", untimed).json["count"]?.integer ?? 0
        }
        #expect(rest.reduce(0, +) == 1_000_000_000 / 7)
        let last = "{\"size\":3,\"query\":{\"range\":{\"time\":{\"gte\":\(contents.milliseconds(at: 999_999_990))}}}}"
        #expect(client.post("/logs/_search?preference=_shards:3", last).json.ids.count == 1)
    }
}
