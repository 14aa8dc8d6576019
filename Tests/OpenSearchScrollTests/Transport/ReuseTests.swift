import Testing

@testable import OpenSearchScroll

/// Handles and memory are used again and again; nothing of one transfer may be seen in another.
@Suite("What is used again", .timeLimit(.minutes(30)))
struct ReuseTests {
    @Test("Requests of every kind, one after the other on one connection, each as if it were the first")
    func handles() async throws {
        let server = try WireServer { request, number in .answer(200, "\(number)") }
        defer { server.stop() }
        let transport = try Transport()
        let kinds: [(HTTPRequest.Method, String?, Credentials)] = [
            (.post, "{}", .basic(user: "me", password: "pw")), (.get, nil, .none),
            (.delete, "{\"a\":1}", .bearer("token")),
            (.post, "{\"b\":2}", .none), (.get, nil, .basic(user: "you", password: "pw")), (.delete, nil, .none),
        ]
        for (number, kind) in kinds.enumerated() {
            let answer = try await transport.send(try .to(server.url, kind.0, body: kind.1, credentials: kind.2)).get()
            #expect(answer.body.withBytes { Array($0) } == Array("\(number)".utf8))
        }
        let seen = server.requests
        #expect(seen.map(\.connection) == [0, 0, 0, 0, 0, 0])
        #expect(seen.map(\.line) == kinds.map { "\($0.0.name) /_search/scroll HTTP/1.1" })
        #expect(seen.map(\.body) == kinds.map { $0.1 ?? "" })
        #expect(seen.map { $0.headers["content-type"] } == kinds.map { $0.1 == nil ? nil : "application/json" })
        #expect(
            seen.map { $0.headers["authorization"] }
                == ["Basic bWU6cHc=", nil, "Bearer token", nil, "Basic eW91OnB3", nil])
    }

    @Test("A request after one that was cancelled, failed or broke off")
    func afterTrouble() async throws {
        let server = try WireServer { _, number in
            switch number {
            case 0: .hangUp(reset: false)
            case 1: .send(Array("HTTP/1.1 200 x\r\nContent-Length: 100000\r\n\r\nx".utf8))
            case 2: .send([])
            default: .answer(200, "whole")
            }
        }
        defer { server.stop() }
        let transport = try Transport()
        var request = try HTTPRequest.to(server.url)
        #expect(await transport.send(request).failure?.isTooLarge == false)
        request.maximumBytes = 1000
        #expect(await transport.send(request).failure?.isTooLarge == true)
        let sending = Task { [request] in await transport.send(request) }
        while server.requests.count < 3 { await Task.yield() }
        sending.cancel()
        #expect(await sending.value.failure?.isCancellation == true)
        #expect(try await transport.send(request).get().body.withBytes { Array($0) } == Array("whole".utf8))
    }

    @Test("Memory of an answer that is done with serves the next; one that is held does not")
    func memory() async throws {
        let server = try WireServer { _, number in
            .answer(200, [UInt8](repeating: UInt8(ascii: "a") + UInt8(number), count: 300_000))
        }
        defer { server.stop() }
        let transport = try Transport()
        func body() async throws -> AnswerBody { try await transport.send(try .to(server.url)).get().body }
        let held = try await body()
        let second = try await body()
        #expect(held.start != second.start)
        #expect(held.withBytes { $0.allSatisfy { $0 == UInt8(ascii: "a") } } && held.count == 300_000)
        #expect(second.withBytes { $0.allSatisfy { $0 == UInt8(ascii: "b") } } && second.count == 300_000)
    }

    @Test("The pool gives what fits, holds no more than its limit, and lets the oldest go first")
    func pool() {
        let pool = BufferPool(limit: 1 << 20)
        func use(_ size: Int) -> UnsafeMutableRawPointer? {
            let body = AnswerBody(pool: pool)
            #expect(body.reserve(size))
            return body.start
        }
        // Below what is worth keeping.
        _ = use(1000)
        #expect(pool.bytes == 0)
        let first = use(200 << 10)
        #expect((200 << 10)...(201 << 10) ~= pool.bytes)
        #expect(use(150 << 10) == first, "large enough, and not far too large")
        #expect((200 << 10)...(201 << 10) ~= pool.bytes)
        _ = use(800 << 10)
        #expect((1000 << 10)...(1 << 20) ~= pool.bytes)
        // The first goes for it.
        _ = use(900 << 10)
        #expect((900 << 10)...(901 << 10) ~= pool.bytes)
        _ = use(2 << 20)
        #expect((900 << 10)...(901 << 10) ~= pool.bytes, "larger than all that may lie there")
        // A small answer does not hold a large buffer.
        let body = AnswerBody(pool: pool)
        #expect(body.reserve(140 << 10))
        #expect((900 << 10)...(901 << 10) ~= pool.bytes)
    }

    @Test("An answer that grew beyond its buffer, byte for byte")
    func grown() {
        let pool = BufferPool()
        for _ in 0..<2 {
            let body = AnswerBody(pool: pool)
            let piece = [UInt8](0..<250)
            for _ in 0..<4000 {
                piece.withUnsafeBytes { bytes in _ = bytes.baseAddress.map { body.append($0, count: 250) } }
            }
            #expect(body.count == 1_000_000)
            #expect(body.withBytes { $0.enumerated().allSatisfy { $1 == UInt8($0 % 250) } })
        }
    }
}
