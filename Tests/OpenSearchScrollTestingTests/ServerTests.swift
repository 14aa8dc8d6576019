import Testing

@testable import OpenSearchScrollTesting

/// Start and end of a server, and who may talk to it.
@Suite(.timeLimit(.minutes(30)))
struct ServerTests {
    @Test func portsAreFreeOnes() throws {
        let one = try Fixtures.server()
        let other = try Fixtures.server()
        #expect(one.port > 0)
        #expect(one.port != other.port)
        #expect(one.url == "http://127.0.0.1:\(one.port)")
    }

    @Test func takenPortIsAnError() throws {
        let one = try Fixtures.server()
        let error = #expect(throws: OpenSearchServerError.self) {
            _ = try Fixtures.server { $0.port = UInt16(one.port) }
        }
        #expect(error?.code == .cannotListen)
        #expect(error?.message.hasPrefix("cannot listen on 127.0.0.1:\(one.port) (Address already in use)") == true)
    }

    @Test func stopFreesThePort() throws {
        let one = try Fixtures.server()
        #expect(HTTPClient(one).get("/").status == 200)
        one.stop()
        one.stop()
        #expect(HTTPClient(one).get("/").status == 0)
        let next = try Fixtures.server { $0.port = UInt16(one.port) }
        #expect(next.port == one.port)
    }

    @Test func basicAuthentication() throws {
        let server = try Fixtures.server { $0.credentials = ("reader", "pässword:1") }
        var client = HTTPClient(server)
        client.headers["Authorization"] = "Basic cmVhZGVyOnDDpHNzd29yZDox"
        #expect(client.get("/").status == 200)
        client.headers["Authorization"] = "Basic cmVhZGVyOndyb25n"
        #expect(client.get("/").status == 401)
        client.headers["Authorization"] = "Bearer x"
        #expect(client.get("/").text == "Unauthorized")
        // Refused requests reach no fault hook, but are counted.
        #expect(server.requests == ["root": 3])
    }

    @Test func answersOneRequestAfterAnotherOnOneConnection() throws {
        let client = HTTPClient(try Fixtures.server())
        let (one, other) = (client.open("GET", "/"), client.open("GET", "/"))
        #expect(HTTPClient.read(other).isWhole)
        #expect(HTTPClient.read(one).isWhole)
    }

    @Test func unsupportedIsRefusedNotIgnored() throws {
        let client = HTTPClient(try Fixtures.server())
        let reply = client.post("/logs/_search?preference=_local&filter_path=hits", "{}")
        #expect(reply.status == 400)
        #expect(
            reply.json["error", "reason"]?.text
                == "request [/logs/_search] contains unrecognized parameters: [filter_path], [preference]")
        #expect(client.post("/logs/_search", "{\"slice\":{\"id\":0,\"max\":2}}").status == 400)
        #expect(client.send("POST", "/logs").status == 405)
        #expect(
            client.get("/_cat/indices").json["error"]?.text
                == "no handler found for uri [/_cat/indices] and method [GET]")
    }

    /// Without TLS a server with a certificate gives nothing away. (That it serves HTTPS is tested with a client of
    /// HTTPS.)
    @Test func badCertificateIsAnError() throws {
        let error = #expect(throws: OpenSearchServerError.self) {
            _ = try Fixtures.server { $0.identity = .init(certificate: "none", key: "none") }
        }
        #expect(error?.code == .cannotListen)
        #expect(error?.message.contains("check the certificate") == true)
    }
}
