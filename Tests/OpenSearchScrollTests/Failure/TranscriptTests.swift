import Testing

@testable import OpenSearchScroll

func context(
    _ purpose: RequestContext.Purpose = .open, index: String = "logs", credentials: Credentials = .none,
    caFile: String? = nil, url: String = "https://host:9200"
) throws -> RequestContext {
    RequestContext(
        purpose: purpose, endpoint: try Endpoint.parse(url).endpoint, index: index, timeField: "time",
        timeout: .seconds(120), caFile: caFile, credentials: credentials)
}

@Suite(
    "Recorded exchanges",
    .enabled(if: Prerequisites.hasTranscripts, Comment(rawValue: Prerequisites.transcriptsReason)))
struct TranscriptTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var file: String
        var exchange: Int
        var purpose: RequestContext.Purpose
        var code: OpenSearchError.Code
        var isTransient: Bool
        /// Whether the very same request may be sent again on its scroll.
        var isRepeatable = false
        var only: String?
        var testDescription: String { "\(file) \(exchange)" }
    }

    static let cases: [Case] = [
        Case(
            file: "breaker-total", exchange: 0, purpose: .next, code: .overloaded, isTransient: true, isRepeatable: true
        ),
        Case(
            file: "breaker-inflight-requests", exchange: 2, purpose: .open, code: .overloaded, isTransient: true,
            isRepeatable: true),
        Case(file: "index-closed-under-scroll", exchange: 2, purpose: .next, code: .scrollLost, isTransient: true),
        Case(file: "index-deleted-under-scroll", exchange: 1, purpose: .next, code: .scrollLost, isTransient: true),
        // The same comes to an opening whose index goes before its hits are fetched.
        Case(file: "index-deleted-under-scroll", exchange: 1, purpose: .open, code: .scrollLost, isTransient: true),
        Case(file: "keep-alive-expired", exchange: 2, purpose: .next, code: .scrollLost, isTransient: true),
        Case(file: "node-restarted", exchange: 3, purpose: .next, code: .scrollLost, isTransient: true),
        Case(file: "queue-full-on-continuation", exchange: 1, purpose: .next, code: .overloaded, isTransient: true),
        Case(file: "queue-full-on-continuation", exchange: 2, purpose: .next, code: .scrollLost, isTransient: true),
        Case(file: "queue-full-on-opening", exchange: 0, purpose: .open, code: .overloaded, isTransient: true),
        Case(file: "root", exchange: 2, purpose: .clear, code: .rejected, isTransient: false),
        Case(file: "scroll-bad-requests", exchange: 2, purpose: .next, code: .invalidQuery, isTransient: false),
        Case(
            file: "scroll-keep-alive-too-large", exchange: 0, purpose: .open, code: .invalidConfiguration,
            isTransient: true),
        Case(file: "scroll-refused-options", exchange: 0, purpose: .open, code: .invalidQuery, isTransient: false),
        Case(file: "scroll-refused-options", exchange: 9, purpose: .open, code: .pageTooLarge, isTransient: false),
        Case(file: "search-errors", exchange: 0, purpose: .open, code: .indexNotFound, isTransient: false),
        Case(file: "search-errors", exchange: 2, purpose: .open, code: .invalidQuery, isTransient: false),
        Case(
            file: "security-401-403", exchange: 1, purpose: .open, code: .unauthorized, isTransient: false,
            only: "2.19.4"),
        Case(
            file: "security-401-403", exchange: 5, purpose: .open, code: .forbidden, isTransient: false, only: "2.19.4"),
        Case(
            file: "security-other-user", exchange: 1, purpose: .next, code: .scrollLost, isTransient: true,
            only: "2.19.4"),
        Case(file: "shard-lost-under-scroll", exchange: 7, purpose: .next, code: .scrollLost, isTransient: true),
        Case(file: "shard-lost-under-scroll", exchange: 9, purpose: .open, code: .partialShards, isTransient: true),
        Case(file: "too-many-scroll-contexts", exchange: 1, purpose: .open, code: .overloaded, isTransient: true),
    ]

    @Test("Each answer of a failure gets its code, on both versions", arguments: cases)
    func code(_ expected: Case) throws {
        let versions = try Transcript.load(expected.file).versions.filter { expected.only ?? $0.key == $0.key }
        #expect(!versions.isEmpty)
        for (version, exchanges) in versions {
            let response = exchanges[expected.exchange].response
            let error = try response.bytes.withUnsafeBytes {
                OpenSearchError(status: response.status, body: $0, try context(expected.purpose))
            }
            #expect(error.code == expected.code, "\(version): \(error)")
            #expect(error.isTransient == expected.isTransient)
            #expect(error.isRepeatable == expected.isRepeatable, "\(version): \(error)")
            #expect(error.httpStatus == response.status)
        }
    }

    @Test("What users read of them")
    func messages() throws {
        let rights = try Transcript.load("security-401-403").versions["2.19.4"]?[5].response
        let reader = Credentials.basic(user: "reader", password: "secret")
        let bytes = try #require(rights).bytes
        let forbidden = try bytes.withUnsafeBytes {
            OpenSearchError(status: 403, body: $0, try context(credentials: reader))
        }
        #expect(
            forbidden.message
                == "https://host:9200 refuses the request: the right indices:data/read/search is missing for logs "
                + "(403); let an administrator grant it (basic authentication as reader)")
    }

    @Test("A scroll read to its end: the pages have what JSON says they have", arguments: ["2.19.4", "3.8.0"])
    func wholeScroll(version: String) throws {
        let exchanges = try #require(try Transcript.load("scroll-whole").versions[version])
        var ids: [String] = []
        var messages: [String] = []
        for exchange in exchanges.prefix(4) {
            let (envelope, page) = try decodePage(exchange.response.bytes)
            #expect(try ScrollSession.check(envelope, expected: 12, context(.next)) == nil)
            ids += page.ids
            messages += page.messages
        }
        #expect(ids == (0..<12).map { "logs-000" + ($0 < 10 ? "0\($0)" : "\($0)") })
        #expect(messages == (0..<12).map { "request \($0) took \($0 * 7) ms " })
    }

    @Test("Odd documents, filtered and whole, on both versions")
    func oddSources() throws {
        let expected: [String: String?] = [
            "lone-high": "a\u{FFFD}b", "lone-low": "a\u{FFFD}b", "pair": "a\u{1F600}b", "nul": "a\0b",
            "ctrl": "a\u{1}\u{1F}b\u{7F}", "slash": "a/b é", "spaces": "x", "array-log": "x y", "null-log": nil,
            "no-log": nil, "sub": "x", "empty": nil, "u2028": "a\u{2028}b", "newline": "a\n\tb", "trailing": "x",
            "number": nil, "bool": nil, "utf8": "é\u{1F600}", "bom": "x",
        ]
        var checked = 0
        for exchange in try Transcript.load("odd-sources").versions.values.joined()
        where exchange.response.status == 200 && !exchange.request.path.contains("filter_path") {
            guard let (_, page) = try? decodePage(exchange.response.bytes), let id = page.ids.first,
                let message = expected[id]
            else { continue }
            #expect(page.messages.first == message, "\(id)")
            checked += 1
        }
        #expect(checked >= 2 * 2 * expected.count)
    }

    /// By what its JSON says, and nothing else: a page is good only if all of its shards were, and nothing but a
    /// breaker at the door leaves a scroll where it was.
    @Test("Every answer to a scroll in every transcript is judged")
    func everyAnswer() throws {
        var (good, bad, refused) = (0, 0, 0)
        for name in try Transcript.names() {
            for exchange in try Transcript.load(name).versions.values.joined() {
                let (path, response) = (exchange.request.path, exchange.response)
                let json = response.bytes.withUnsafeBytes { JSONValue(parsing: $0) }
                guard path.contains("scroll"), !path.contains("filter_path"), exchange.request.method != "DELETE",
                    let json
                else { continue }
                guard response.status == 200 else {
                    let error = try response.bytes.withUnsafeBytes {
                        OpenSearchError(status: response.status, body: $0, try context(.next))
                    }
                    let isAtDoor = response.status == 429 && (response.body ?? "").contains("[<http_request>]")
                    #expect(error.isRepeatable == isAtDoor && error.code != .badAnswer, "\(name): \(error)")
                    refused += 1
                    continue
                }
                let (envelope, _) = try decodePage(response.bytes)
                let shards = json["_shards"]
                let isGood =
                    shards?["successful"] == shards?["total"] && shards?["total"] != .integer(0)
                    && json["timed_out"] == false && json["terminated_early"] != true && json["_scroll_id"] != nil
                let error = try ScrollSession.check(envelope, expected: nil, context(.next))
                #expect((error == nil) == isGood, "\(name): \(String(describing: error))")
                if isGood { good += 1 } else { bad += 1 }
            }
        }
        #expect(good >= 50 && bad >= 5 && refused >= 20, "\(good) \(bad) \(refused)")
    }

    @Test("A shard lost under a scroll, or missing at its opening, is noticed though the answer is 200")
    func partial() throws {
        for (_, exchanges) in try Transcript.load("shard-lost-under-scroll").versions {
            let partial = exchanges.filter { $0.response.status == 200 && $0.request.path.contains("scroll") }
                .compactMap { try? decodePage($0.response.bytes).0 }.filter { $0.shards.successful < $0.shards.total }
            #expect(!partial.isEmpty)
            for envelope in partial {
                #expect(try ScrollSession.check(envelope, expected: nil, context(.next))?.code == .partialShards)
            }
        }
    }
}
