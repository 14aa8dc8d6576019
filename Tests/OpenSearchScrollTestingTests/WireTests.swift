import CCompression
import Testing

@testable import OpenSearchScrollTesting

/// Compression, size limits and tokens: what the wire does around the answers.
@Suite(.timeLimit(.minutes(30)))
struct WireTests {
    private func unpacked(_ bytes: [UInt8]) -> [UInt8] {
        guard let decompressor = opnilog_decompressor_new(OPNILOG_FORMAT_GZIP) else { return [] }
        defer { opnilog_decompressor_free(decompressor) }
        var result: [UInt8] = []
        var taken = 0
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            var (consumed, produced) = (0, 0)
            var error: UnsafePointer<CChar>?
            let status = bytes[taken...].withUnsafeBytes { input in
                opnilog_decompressor_step(
                    decompressor, input.baseAddress ?? UnsafeRawPointer(decompressor), input.count, &consumed, &room,
                    room.count, &produced, &error)
            }
            taken += consumed
            result += room[..<produced]
            if status != OPNILOG_DECOMPRESS_CONTINUE || consumed + produced == 0 { break }
        }
        return taken == bytes.count ? result : []
    }

    @Test(arguments: [10, 10_000])
    func gzipWhereItIsAskedFor(_ size: Int) throws {
        let server = try Fixtures.server(["logs": GeneratedContents(documents: 10_000)])
        var client = HTTPClient(server)
        let plain = client.post("/logs/_search", "{\"size\":\(size)}")
        #expect(plain.headers["content-encoding"] == nil)
        client.headers["Accept-Encoding"] = "deflate, gzip"
        let packed = client.post("/logs/_search", "{\"size\":\(size)}")
        #expect(packed.headers["content-encoding"] == "gzip")
        #expect(packed.isWhole)
        #expect(packed.body.count < plain.body.count)
        #expect(unpacked(packed.body) == plain.body)
        #expect(client.send("HEAD", "/").headers["content-encoding"] == nil)
        let refused = client.post("/nope/_search", "{}")
        #expect(refused.status == 404)
        #expect(unpacked(refused.body).contains("index_not_found_exception"))
    }

    @Test(
        arguments: [
            ("gzip", true), ("br, gzip;q=0.1", true), ("x-gzip", true), ("GZIP", true), ("gzip;q=0, identity", false),
            ("zstd, br", false), ("", false), ("gzip; q=0.0", false),
        ])
    func whoTakesGzip(_ accepted: String, _ takes: Bool) {
        #expect(ContentCoding.takesGzip(accepted) == takes)
    }

    @Test func noGzipOverTLS() throws {
        var configuration = OpenSearchServer.Configuration()
        configuration.identity = Fixtures.identity
        let core = ServerCore(configuration)
        let request = IncomingRequest(method: "GET", path: "/", parameters: [:], headers: ["accept-encoding": "gzip"])
        #expect(core.answer(request).headers.allSatisfy { $0.0 != "content-encoding" })
        configuration.identity = nil
        #expect(ServerCore(configuration).answer(request).headers.contains { $0 == ("content-encoding", "gzip") })
    }

    @Test func requestsAboveTheLimitAre413() throws {
        let server = try Fixtures.server { $0.maximumRequestBytes = 1000 }
        let client = HTTPClient(server)
        let blank = String(repeating: " ", count: 998)
        #expect(client.post("/logs/_count", "{}" + blank).status == 200)
        let refused = client.post("/logs/_count", "{}" + blank + " ")
        #expect(refused.status == 413)
        #expect(refused.body.isEmpty)
        #expect(refused.headers["content-type"] == nil)
        #expect(refused.headers["content-length"] == "0")
        #expect(server.count(of: .count) == 1)
    }

    @Test func bearerTokensChangeAtRunTime() throws {
        let server = try Fixtures.server {
            $0.bearer = "first"
            $0.credentials = ("reader", "secret")
        }
        var client = HTTPClient(server)
        func status(_ authorization: String) -> Int {
            client.headers["Authorization"] = authorization
            return client.post("/logs/_count", "{}").status
        }
        #expect(status("Bearer first") == 200)
        #expect(status("Basic cmVhZGVyOnNlY3JldA==") == 200)
        #expect(status("Bearer second") == 401)
        server.acceptBearer("second")
        #expect(status("Bearer second") == 200)
        #expect(status("Bearer first") == 401)
        server.acceptBearer(nil)
        #expect(status("Bearer second") == 401)
        #expect(status("Bearer ") == 401)
        client.headers = [:]
        #expect(client.post("/logs/_count", "{}").text == "Unauthorized")
    }

    @Test func contextsAreCountedFromTheStart() throws {
        let server = try Fixtures.server { $0.shards = 2 }
        let client = HTTPClient(server)
        for _ in 0..<3 { _ = Fixtures.scroll(client, body: "{\"size\":5}") }
        let open = (0..<2).compactMap { _ in
            client.post("/logs/_search?scroll=1m", "{\"size\":5}").json["_scroll_id"]?.text
        }
        #expect(server.openedContexts == 10)
        #expect(server.openContexts == 4)
        #expect(server.openScrollIDs == open)
        server.advanceClock(by: .seconds(61))
        #expect(server.openScrollIDs == [])
        #expect(server.openedContexts == 10)
    }
}
