import Testing

@testable import OpenSearchScrollTesting

/// Faults of a schedule beside what real servers answered when the same went wrong.
@Suite(.timeLimit(.minutes(30)))
struct FaultTranscriptTests {
    private static let versions = ["2.19.4", "3.8.0"]
    private static let opening = "{\"size\": 5, \"sort\": [\"_doc\"], \"_source\": [\"log\"]}"

    /// Always this kind, as long as the hook's gate is open.
    private func server(
        _ kind: FaultKind, _ version: String, _ index: String = "logs", shards: Int = 1, count: Int = 12,
        at requests: [RequestKind: Range<Int>]
    ) throws -> OpenSearchServer {
        try Fixtures.server([index: Fixtures.logs(index, count: count)]) { configuration in
            configuration.version = version
            configuration.shards = shards
            configuration.fault = { info in
                guard requests[info.kind]?.contains(info.ordinal) == true else { return .loseNothing }
                return nil
            }
            configuration.faults = FaultSchedule(rate: 1, kinds: [kind])
        }
    }

    @Test(arguments: versions)
    func breaker(_ version: String) throws {
        let exchanges = try #require(try Transcript.load("breaker-inflight-requests").versions[version])
        let scrolls = exchanges.filter { $0.request.body?.contains("\"pit\"") == false }
        #expect(scrolls.map(\.response.status) == [429, 429, 200])
        let server = try server(.breaker, version, at: [.openScroll: 1..<2, .continueScroll: 0..<1])
        var replay = Replay(HTTPClient(server))
        try replay.open("/logs/_search?scroll=1m", Self.opening, for: scrolls[0])
        for exchange in scrolls { replay.check(exchange) }
    }

    @Test(arguments: versions)
    func queueFullUnderAScroll(_ version: String) throws {
        let exchanges = try #require(try Transcript.load("queue-full-on-continuation").versions[version])
        #expect(exchanges.map(\.response.status) == [200, 429, 404])
        var replay = Replay(HTTPClient(try server(.queueFull, version, at: [.continueScroll: 0..<1])))
        // A rejection by 3.8 lacks the version header, which ours has.
        for exchange in exchanges { replay.check(exchange, showsVersion: exchange.response.status != 429) }
    }

    @Test(arguments: versions)
    func queueFullAtAnOpening(_ version: String) throws {
        let exchanges = try #require(try Transcript.load("queue-full-on-opening").versions[version])
        #expect(exchanges.map(\.response.status) == [429])
        var replay = Replay(HTTPClient(try server(.queueFull, version, at: [.openScroll: 0..<1])))
        // A rejection by 3.8 lacks the version header, which ours has.
        for exchange in exchanges { replay.check(exchange, showsVersion: exchange.response.status != 429) }
    }

    @Test(arguments: versions)
    func tooManyContexts(_ version: String) throws {
        let exchanges = try #require(try Transcript.load("too-many-scroll-contexts").versions[version])
        let server = try server(.tooManyContexts, version, at: [.openScroll: 0..<1])
        let reply = HTTPClient(server).post(exchanges[1].request.path, exchanges[1].request.body ?? "")
        let expected = String(decoding: exchanges[1].response.bytes, as: UTF8.self).replacing("[2]", with: "[500]")
        #expect(reply.status == 429)
        #expect(Replay.text(reply.json) == Replay.text(try JSONParser.parse(Array(expected.utf8))))
    }

    private func lost(_ version: String, _ note: String) throws -> Transcript.Exchange {
        let exchanges = try Transcript.load("shard-lost-under-scroll").versions[version] ?? []
        return try #require(exchanges.first { $0.note == note })
    }

    private func shards(_ bytes: [UInt8]) throws -> String {
        Replay.text(try #require(try JSONParser.parse(bytes)["_shards"]))
    }

    /// The scroll goes on with the other shards, says so on each page, and never gets the shard back.
    @Test(arguments: versions)
    func shardLostUnderAScroll(_ version: String) throws {
        let server = try server(
            .missingShards, version, shards: 3, count: 300, at: [.continueScroll: 0..<1])
        let client = HTTPClient(server)
        let opened = client.post("/logs/_search?scroll=5m", "{\"size\":20,\"sort\":[\"_doc\"],\"_source\":false}")
        let id = try #require(opened.json["_scroll_id"]?.text)
        #expect(opened.json["hits", "total", "value"]?.integer == 300)
        let recorded = try lost(version, "after the kill, 3")
        let left = client.post("/logs/_count?preference=_shards:0,1", "{}").json["count"]?.integer ?? 0
        var read = opened.json.ids
        while true {
            let page = client.post("/_search/scroll", "{\"scroll\":\"5m\",\"scroll_id\":\"\(id)\"}")
            #expect(page.json.names == (try JSONParser.parse(recorded.response.bytes)).names)
            #expect(try shards(page.body) == shards(recorded.response.bytes))
            #expect(page.json["hits", "total", "value"]?.integer == left)
            if page.json.ids.isEmpty { break }
            read += page.json.ids
        }
        #expect(Set(read).count == read.count)
        #expect(read.count >= left && read.count < left + 20)
        #expect(server.openContexts == 2)
        let cleared = client.delete("/_search/scroll", "{\"scroll_id\":[\"\(id)\"]}")
        #expect(cleared.status == 200)
        #expect(cleared.text == "{\"succeeded\":false,\"num_freed\":2}")
    }

    @Test(arguments: versions, [FaultKind.nodeLeft, .missingShards])
    func theOnlyShardIsLost(_ version: String, _ kind: FaultKind) throws {
        let recorded = try lost(version, "a scroll whose only shard was there")
        var replay = Replay(HTTPClient(try server(kind, version, at: [.continueScroll: 0..<1])))
        try replay.open("/logs/_search?scroll=5m", "{\"size\":2}", for: recorded)
        replay.check(recorded)
    }

    @Test(arguments: versions)
    func shardMissingWhenOpening(_ version: String) throws {
        let missing = try server(
            .missingShards, version, shards: 3, count: 300, at: [.openScroll: 0..<9, .search: 0..<9, .count: 0..<9])
        let client = HTTPClient(missing)
        let opening = try lost(version, "a new opening, default")
        let opened = client.post(opening.request.path, opening.request.body ?? "")
        #expect(try shards(opened.body) == shards(opening.response.bytes))
        let left = try #require(opened.json["hits", "total", "value"]?.integer)
        #expect(left < 300)
        #expect(missing.openContexts == 2)
        let count = client.post("/logs/_count", "{}")
        #expect(
            count.text == "{\"count\":\(left),"
                + "\"_shards\":{\"total\":3,\"successful\":2,\"skipped\":0,\"failed\":0}}")
        var alone = Replay(client)
        alone.check(try lost(version, "search on the lost shard alone"))
        let refusing = try server(.refusedShards, version, shards: 3, at: [.openScroll: 0..<1])
        var refused = Replay(HTTPClient(refusing))
        refused.check(try lost(version, "a new opening that refuses partial results"))
        #expect(refusing.openedContexts == 0)
    }
}

extension Fault {
    /// A fault that changes nothing, so that the schedule is not asked.
    fileprivate static var loseNothing: Fault { .shrinkTotal(by: 0) }
}
