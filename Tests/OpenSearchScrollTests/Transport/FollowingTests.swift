import Testing

@testable import OpenSearchScroll

@Suite("A request that follows an answer at once", .timeLimit(.minutes(30)))
struct FollowingTests {
    private func request(_ server: WireServer, _ body: String, then next: HTTPRequest? = nil) throws -> HTTPRequest {
        var request = try HTTPRequest.to(server.url, body: body)
        request.following = { $0.status == 200 ? next : nil }
        return request
    }

    @Test("It is sent before anybody takes the answer, and its own is awaited later")
    func followed() async throws {
        let server = try WireServer { _, number in .answer(200, "answer \(number)") }
        defer { server.stop() }
        let transport = try Transport()
        let answer = try await transport.send(try request(server, "first", then: try request(server, "second"))).get()
        #expect(answer.body.withBytes { String(decoding: $0, as: UTF8.self) } == "answer 0")
        let next = try #require(answer.next)
        let second = try await transport.finish(next, grace: .zero).get()
        #expect(second.body.withBytes { String(decoding: $0, as: UTF8.self) } == "answer 1" && second.next == nil)
        #expect(server.requests.map(\.body) == ["first", "second"])
    }

    @Test("Not after an answer that none is wanted for")
    func notFollowed() async throws {
        let server = try WireServer { _, _ in .answer(404) }
        defer { server.stop() }
        let answer = try await Transport().send(try request(server, "first", then: try request(server, "second"))).get()
        #expect(answer.status == 404 && answer.next == nil && server.requests.count == 1)
    }

    @Test("An outcome that comes before anybody waits is kept; of two the first counts")
    func early() async throws {
        let transfer = Transfer(try .to("http://opensearch.invalid"), .none)
        #expect(transfer.finish(.failure(.cancelled)))
        #expect(transfer.isDone)
        #expect(!transfer.finish(.failure(TransferFailure(code: 7, detail: "late"))))
        let outcome = await withCheckedContinuation { continuation in
            if transfer.wait(continuation) { Issue.record("it had ended") }
        }
        #expect(throws: TransferFailure.self) { try outcome.get() }
        if case .failure(let failure) = outcome { #expect(failure.isCancellation) }
    }
}
