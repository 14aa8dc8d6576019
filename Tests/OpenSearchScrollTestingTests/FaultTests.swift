import Glibc
import Testing

@testable import OpenSearchScrollTesting

/// Each fault as a client sees it, and what it did to the scroll.
@Suite(.timeLimit(.minutes(30)))
struct FaultTests {
    /// Opens a scroll of pages of 4, has `fault` strike the first continuation, and continues once more.
    private func strike(
        _ fault: Fault
    ) throws -> (server: OpenSearchServer, struck: HTTPReply, after: HTTPReply) {
        let server = try Fixtures.server {
            $0.fault = { $0.kind == .continueScroll && $0.ordinal == 0 ? fault : nil }
        }
        let client = HTTPClient(server)
        let opened = client.post("/logs/_search?scroll=1m", "{\"size\":4,\"sort\":[\"_doc\"]}").json
        let id = try #require(opened["_scroll_id"]?.text)
        let next = "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}"
        return (server, client.post("/_search/scroll", next), client.post("/_search/scroll", next))
    }

    @Test func closeBeforeExecutingLeavesTheScrollWhereItWas() throws {
        let (_, struck, after) = try strike(.closeBeforeExecuting)
        #expect(struck.status == 0)
        #expect(after.json.ids.first == "logs-00004")
    }

    @Test func closeBeforeAnswerSkipsAPage() throws {
        let (_, struck, after) = try strike(.closeBeforeAnswer)
        #expect(struck.status == 0)
        #expect(after.json.ids.first == "logs-00008")
    }

    @Test(arguments: [0, 1, 100])
    func cutBodyPromisesMoreThanItSends(count: Int) throws {
        let (_, struck, after) = try strike(.cutBody(at: count))
        #expect(struck.status == 200)
        #expect(struck.body.count == count)
        #expect(!struck.isWhole)
        #expect(after.json.ids.first == "logs-00008")
    }

    @Test func statusIsNotExecuted() throws {
        let (server, struck, after) = try strike(.status(502, "<html>Bad Gateway</html>"))
        #expect(struck.status == 502)
        #expect(struck.headers["content-type"] == "text/html")
        #expect(struck.text == "<html>Bad Gateway</html>")
        #expect(after.json.ids.first == "logs-00004")
        #expect(server.openContexts == 1)
    }

    @Test func statusLosingContext() throws {
        let (server, struck, after) = try strike(.statusLosingContext(429, "{\"error\":{}}"))
        #expect(struck.status == 429)
        #expect(struck.headers["content-type"] == "application/json; charset=UTF-8")
        #expect(after.status == 404)
        #expect(server.openContexts == 0)
    }

    @Test func loseContext() throws {
        let (server, struck, after) = try strike(.loseContext)
        #expect(struck.status == 404)
        #expect(after.status == 404)
        #expect(server.openContexts == 0)
    }

    @Test func missingShardsUnderAScroll() throws {
        let (_, struck, after) = try strike(.missingShards(successful: 2, total: 3))
        let shards = struck.json["_shards"]
        #expect(struck.status == 200)
        #expect(shards?["total"]?.integer == 3)
        #expect(shards?["successful"]?.integer == 2)
        #expect(shards?["failed"]?.integer == 1)
        #expect(shards?["failures"]?.elements.first?["reason", "type"]?.text == "illegal_state_exception")
        #expect(after.json["_shards", "successful"]?.integer == 1)
    }

    @Test func missingShardsAtAnOpening() throws {
        let server = try Fixtures.server { $0.fault = { _ in .missingShards(successful: 2, total: 3) } }
        let client = HTTPClient(server)
        let opened = client.post("/logs/_search?scroll=1m", "{\"size\":4}")
        #expect(opened.text.contains("\"_shards\":{\"total\":3,\"successful\":2,\"skipped\":0,\"failed\":0}"))
        let refused = client.post("/logs/_search?scroll=1m&allow_partial_search_results=false", "{\"size\":4}")
        #expect(refused.status == 503)
        #expect(
            refused.json["error", "caused_by", "reason"]?.text
                == "Search rejected due to missing shards [[logs][2]]. Consider using "
                + "`allow_partial_search_results` setting to bypass this error.")
        #expect(refused.json["error", "root_cause"] == .array([]))
        #expect(client.post("/logs/_count", "").json["_shards", "failed"]?.integer == 0)
    }

    @Test func timedOut() throws {
        let (_, struck, after) = try strike(.timedOut)
        #expect(struck.json["timed_out"] == .bool(true))
        #expect(struck.json.ids.isEmpty)
        #expect(after.json["timed_out"] == .bool(false))
    }

    @Test func shrinkTotal() throws {
        let (_, struck, after) = try strike(.shrinkTotal(by: 5))
        #expect(struck.json["hits", "total", "value"]?.integer == 7)
        #expect(struck.json.ids.count == 4)
        #expect(after.json["hits", "total", "value"]?.integer == 12)
    }

    @Test func stallEndsWithTheServer() throws {
        let server = try Fixtures.server { $0.fault = { $0.kind == .root ? .stall : nil } }
        let client = HTTPClient(server)
        let socket = client.open("GET", "/")
        // Others are answered meanwhile, more of them than there are threads.
        for _ in 0..<8 { #expect(client.post("/logs/_count", "").status == 200) }
        #expect(recv(socket, UnsafeMutableRawPointer(bitPattern: 0), 0, Int32(MSG_DONTWAIT)) <= 0)
        server.stop()
        #expect(HTTPClient.read(socket).status == 0)
        close(socket)
    }

    @Test func hookSeesTheRequest() throws {
        let server = try Fixtures.server {
            $0.fault = { info in
                let isExpected =
                    info.kind == .search && info.method == "POST" && info.path == "/logs/_search"
                    && info.parameters == ["size": "1"] && info.headers["x-tried"] == "a b"
                    && info.body == Array("{}".utf8)
                return isExpected ? .status(418, "{\"ordinal\":\(info.ordinal)}") : nil
            }
        }
        var client = HTTPClient(server)
        client.headers["X-Tried"] = "a b"
        #expect(client.post("/logs/_search?size=1", "{}").text == "{\"ordinal\":0}")
        #expect(client.post("/logs/_search?size=1", "{}").text == "{\"ordinal\":1}")
        #expect(client.post("/logs/_search?size=2", "{}").status == 200)
    }
}
