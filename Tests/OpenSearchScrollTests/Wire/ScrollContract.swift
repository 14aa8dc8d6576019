import Testing

@testable import OpenSearchScroll

/// What must hold against every server that speaks OpenSearch.
struct ScrollContract: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var check: @Sendable (TestTarget) async throws -> Void

    static let all = [
        ScrollContract(testDescription: "every document exactly once over all windows", check: exactlyOnce),
        ScrollContract(testDescription: "several dates, no date, limits in time", check: severalDates),
        ScrollContract(testDescription: "no context stays open", check: alwaysCleared),
        ScrollContract(testDescription: "count and version", check: countAndVersion),
        ScrollContract(testDescription: "what is asked wrongly is said clearly", check: errors),
        ScrollContract(testDescription: "a query, compressed answers", check: queryAndCompression),
    ]

    private static let start: Int64 = 1_627_977_600_000
    private static let hour: Int64 = 3_600_000

    /// `id` → JSON; every seventh without a time, the others over 30 hours.
    private static func documents(_ count: Int) -> [(id: String, json: [UInt8])] {
        (0..<count).map { i in
            let time = i % 7 == 0 ? "" : #""time":\#(start + Int64(i) * 30 * hour / Int64(count)),"#
            return (
                "id-\(i)",
                Array(#"{\#(time)"log":"line \#(i) \"q\" \u00e9","level":"\#(i % 2 == 0 ? "a" : "b")"}"#.utf8)
            )
        }
    }

    private static func readAll(
        _ client: OpenSearchClient, _ query: ScrollQuery
    ) async throws -> (windows: [ScrollWindow], ids: [String], messages: [String]) {
        let windows = try await client.windows(of: query)
        var ids: [String] = []
        var messages: [String] = []
        for window in windows {
            let (found, texts) = try await client.readWindow(window, of: query) { pages in
                var ids: [String] = []
                var messages: [String] = []
                for try await page in pages {
                    ids += page.ids
                    messages += page.messages
                }
                return (ids, messages)
            }
            ids += found
            messages += texts
        }
        return (windows, ids, messages)
    }

    static func exactlyOnce(_ target: TestTarget) async throws {
        let documents = documents(2_500)
        try await target.load("once", documents)
        let query = ScrollQuery(index: "once", pageSize: 33)
        let (windows, ids, messages) = try await readAll(try target.client(), query)
        #expect(ids.sorted() == documents.map(\.id).sorted())
        #expect(windows.count == 31)
        #expect(windows.last == ScrollWindow(times: nil, expectedDocuments: 358))
        #expect(windows.reduce(0) { $0 + $1.expectedDocuments } == 2_500)
        #expect(Set(messages) == Set((0..<2_500).map { "line \($0) \"q\" é" }))
    }

    static func severalDates(_ target: TestTarget) async throws {
        let dates: [(id: String, hours: [Int64])] = [
            ("a", [0]), ("b", [0, 1]), ("c", [1, 5]), ("d", [5, 2]), ("e", []), ("f", [7]), ("g", [-30, 7]),
        ]
        try await target.load(
            "dates",
            dates.map { id, hours in
                let times = hours.map { String(start + $0 * hour + 5) }.joined(separator: ",")
                return (id, Array(#"{"time":[\#(times)],"log":"\#(id)"}"#.utf8))
            }, shards: 1)
        let client = try target.client()
        let all = try await readAll(client, ScrollQuery(index: "dates"))
        #expect(all.ids.sorted() == ["a", "b", "c", "d", "e", "f", "g"])
        // Each belongs to its smallest date, so ranges that adjoin share nothing and lose nothing.
        let edge = start + hour + 5
        let early = ScrollQuery(index: "dates", until: edge)
        let late = ScrollQuery(index: "dates", since: edge)
        #expect(try await readAll(client, early).ids.sorted() == ["a", "b", "g"])
        #expect(try await readAll(client, late).ids.sorted() == ["c", "d", "f"])
        #expect(try await client.count(early) == 3)
        #expect(try await client.count(late) == 3)
        let middle = ScrollQuery(index: "dates", since: edge, until: start + 7 * hour)
        #expect(try await readAll(client, middle).ids.sorted() == ["c", "d"])
    }

    static func alwaysCleared(_ target: TestTarget) async throws {
        struct Mine: Error {}
        try await target.load("cleared", documents(50))
        let client = try target.client()
        let query = ScrollQuery(index: "cleared", pageSize: 7)
        try await client.withScroll(query) { pages in for try await _ in pages {} }
        if let open = try await target.openContexts() { #expect(open == 0, "after the end") }
        try await client.withScroll(query) { pages in for try await _ in pages { break } }
        if let open = try await target.openContexts() { #expect(open == 0, "after a break") }
        await #expect(throws: Mine.self) {
            try await client.withScroll(query) { pages in for try await _ in pages { throw Mine() } }
        }
        if let open = try await target.openContexts() { #expect(open == 0, "after a throw") }
        let reading = Task {
            try await client.withScroll(query) { pages in
                for try await _ in pages { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        let error = await openSearchError { try await reading.value }
        #expect(error?.code == .cancelled)
        if let open = try await target.openContexts() { #expect(open == 0, "after a cancel") }
        for step in 0..<20 { await cancelSomewhere(step, client, query) }
        if let open = try await target.openContexts() { #expect(open == 0, "after cancels from outside") }
    }

    /// Cancels a reader from outside, each time after some more turns of other tasks.
    private static func cancelSomewhere(_ step: Int, _ client: OpenSearchClient, _ query: ScrollQuery) async {
        let reading = Task { try await client.withScroll(query) { pages in for try await _ in pages {} } }
        for _ in 0..<(step * step * 50) { await Task.yield() }
        reading.cancel()
        _ = await reading.result
    }

    static func countAndVersion(_ target: TestTarget) async throws {
        try await target.load("counted", documents(70))
        let client = try target.client()
        #expect(try await client.count(ScrollQuery(index: "counted")) == 70)
        #expect(try await client.count(ScrollQuery(index: "counted", since: 0)) == 60)
        #expect(try await client.serverVersion()?.split(separator: ".").count == 3)
    }

    static func errors(_ target: TestTarget) async throws {
        try await target.load("wrong", documents(3))
        let client = try target.client()
        let missing = await openSearchError { _ = try await client.windows(of: ScrollQuery(index: "gone")) }
        #expect(missing?.message == "there is no index gone on \(target.url); correct --index")
        let empty = await openSearchError { _ = try await client.windows(of: ScrollQuery(index: "gone-*")) }
        #expect(empty?.message == "the pattern gone-* matches no index on \(target.url); correct --index")
        let scroll = await openSearchError { try await client.withScroll(ScrollQuery(index: "gone-*")) { _ in } }
        #expect(scroll?.code == .noIndexMatches)
        let count = await openSearchError { _ = try await client.count(ScrollQuery(index: "gone-*")) }
        #expect(count?.code == .noIndexMatches)
        let query = ScrollQuery(index: "wrong", body: #"{"query":{"matsch":{}}}"#)
        let bad = await openSearchError { _ = try await client.windows(of: query) }
        #expect(bad?.code == .invalidQuery)
        let size = await openSearchError {
            try await client.withScroll(ScrollQuery(index: "wrong", pageSize: 10_001)) { pages in
                for try await _ in pages {}
            }
        }
        #expect(size?.message == "the index allows pages of at most 10000 documents; lower --page-size to that")
        guard target.isReal else { return }
        for field in ["text", "number"] {
            let error = await openSearchError {
                _ = try await client.windows(of: ScrollQuery(index: "wrong", timeField: field))
            }
            #expect(error?.code == .timeFieldIsNoDate)
            #expect(error?.message.hasPrefix("the field \(field) of wrong is not mapped as a date; name one") == true)
        }
        let unmapped = try await client.windows(of: ScrollQuery(index: "wrong", timeField: "nowhere"))
        #expect(unmapped == [ScrollWindow(times: nil, expectedDocuments: 3)])
    }

    static func queryAndCompression(_ target: TestTarget) async throws {
        try await target.load("queried", documents(300))
        let client = try target.client { $0.compression = true }
        for body in [#"{"query":{"match":{"level":"a"}}}"#, #"{"match":{"level":"a"}}"#] {
            let query = ScrollQuery(index: "queried", body: body, pageSize: 100)
            #expect(try await client.count(query) == 150)
            #expect(try await readAll(client, query).ids.count == 150)
        }
        let nothing = ScrollQuery(index: "queried", body: #"{"match":{"level":"z"}}"#)
        #expect(try await client.windows(of: nothing) == [])
        let ids = try await client.withScroll(nothing) { pages in
            var count = 0
            for try await page in pages { count += page.count }
            return count
        }
        #expect(ids == 0)
    }
}
