import Testing

@testable import OpenSearchScrollTesting

/// Creation, loading and deletion of indices.
@Suite(.timeLimit(.minutes(30)))
struct IndexTests {
    private let server: OpenSearchServer
    private let client: HTTPClient

    init() throws {
        server = try Fixtures.server(["generated": GeneratedContents(documents: 5)])
        client = HTTPClient(server)
    }

    @Test func createHeadDelete() {
        #expect(client.send("HEAD", "/new").status == 404)
        let created = client.send("PUT", "/new", Array("{\"settings\":{\"number_of_shards\":2}}".utf8))
        #expect(created.text == "{\"acknowledged\":true,\"shards_acknowledged\":true,\"index\":\"new\"}")
        #expect(client.send("HEAD", "/new").status == 200)
        #expect(client.post("/new/_count", "").json["_shards", "total"]?.integer == 2)
        let again = client.send("PUT", "/new")
        #expect(again.status == 400)
        #expect(again.json["error", "type"]?.text == "resource_already_exists_exception")
        #expect(client.delete("/new").text == "{\"acknowledged\":true}")
        #expect(client.delete("/new").status == 404)
    }

    @Test func bulkKeepsSourcesByteForByte() {
        let odd: [UInt8] =
            Array("{ \"log\" : \"a".utf8) + [0xC0, 0xAF, 0xED, 0xA0, 0x80] + Array("\" , \"n\":1.50}  ".utf8)
        let body = Array("{\"index\":{\"_id\":\"odd\"}}\n".utf8) + odd + Array("\n".utf8)
        let reply = client.send("POST", "/fresh/_bulk?refresh=true", body)
        #expect(reply.json["errors"] == .bool(false))
        #expect(reply.json["items"]?.elements.first?["index", "status"]?.integer == 201)
        let whole = client.post("/fresh/_search", "{}").body
        let start = whole.firstIndex(ofEndOf: "\"_source\":") ?? 0
        #expect(Array(whole[start...].prefix(odd.count)) == odd)
    }

    @Test func bulkTellsEachOutcome() {
        let body = """
            {"create":{"_index":"b","_id":"1"}}
            {"log":"one"}
            {"create":{"_index":"b","_id":"1"}}
            {"log":"two"}
            {"index":{"_index":"b","_id":"1"}}
            {"log":"three"}
            {"delete":{"_index":"b","_id":"1"}}
            {"delete":{"_index":"b","_id":"1"}}
            {"index":{"_index":"b","_id":"2"}}
            {"log":
            {"index":{"_index":"generated","_id":"3"}}
            {"log":"four"}
            {"index":{"_index":"b"}}
            {"log":"five"}

            """
        let reply = client.send("POST", "/_bulk", Array(body.utf8), type: "application/x-ndjson")
        #expect(reply.json["errors"] == .bool(true))
        let items = reply.json["items"]?.elements ?? []
        let outcomes = items.map { item in item.names.first.flatMap { item[$0, "status"]?.integer } }
        #expect(outcomes == [201, 409, 200, 200, 404, 400, 400, 201])
        #expect(items[5]["index", "error", "type"]?.text == "mapper_parsing_exception")
        #expect(
            items[6]["index", "error", "reason"]?.text
                == "index [generated] is generated and takes no documents")
        #expect(items[7]["index", "_id"]?.text?.count == 20)
        #expect(client.post("/b/_count", "").json["count"]?.integer == 1)
    }

    @Test(arguments: [
        ("{\"index\":{}}\n{}", "The bulk request must be terminated by a newline [\\n]"),
        ("nonsense\n", "Malformed action/metadata line [1], expected START_OBJECT"),
        (
            "{\"update\":{}}\n{}\n",
            "Malformed action/metadata line [1], expected one of [create, delete, index] but found [update]"
        ),
        ("{\"index\":{}}\n{}\n", "Validation Failed: 1: index is missing;"),
    ])
    func bulkRefuses(_ body: String, _ reason: String) {
        let reply = client.post("/_bulk", body)
        #expect(reply.status == 400)
        #expect(reply.json["error", "reason"]?.text == reason)
    }

    @Test func refresh() {
        #expect(
            client.post("/generated/_refresh", "").text == "{\"_shards\":{\"total\":1,\"successful\":1,\"failed\":0}}")
        #expect(client.post("/none/_refresh", "").status == 404)
    }

    @Test func contentsCanBeReplaced() {
        server.setContents(Fixtures.logs("x", count: 7), of: "generated")
        #expect(client.post("/generated/_count", "").json["count"]?.integer == 7)
    }

    @Test func largeBodiesComeWhole() {
        let log = String(repeating: "long ", count: 400_000)
        let body = "{\"index\":{\"_id\":\"1\"}}\n{\"log\":\"\(log)\"}\n"
        #expect(client.post("/large/_bulk", body).json["errors"] == .bool(false))
        let reply = client.post("/large/_search", "{}")
        #expect(reply.isWhole)
        #expect(reply.json["hits", "hits"]?.elements.first?["_source", "log"]?.text == log)
    }
}
