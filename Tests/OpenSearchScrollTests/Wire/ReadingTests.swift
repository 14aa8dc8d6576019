import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import OpenSearchScroll

/// Readings over many windows and scrolls, against the embedded server.
@Suite("Readings", .timeLimit(.minutes(30)))
struct ReadingTests {
    private static func sources(_ count: Int, message: (Int) -> String = { "line \($0)" }) -> [String] {
        (0..<count).map { #"{"time":\#($0 * 1_000),"log":"\#(message($0))"}"# }
    }

    private func server(
        _ sources: [String], shards: Int = 1, port: UInt16 = 0
    ) throws -> OpenSearchServer {
        var settings = OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: sources)], port: port)
        settings.shards = shards
        return try OpenSearchServer(configuration: settings)
    }

    private func ids(_ client: OpenSearchClient, _ query: ScrollQuery) async throws -> [String] {
        try await client.withScroll(query) { pages in
            var ids: [String] = []
            for try await page in pages { ids += page.ids }
            return ids
        }
    }

    @Test("A consumer that stops for long costs nothing: the scroll is freed, and what is left is read later")
    func parking() async throws {
        let server = try server(Self.sources(300))
        defer { server.stop() }
        var settings = configuration(server.url)
        settings.parksAfter = .milliseconds(1)
        settings.queueBytes = 1
        let client = try OpenSearchClient(configuration: settings)
        var query = ScrollQuery(pageSize: 20)
        query.windowDocuments = 150
        let (ids, proof) = try await client.withScroll(query) { pages in
            var ids: [String] = []
            var stops = 0
            for try await page in pages {
                ids += page.ids
                guard stops < 3, ids.count > stops * 90 else { continue }
                stops += 1
                while client.metrics.parked < stops { await Task.yield() }
                // Nothing is open while nobody reads, however long that takes.
                while server.openContexts > 0 { await Task.yield() }
                server.advanceClock(by: .seconds(10_000))
            }
            return (ids, pages.proof)
        }
        #expect(ids.count == 300 && Set(ids).count == 300)
        #expect(proof.delivered == 300 && proof.windows.allSatisfy { $0.drift == 0 })
        #expect(client.metrics.parked >= 3 && server.openContexts == 0)
    }

    @Test("A client remembers what it learnt of the queries that it was asked last, not of all that it ever was")
    func remembered() throws {
        let client = try OpenSearchClient(configuration: configuration("http://127.0.0.1:1"))
        let asked = try client.state(ScrollQuery(index: "asked"))
        weak let forgotten = try client.state(ScrollQuery(index: "forgotten"))
        #expect(forgotten != nil)
        for number in 0..<100 {
            _ = try client.state(ScrollQuery(index: "other-\(number)"))
            #expect(try client.state(ScrollQuery(index: "asked")) === asked)
        }
        #expect(forgotten == nil)
    }

    @Test("Hot hours are split by time, hot milliseconds and documents without a time by shard", arguments: [1, 3])
    func hot(shards: Int) async throws {
        let sources =
            Self.sources(200) + (0..<90).map { #"{"time":7200000,"log":"same \#($0)"}"# }
            + (0..<50).map { #"{"log":"untimed \#($0)"}"# }
        let server = try server(sources, shards: shards)
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        let query = ScrollQuery(pageSize: 7, windowDocuments: 30)
        let plan = try await client.plan(query)
        #expect(plan.shards == shards && plan.indices == ["logs": 340] && plan.expectedDocuments == 340)
        for window in plan.windows where window.times.map({ $0.count > 1 }) ?? false {
            #expect(window.expectedDocuments <= 30)
        }
        let byShard = plan.windows.filter { $0.shard != nil }
        #expect(byShard.count == (shards == 1 ? 0 : 2 * shards))
        let ids = try await ids(client, query)
        #expect(ids.count == 340 && Set(ids).count == 340)
    }

    @Test("Windows are read several at once, as many as are allowed, besides one that only has to be cleared")
    func parallel() async throws {
        let server = try server(Self.sources(20_000), shards: 2)
        defer { server.stop() }
        for allowed in [1, 3] {
            var settings = configuration(server.url)
            settings.parallel = allowed
            // Readers wait for the consumer, so that they are not done while it stands still.
            settings.queueBytes = 1
            let client = try OpenSearchClient(configuration: settings)
            let most = try await client.withScroll(ScrollQuery(pageSize: 50, windowDocuments: 2_000)) { pages in
                var most = 0
                for try await _ in pages { most = max(most, server.openScrollIDs.count) }
                return most
            }
            #expect((allowed...allowed + 1).contains(most))
        }
    }

    @Test("Windows that are read one by one share what is allowed")
    func sharedAllowance() async throws {
        let server = try server(Self.sources(4_000))
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        let query = ScrollQuery(pageSize: 50, windowDocuments: 500)
        let plan = try await client.plan(query)
        let windows = plan.windows
        let most = try await withThrowingTaskGroup(of: Int.self) { group in
            for window in windows {
                group.addTask {
                    try await client.readWindow(window, of: query, waitsAtMost: nil) { pages in
                        var most = 0
                        for try await _ in pages { most = max(most, server.openScrollIDs.count) }
                        return most
                    }
                }
            }
            return try await group.reduce(0, max)
        }
        // One shard: two scrolls, where there are two cores for them, and one that only has to be cleared.
        #expect(windows.count > 4 && (1...client.windowsAtOnce(for: plan)).contains(most), "\(most) at once")
    }

    @Test("The first page has its size from documents that planning looked at")
    func sampled() async throws {
        let server = try server(Self.sources(1_500) { "\($0) " + String(repeating: "x", count: 20_000) })
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        #expect(try await ids(client, ScrollQuery()).count == 1_500)
        let opened = client.metrics.requests["open"]
        #expect(opened?.failed == [:] && opened?.succeeded == client.metrics.windows)
        #expect(client.metrics.requests["next"].map { $0.succeeded > 6 } == true, "pages of some four megabytes")
    }

    @Test("When a server goes, the next one is asked; what was under way is read on there")
    func failover() async throws {
        let sources = Self.sources(200)
        let (first, second) = (try server(sources), try server(sources))
        defer { second.stop() }
        var settings = configuration(first.url, second.url, attempts: 20)
        settings.queueBytes = 1
        let client = try OpenSearchClient(configuration: settings)
        let ids = try await client.withScroll(ScrollQuery(pageSize: 10)) { pages in
            var ids: [String] = []
            for try await page in pages {
                if ids.isEmpty { first.stop() }
                ids += page.ids
            }
            return ids
        }
        #expect(ids.count == 200 && Set(ids).count == 200)
        #expect(second.openedContexts > 0 && second.openContexts == 0)
    }

    @Test("Answers that are too large are asked for smaller; one document that is, is refused by name of the setting")
    func largeAnswers() async throws {
        let large = String(repeating: "x", count: 700_000)
        let server = try server(Self.sources(30) { $0 % 10 == 0 ? large : "small \($0)" })
        defer { server.stop() }
        var settings = configuration(server.url)
        settings.maximumPageBytes = 1 << 20
        let client = try OpenSearchClient(configuration: settings)
        #expect(try await ids(client, ScrollQuery()).count == 30)
        #expect(server.openContexts == 0, "also of the answers that were broken off")
        server.setContents(StoredContents(sources: Self.sources(3) { _ in large + large }), of: "logs")
        let error = await openSearchError { _ = try await ids(client, ScrollQuery()) }
        #expect(error?.code == .pageTooLarge)
        #expect(
            error?.message.contains("of which 1048576 are allowed; raise --max-page-bytes") == true,
            "\(String(describing: error))")
        #expect(server.openContexts == 0)
    }

    @Test("A document of 100 MB among small ones")
    func hugeDocument() async throws {
        var source = Array(#"{"time":5,"log":""#.utf8)
        source += repeatElement(UInt8(ascii: "x"), count: 100_000_000)
        source += Array(#""}"#.utf8)
        let small = Self.sources(200).enumerated().map { StoredContents.Document(id: "s-\($0)", source: $1) }
        var settings = OpenSearchServer.Configuration(
            indices: ["logs": StoredContents(small + [.init(id: "huge", source: source)])])
        settings.threads = 1
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        let lengths = try await client.withScroll(ScrollQuery()) { pages in
            try await pages.reduce(into: [Int]()) { lengths, page in
                page.forEachMessage { lengths.append($0.count) }
            }
        }
        #expect(lengths.count == 201 && lengths.max() == 100_000_000 && server.openContexts == 0)
    }

    @Test("The whole of documents, or nothing but their names")
    func contents() async throws {
        let server = try server([#"{"time":5,"log":"a\"b", "deep":{"x":[1, 2]} }"#, #"{"log":["x","y"]}"#])
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        var query = ScrollQuery()
        query.content = .source
        let sources = try await client.withScroll(query) { pages in
            var sources: [String] = []
            for try await page in pages { sources += page.messages }
            return sources
        }
        #expect(sources.sorted() == [#"{"log":["x","y"]}"#, #"{"time":5,"log":"a\"b", "deep":{"x":[1, 2]} }"#])
        query.content = .identifiers
        let (ids, messages) = try await client.withScroll(query) { pages in
            var found: ([String], [String]) = ([], [])
            for try await page in pages { found = (found.0 + page.ids, found.1 + page.messages) }
            return found
        }
        #expect(ids.count == 2 && messages.isEmpty)
    }

    @Test("What was asked, and how it went, is counted")
    func metrics() async throws {
        let server = try server(Self.sources(100))
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        _ = try await ids(client, ScrollQuery(pageSize: 30))
        let missing = await openSearchError { _ = try await client.count(ScrollQuery(index: "gone")) }
        #expect(missing?.code == .indexNotFound)
        let metrics = client.metrics
        #expect(metrics.documents == 100 && metrics.windows == 1 && metrics.reopened == 0 && metrics.parked == 0)
        #expect(metrics.requests["open"]?.succeeded == 1 && metrics.requests["next"]?.succeeded == 4)
        #expect(metrics.requests["clear"]?.succeeded == 1 && metrics.requests["plan"]?.succeeded == 1)
        #expect(metrics.requests["count"]?.failed == [.indexNotFound: 1])
        #expect(metrics.requests["next"]?.latencies.reduce(0, +) == 4)
    }

    @Test("A window of a shard that no index has any more is no hole where holes are named")
    func shardOfNoIndex() async throws {
        let server = try server(Self.sources(5))
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        var query = ScrollQuery()
        query.toleratesHoles = true
        let window = ScrollWindow(times: 0..<WindowPlan.hour, shard: 1, expectedDocuments: 3)
        let proof = try await client.readWindow(window, of: query) { pages in
            for try await _ in pages {}
            return pages.proof
        }
        #expect(proof.holes.isEmpty && proof.windows.count == 1 && proof.delivered == 0)
    }

    @Test("An index that vanishes between two windows is a hole with its name")
    func vanishing() async throws {
        var settings = OpenSearchServer.Configuration(indices: [
            "logs-1": StoredContents(sources: Self.sources(50)), "logs-2": StoredContents(sources: Self.sources(40)),
        ])
        settings.shards = 1
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        let query = ScrollQuery(index: "logs-*")
        let plan = try await client.plan(query)
        #expect(plan.indices == ["logs-1": 50, "logs-2": 40] && plan.shards == 2)
        let target = TestTarget(name: "embedded", url: server.url, openContexts: { server.openContexts })
        try await target.send(.delete, "/logs-2")
        let delivered = try await client.withScroll(plan, of: query) { pages in
            for try await _ in pages {}
            return pages.proof.indices
        }
        #expect(delivered == ["logs-1": 50])
        let holes = try await client.vanished(since: plan, of: query, delivered: delivered)
        #expect(
            holes == [
                ScrollHole(
                    index: "logs-2", documents: 40,
                    reason:
                        "the index logs-2 vanished while it was read, with 40 of its 40 documents unread; read before "
                        + "its retention ends")
            ])
    }

    /// Two indices, of which the second one's documents are an hour later and so in a window of their own.
    private func two() throws -> (server: OpenSearchServer, target: TestTarget, later: [(id: String, json: [UInt8])]) {
        let later = (0..<40).map { (id: "b-\($0)", json: Array(#"{"time":\#(3_600_000 + $0),"log":"x"}"#.utf8)) }
        let server = try OpenSearchServer(
            configuration: .init(indices: [
                "logs-1": StoredContents(sources: Self.sources(50)),
                "logs-2": StoredContents(sources: later.map { String(decoding: $0.json, as: UTF8.self) }),
            ]))
        return (server, TestTarget(name: "embedded", url: server.url, openContexts: { server.openContexts }), later)
    }

    @Test("An index that was away while it was read, and is back, is a hole with its name")
    func away() async throws {
        let (server, target, later) = try two()
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        var query = ScrollQuery(index: "logs-*")
        query.toleratesHoles = true
        let plan = try await client.plan(query)
        try await target.send(.delete, "/logs-2")
        let delivered = try await client.withScroll(plan, of: query) { pages in
            for try await _ in pages {}
            return pages.proof.indices
        }
        #expect(delivered == ["logs-1": 50])
        try await target.load("logs-2", later, shards: 1)
        let holes = try await client.vanished(since: plan, of: query, delivered: delivered)
        #expect(holes.map(\.index) == ["logs-2"] && holes.map(\.documents) == [40])
        #expect(holes.first?.reason.hasPrefix("the index logs-2 was away while it was read, with 40 ") == true)
    }

    @Test("Documents that are the query's no longer are drift, also where they were all of an index")
    func drifted() async throws {
        let (server, _, _) = try two()
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        let query = ScrollQuery(index: "logs-*", body: #"{"exists":{"field":"log"}}"#)
        let plan = try await client.plan(query)
        #expect(plan.indices == ["logs-1": 50, "logs-2": 40])
        server.setContents(StoredContents(sources: [#"{"time":3600000}"#]), of: "logs-2")
        let delivered = try await client.withScroll(plan, of: query) { pages in
            for try await _ in pages {}
            return pages.proof.indices
        }
        #expect(delivered == ["logs-1": 50])
        #expect(try await client.vanished(since: plan, of: query, delivered: delivered).isEmpty)
    }

    @Test("A cluster that allows a scroll less time than we want gets what it allows", arguments: [90, 20])
    func shortKeepAlive(seconds: Int) async throws {
        var settings = OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: Self.sources(300))])
        settings.maximumKeepAlive = .seconds(seconds)
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        #expect(try await ids(client, ScrollQuery(pageSize: 10)).count == 300)
        let before = client.metrics
        #expect(try await ids(client, ScrollQuery(pageSize: 10)).count == 300)
        #expect(before.reopened <= 1 && client.metrics.reopened == before.reopened && server.openContexts == 0)
    }

    @Test("A refusal that was waited for on the same scroll makes pages smaller, too")
    func refusedUnderWay() async throws {
        let contents = StoredContents(sources: (0..<30_000).map { #"{"time":\#($0),"log":"x"}"# })
        var settings = OpenSearchServer.Configuration(indices: ["logs": contents])
        let cause = #""type":"circuit_breaking_exception","reason":"Data too large, data for [<http_request>]""#
        let breaker = #"{"error":{"root_cause":[{\#(cause)}],\#(cause)},"status":429}"#
        settings.fault = { $0.kind == .continueScroll && $0.ordinal == 2 ? .status(429, breaker) : nil }
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        var configuration = configuration(server.url)
        configuration.parallel = 1
        let client = try OpenSearchClient(configuration: configuration)
        let query = ScrollQuery()
        let plan = try await client.plan(query)
        let state = try client.state(query)
        let window = try #require(plan.windows.first)
        let size = state.opening(window, configuration).size
        let delivered = try await client.withScroll(plan, of: query) { pages in
            try await pages.reduce(0) { $0 + $1.count }
        }
        #expect(delivered == 30_000 && plan.windows.count == 1 && server.count(of: .openScroll) == 1)
        #expect(state.opening(window, configuration).size < size)
    }

    @Test("An index of which all documents are deleted meanwhile is no hole")
    func emptied() async throws {
        let (server, _, _) = try two()
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url))
        let query = ScrollQuery(index: "logs-*")
        let plan = try await client.plan(query)
        server.setContents(StoredContents(), of: "logs-2")
        let delivered = try await client.withScroll(plan, of: query) { pages in
            for try await _ in pages {}
            return pages.proof.indices
        }
        #expect(delivered == ["logs-1": 50])
        #expect(try await client.vanished(since: plan, of: query, delivered: delivered).isEmpty)
    }

    @Test("Where nothing may be missing, an index of a pattern that goes ends the reading with an error")
    func vanishingUnderAPattern() async throws {
        let (server, target, _) = try two()
        defer { server.stop() }
        var settings = configuration(server.url)
        (settings.parallel, settings.queueBytes) = (1, 1)
        let client = try OpenSearchClient(configuration: settings)
        let error = await openSearchError {
            try await client.withScroll(ScrollQuery(index: "logs-*", pageSize: 1)) { pages in
                var seen = 0
                for try await _ in pages {
                    seen += 1
                    if seen == 1 { try await target.send(.delete, "/logs-2") }
                }
            }
        }
        #expect(error?.code == .indexNotFound && error?.message.hasPrefix("the index logs-2 vanished ") == true)
        // Who ends early has not missed anything.
        let first = try await client.withScroll(ScrollQuery(index: "logs-*", pageSize: 1)) { pages in
            for try await page in pages { return page.count }
            return 0
        }
        #expect(first == 1 && server.openContexts == 0)
    }

    @Test("A page that takes too long is asked for smaller")
    func smaller() throws {
        let client = try OpenSearchClient(configuration: configuration("http://127.0.0.1:1"))
        let state = try client.state(ScrollQuery())
        let window = ScrollWindow(times: nil, expectedDocuments: 1)
        let size = state.opening(window, configuration("http://127.0.0.1:1")).size
        #expect(state.learn(from: .serverTimedOut(try context(.next)), size: size))
        #expect(state.opening(window, configuration("http://127.0.0.1:1")).size == size / 2)
    }

    @Test("A remote cluster that is skipped is said, unless the plan has named it already")
    func skippedClusters() throws {
        let extra = #","_clusters":{"total":2,"successful":1,"skipped":1}"#
        for shards in [(2, 2), (0, 0)] {
            let (envelope, _) = try decodePage(Answer.page(["1"], total: 1, shards: shards, extra: extra))
            let error = ScrollSession.check(envelope, expected: nil, try context())
            #expect(error?.code == .partialShards && error?.isTransient == true)
            #expect(error?.message.hasPrefix("1 remote clusters of logs were skipped") == true)
        }
        let (envelope, _) = try decodePage(Answer.page(["1"], total: 1, extra: extra))
        #expect(ScrollSession.check(envelope, expected: nil, skipped: 1, try context()) == nil)
    }
}
