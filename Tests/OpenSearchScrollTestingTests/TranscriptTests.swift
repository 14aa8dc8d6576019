import Testing

@testable import OpenSearchScrollTesting

/// Our answers beside those that real servers gave to the same requests.
@Suite(.timeLimit(.minutes(30)))
struct TranscriptTests {
    /// Transcripts in which every exchange must come out the same, to the letter of the error texts.
    @Test(
        arguments: [
            "scroll-whole", "scroll-refused-options", "scroll-keep-alive-too-large",
            "scroll-continue-without-keep-alive", "early-and-timed-out", "root",
        ], ["2.19.4", "3.8.0"])
    func same(_ name: String, _ version: String) throws {
        let server = try Fixtures.server { $0.version = version }
        var replay = Replay(HTTPClient(server))
        for exchange in try Transcript.load(name).versions[version] ?? [] {
            replay.check(exchange)
        }
    }

    /// Only the JSON parser's own wording differs, and 3.8 nests some causes deeper.
    @Test(arguments: ["search-errors", "scroll-bad-requests"], ["2.19.4", "3.8.0"])
    func errors(_ name: String, _ version: String) throws {
        let server = try Fixtures.server { $0.version = version }
        var replay = Replay(HTTPClient(server))
        for exchange in try Transcript.load(name).versions[version] ?? [] {
            let isParserError = exchange.response.bytes.contains("REDACTED")
            if isParserError && version == "3.8.0" {
                let reply = replay.send(exchange)
                #expect(reply.status == exchange.response.status)
                #expect(reply.json["error"]?.names.prefix(3) == ["root_cause", "type", "reason"])
            } else {
                replay.check(exchange, wordsMayDiffer: isParserError)
            }
        }
    }

    @Test(arguments: ["2.19.4", "3.8.0"])
    func counts(_ version: String) throws {
        let server = try Fixtures.server(["wide": Fixtures.logs("wide", count: 3)]) {
            $0.version = version
            $0.shards = 3
        }
        var replay = Replay(HTTPClient(server))
        let exchanges = try Transcript.load("count-and-stats").versions[version] ?? []
        let counting = exchanges.filter { $0.request.path == "/wide/_count" }
        #expect(counting.count == 1)
        for exchange in counting { replay.check(exchange) }
    }

    @Test(arguments: ["2.19.4", "3.8.0"])
    func indexDeletedUnderScroll(_ version: String) throws {
        let server = try Fixtures.server(["del": Fixtures.logs("del")]) { $0.version = version }
        let client = HTTPClient(server)
        var replay = Replay(client)
        let exchanges = try Transcript.load("index-deleted-under-scroll").versions[version] ?? []
        replay.check(try #require(exchanges.first))
        #expect(client.delete("/del").status == 200)
        for exchange in exchanges.dropFirst() { replay.check(exchange) }
    }

    @Test(arguments: ["2.19.4", "3.8.0"])
    func tooManyContexts(_ version: String) throws {
        let server = try Fixtures.server {
            $0.version = version
            $0.maximumOpenContexts = 2
        }
        // The record begins with another context open.
        let client = HTTPClient(server)
        _ = client.post("/logs/_search?scroll=1m", "{\"size\":1}")
        var replay = Replay(client)
        let exchanges = try Transcript.load("too-many-scroll-contexts").versions[version] ?? []
        for exchange in exchanges.prefix(2) { replay.check(exchange) }
        #expect(exchanges.prefix(2).map(\.response.status) == [200, 429])
    }

    @Test(arguments: ["2.19.4", "3.8.0"])
    func expiry(_ version: String) throws {
        let server = try Fixtures.server { $0.version = version }
        var replay = Replay(HTTPClient(server))
        for var exchange in try Transcript.load("keep-alive-expired").versions[version] ?? [] {
            // Recorded with a second, which this machine may stand still for.
            exchange.request.path.replace("scroll=1s", with: "scroll=1000s")
            exchange.request.body?.replace("\"1s\"", with: "\"1000s\"")
            if exchange.note == "after the reaper" { server.advanceClock(by: .seconds(2000)) }
            replay.check(exchange)
        }
    }

    @Test func unauthorized() throws {
        let server = try Fixtures.server { $0.credentials = ("reader", "reader-secret") }
        var replay = Replay(HTTPClient(server))
        let exchanges = try Transcript.load("security-401-403").versions["2.19.4"] ?? []
        let refused = exchanges.filter { $0.response.status == 401 }
        #expect(refused.count == 5)
        for exchange in refused { replay.check(exchange) }
    }

    /// Odd but accepted documents: whole sources byte for byte, filtered ones written anew as the version does.
    @Test(arguments: ["2.19.4", "3.8.0"])
    func oddSources(_ version: String) throws {
        let exchanges = try Transcript.load("odd-sources").versions[version] ?? []
        let whole = exchanges.filter { $0.request.body?.contains("_source") == false }
        let documents = whole.compactMap { exchange -> StoredContents.Document? in
            let bytes = exchange.response.bytes
            guard let start = bytes.firstIndex(ofEndOf: "\"_source\":"), let id = exchange.response.bytes.id else {
                return nil
            }
            return StoredContents.Document(id: id, source: Array(bytes[start..<(bytes.count - "}]}}".utf8.count)]))
        }
        #expect(documents.count >= 20)
        let client = HTTPClient(try Fixtures.server(["odd": StoredContents(documents)]) { $0.version = version })
        for exchange in exchanges {
            let body = Array((exchange.request.body ?? "").utf8)
            let reply = client.send("POST", exchange.request.path, body)
            let isSame = reply.body.fromShards == exchange.response.bytes.fromShards
            #expect(isSame, "\(exchange.request.body ?? "") gave \(reply.text)")
        }
    }
}

extension [UInt8] {
    /// The position after the first occurrence of `text`.
    func firstIndex(ofEndOf text: String) -> Int? {
        let wanted = Array(text.utf8)
        guard count >= wanted.count else { return nil }
        return (0...count - wanted.count).first { self[$0...].starts(with: wanted) }.map { $0 + wanted.count }
    }

    func contains(_ text: String) -> Bool { firstIndex(ofEndOf: text) != nil }

    /// The `_id` of the first hit.
    fileprivate var id: String? {
        guard let start = firstIndex(ofEndOf: "\"_id\":\"") else { return nil }
        return String(decoding: self[start...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
    }

    /// What follows on `took`, the one thing that differs between two equal answers.
    fileprivate var fromShards: [UInt8] { firstIndex(ofEndOf: "\"timed_out\"").map { Array(self[$0...]) } ?? [] }
}
