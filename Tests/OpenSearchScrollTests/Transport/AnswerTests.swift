import CLibcurl
import Testing

@testable import OpenSearchScroll

@Suite("What an answer tells", .timeLimit(.minutes(5)))
struct AnswerTests {
    private func outcome(
        _ reply: WireServer.Reply, _ change: (inout HTTPRequest) -> Void = { _ in }
    ) async throws -> Result<HTTPAnswer, TransferFailure> {
        let server = try WireServer { _, _ in reply }
        defer { server.stop() }
        var request = try HTTPRequest.to(server.url)
        change(&request)
        return try await Transport().send(request)
    }

    @Test("Retry-After and the version, whatever the case of the headers' names")
    func headers() async throws {
        let answer = try await outcome(
            .answer(429, "{}", ["retry-after: 7", "x-OPENSEARCH-version: OpenSearch/3.8.0 (opensearch)"])
        ).get()
        #expect(answer.status == 429)
        #expect(answer.retryAfter == .seconds(7))
        #expect(answer.serverVersion == "3.8.0")
        let bare = try await outcome(.answer()).get()
        #expect(bare.retryAfter == nil && bare.serverVersion == nil)
    }

    @Test(
        "Retry-After in its two forms, compared with the answer's own date where there is one",
        arguments: [
            ("120", nil, 120), ("0", nil, 0), ("-3", nil, nil), ("soon", nil, nil), ("9999999999", nil, 86_400),
            ("Sun, 30 Aug 2015 12:37:00 GMT", nil, 60), ("Sun, 30 Aug 2015 12:35:00 GMT", nil, 0),
            ("Sun, 30 Aug 2015 12:37:00 GMT", "Sun, 30 Aug 2015 12:36:50 GMT", 10),
        ] as [(String, String?, Int?)])
    func retryAfter(text: String, date: String?, seconds: Int?) {
        let now = 1_440_938_160  // 2015-08-30 12:36:00
        #expect(AnswerHeaders.retryAfter(text, date: date, now: now) == seconds.map { .seconds($0) })
    }

    @Test("Times and bytes of the wire")
    func timing() async throws {
        let answer = try await outcome(.answer(200, String(repeating: "x", count: 5_000))).get()
        #expect(answer.wireBytes == 5_000 && answer.body.count == 5_000)
        #expect(.zero < answer.timing.firstByte && answer.timing.firstByte <= answer.timing.total)
        #expect(answer.timing.total < .seconds(20))
    }

    @Test("A compressed answer is asked for where the request or else the settings say so, and counted as it came")
    func gzip() async throws {
        let server = try WireServer { request, _ in
            request.headers["accept-encoding"] == "gzip"
                ? .answer(200, Self.compressed, ["Content-Encoding: gzip"]) : .answer(200, "plain")
        }
        defer { server.stop() }
        for (setting, wish, isCompressed) in [
            (true, nil, true), (false, nil, false), (true, false, false), (false, true, true),
        ] {
            let transport = try Transport { $0.compression = setting }
            var request = try HTTPRequest.to(server.url)
            request.acceptsGzip = wish
            let answer = try await transport.send(request).get()
            #expect(answer.body.count == (isCompressed ? 200_000 : 5))
            #expect(answer.wireBytes == (isCompressed ? Self.compressed.count : 5))
        }
    }

    @Test("An answer that announces too much is broken off at its first byte, which is kept")
    func announced() async throws {
        let head = Array("HTTP/1.1 200 x\r\nContent-Length: 1000000000000\r\n\r\nx".utf8)
        let failure = try await outcome(.send(head)) { $0.maximumBytes = 1 << 20 }.failure
        #expect(failure?.isTooLarge == true && failure?.wasSent == true)
        #expect(failure?.announcedBytes == 1_000_000_000_000)
        #expect(failure?.detail == "an answer of 1000000000000 bytes, 1048576 allowed")
        #expect(failure?.partialBody?.withBytes { Array($0) } == Array("x".utf8))
        let error = OpenSearchError(try #require(failure), try requestContext("http://host"))
        #expect(error.code == .pageTooLarge && !error.isTransient)
        #expect(
            error.message
                == "http://host sends an answer of 1000000000000 bytes, 1048576 allowed; ask for smaller pages")
    }

    @Test("One that does not say how long it is, or is short only while compressed, is broken off when it is too long")
    func unannounced() async throws {
        let chunks =
            Array("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
            + Array(repeating: Array("400\r\n\(String(repeating: "x", count: 1024))\r\n".utf8), count: 20).joined()
        let failure = try await outcome(.send(chunks)) { $0.maximumBytes = 10_000 }.failure
        #expect(failure?.isTooLarge == true && failure?.announcedBytes == nil)
        #expect(failure?.detail == "an answer of more than 10000 bytes, 10000 allowed")
        let bomb = try await outcome(.answer(200, Self.compressed, ["Content-Encoding: gzip"])) {
            $0.maximumBytes = 10_000
            $0.acceptsGzip = true
        }.failure
        #expect(bomb?.isTooLarge == true)
    }

    @Test("An answer of just what is allowed is taken")
    func justAllowed() async throws {
        let answer = try await outcome(.answer(200, String(repeating: "x", count: 10_000))) { $0.maximumBytes = 10_000 }
        #expect(try answer.get().body.count == 10_000)
    }

    /// 200,000 times the letter a.
    private static let compressed: [UInt8] = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 49, 1, 0, 0, 0, 194, 160, 172, 235, 95, 194, 12, 254, 64,
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 175, 1, 155,
        83, 105, 224, 64, 13, 3, 0,
    ]
}
