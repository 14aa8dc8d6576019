import CLibcurl
import OpenSearchScrollTesting
import Testing

@testable import OpenSearchScroll

/// A server that has read a request may have moved the scroll on, whatever becomes of the connection: nothing may send
/// the request again but who knows that.
@Suite("A request is sent once", .timeLimit(.minutes(30)))
struct SendOnceTests {
    @Test(
        "A kept connection that is closed after a request was read: the request is not repeated",
        arguments: [false, true], ["{}", nil] as [String?])
    func closedAfterReading(reset: Bool, body: String?) async throws {
        let server = try WireServer { _, number in number == 1 ? .hangUp(reset: reset) : .answer() }
        defer { server.stop() }
        let transport = try Transport()
        let request = try HTTPRequest.to(server.url, body == nil ? .get : .post, body: body)
        #expect(try await transport.send(request).get().status == 200)
        let failure = await transport.send(request).failure
        #expect(failure?.wasSent == true)
        #expect(failure?.code == CURLE_GOT_NOTHING.rawValue)
        #expect(failure?.detail == "the connection was closed before the answer began")
        #expect(server.requests.map(\.connection) == [0, 0], "sent again: \(server.requests)")
        // What comes next is another request, on a connection of its own.
        #expect(try await transport.send(request).get().status == 200)
        #expect(server.requests.map(\.connection) == [0, 0, 1])
    }

    /// The judge of the test above: libcurl by itself does repeat.
    @Test("libcurl left to itself sends such a request twice, and says that all went well")
    func libcurlRepeats() async throws {
        let server = try WireServer { _, number in number == 1 ? .hangUp(reset: false) : .answer() }
        defer { server.stop() }
        let url = server.url
        let code = try await Shell.onThread {
            guard let curl = curl_easy_init() else { throw Missing(description: "no memory") }
            defer { curl_easy_cleanup(curl) }
            opnilog_curl_set_string(curl, CURLOPT_URL, url)
            opnilog_curl_set_body(curl, "{}", 2)
            opnilog_curl_set_write(curl, { _, _, count, _ in count }, nil)
            return [curl_easy_perform(curl), curl_easy_perform(curl)]
        }
        #expect(code == [CURLE_OK, CURLE_OK])
        #expect(server.requests.map(\.connection) == [0, 0, 1])
    }

    @Test("A connection that was closed while nobody used it costs nothing")
    func closedWhileIdle() async throws {
        let server = try WireServer { _, _ in .sendAndClose(Array("HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n".utf8)) }
        defer { server.stop() }
        let transport = try Transport()
        for _ in 0..<5 {
            #expect(try await transport.send(try .to(server.url)).get().status == 200)
            // Only a close that has arrived is one that libcurl can see.
            while try !Loopback.isHalfClosed(port: server.port) { await Task.yield() }
        }
        #expect(server.requests.map(\.connection) == [0, 1, 2, 3, 4])
    }

    @Test(
        "An answer that ends in its middle was sent for",
        arguments: ["", "HTTP/1.1 200 x\r\n", "HTTP/1.1 200 x\r\nContent-Length: 10\r\n\r\nabc"])
    func cut(answer: String) async throws {
        let server = try WireServer { _, _ in .sendAndClose(Array(answer.utf8)) }
        defer { server.stop() }
        let failure = try await Transport().send(try .to(server.url)).failure
        #expect(failure?.wasSent == true)
        #expect(server.requests.count == 1)
    }

    @Test("What ends before the request could leave was not sent")
    func notSent() async throws {
        let gone = try DeadPort()
        defer { withExtendedLifetime(gone) {} }
        let plain = try OpenSearchServer(configuration: OpenSearchServer.Configuration())
        defer { plain.stop() }
        let transport = try Transport()
        let cases: [(url: String, code: CURLcode)] = [
            (gone.url, CURLE_COULDNT_CONNECT), ("http://nowhere.invalid", CURLE_COULDNT_RESOLVE_HOST),
            ("https://127.0.0.1:\(plain.port)", CURLE_SSL_CONNECT_ERROR),
        ]
        for (url, code) in cases {
            let failure = await transport.send(try .to(url)).failure
            #expect(failure?.code == code.rawValue, "\(url)")
            #expect(failure?.wasSent == false, "\(url)")
        }
        #expect(plain.requests.values.reduce(0, +) == 0)
    }

    @Test("A server that takes the connection and never answers: sent; one that never takes it: not sent")
    func timeouts() async throws {
        let silent = try WireServer { _, _ in .send([]) }
        defer { silent.stop() }
        let transport = try Transport()
        var sent: TransferFailure?
        // In which it must have been sent.
        for seconds in [0.2, 2, 20] where silent.requests.isEmpty {
            sent = await transport.send(try .to(silent.url, timeout: .seconds(seconds))).failure
        }
        #expect(sent?.code == CURLE_OPERATION_TIMEDOUT.rawValue)
        #expect(sent?.wasSent == true)
        // A TLS handshake with a server that says nothing.
        let connecting = await transport.send(
            try .to("https://\(WireServer.host):\(silent.port)", timeout: .milliseconds(200))
        ).failure
        #expect(connecting?.code == CURLE_OPERATION_TIMEDOUT.rawValue)
        #expect(connecting?.wasSent == false)
    }
}
