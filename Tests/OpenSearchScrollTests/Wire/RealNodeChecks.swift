import Testing

@testable import OpenSearchScroll

/// What only a real node shows: bytes as indexed, more hours than a histogram may have, contexts that expire.
enum RealNodeChecks {
    static func all(_ target: TestTarget) async throws {
        try await oddDocuments(target)
        try await brokenText(target)
        try await manyHours(target)
        try await longTimes(target)
        try await shortKeepAlive(target)
        for _ in 0..<30 { try await expired(target) }
    }

    private static func messages(_ target: TestTarget, _ query: ScrollQuery) async throws -> [String: String] {
        try await target.client().withScroll(query) { pages in
            var found: [String: String] = [:]
            for try await page in pages {
                page.forEachDocument { document in
                    let id = String(decoding: document.id, as: UTF8.self)
                    found[id] = document.message.map { String(decoding: $0, as: UTF8.self) } ?? "none"
                }
            }
            return found
        }
    }

    static func oddDocuments(_ target: TestTarget) async throws {
        let odd: [(id: String, json: [UInt8], message: String)] = [
            ("lone", Array(#"{"log":"a\ud800b"}"#.utf8), "a\u{FFFD}b"),
            ("pair", Array(#"{"log":"a\ud83d\ude00b"}"#.utf8), "a\u{1F600}b"),
            ("array", Array(#"{"log":["x","y"]}"#.utf8), "x y"), ("null", Array(#"{"log":null}"#.utf8), "none"),
            ("none", Array(#"{"other":1}"#.utf8), "none"),
            ("overlong", Array(#"{"log":"a"#.utf8) + [0xC0, 0xAF] + Array(#"b"}"#.utf8), "a/b"),
            ("mark", [0xEF, 0xBB, 0xBF] + Array(#"{"log":"x\n"}"#.utf8), "x\n"),
            ("spaces", Array(#"{ "n" : 1.0e0 , "log" :  "x"  }"#.utf8), "x"),
        ]
        try await target.load("odd", odd.map { ($0.id, $0.json) }, shards: 1)
        let found = try await messages(target, ScrollQuery(index: "odd"))
        #expect(found == Dictionary(uniqueKeysWithValues: odd.map { ($0.id, $0.message) }))
    }

    /// Whatever a server takes for a text, and it takes more than UTF-8: the table must not hang on whether the field
    /// was asked for alone.
    static func brokenText(_ target: TestTarget) async throws {
        var random = SeededRandom(state: 11)
        var lines: [UInt8] = []
        for number in 0..<600 {
            lines += Array(#"{"index":{"_index":"broken","_id":"\#(number)"}}"#.utf8) + [10] + Array(#"{"log":"a"#.utf8)
            for _ in 0..<3 { lines += brokenCharacter(&random) }
            lines += Array(#"","n":1}"#.utf8) + [10]
        }
        // Some are refused.
        try await target.send(.post, "/_bulk?refresh=true\(target.isReal ? "&filter_path=errors" : "")", lines)
        var query = ScrollQuery(index: "broken")
        query.source = .whole
        let whole = try await messages(target, query)
        query.source = .field
        let alone = try await messages(target, query)
        let others = whole.filter { alone[$0.key] != $0.value }.keys.sorted()
        #expect(whole.count > 200 && whole == alone, "\(others.prefix(5))")
    }

    /// A character, or what begins like one and is none.
    private static func brokenCharacter(_ random: inout SeededRandom) -> [UInt8] {
        let good = ["x", "\\n", "é", "😀", "\\ud83d", "\\ude00"]
        let leads: [ClosedRange<UInt8>] = [
            0xC0...0xDF, 0xC0...0xC1, 0xE0...0xEF, 0xE0...0xE0, 0xED...0xED, 0xF0...0xF7,
        ]
        guard let range = leads.randomElement(using: &random), Int.random(in: 0..<5, using: &random) > 0 else {
            return Array((good.randomElement(using: &random) ?? "").utf8)
        }
        let lead = UInt8.random(in: range, using: &random)
        let rest = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1
        return [lead] + (0..<rest).map { _ in UInt8.random(in: 0x80...0xBF, using: &random) }
    }

    /// A cluster that lets no scroll live as long as ours do.
    static func shortKeepAlive(_ target: TestTarget) async throws {
        let documents = (0..<50).map { (id: "k-\($0)", json: Array(#"{"log":"x"}"#.utf8)) }
        try await target.load("short", documents, shards: 1)
        func limit(_ value: String) async throws {
            let body = #"{"transient":{"search.default_keep_alive":\#(value),"search.max_keep_alive":\#(value)}}"#
            try await target.send(.put, "/_cluster/settings", Array(body.utf8))
        }
        for most in ["90s", "20s"] {
            try await limit(#""\#(most)""#)
            let client = try target.client()
            for _ in 0..<2 {
                let ids = try await client.withScroll(ScrollQuery(index: "short", pageSize: 10)) { pages in
                    try await pages.reduce(into: []) { $0 += $1.ids }
                }
                #expect(ids.count == 50 && Set(ids).count == 50)
            }
            // Once it is known, no scroll is lost by it.
            #expect(client.metrics.reopened <= 1)
        }
        try await limit("null")
    }

    static func manyHours(_ target: TestTarget) async throws {
        try await target.send(
            .put, "/_cluster/settings", Array(#"{"transient":{"search.max_buckets":100}}"#.utf8))
        let documents = (0..<1_000).map { i in
            ("id-\(i)", Array(#"{"time":\#(Int64(i) * 50 * 3_600_000),"log":"x"}"#.utf8))
        }
        try await target.load("hours", documents + [("untimed", Array(#"{"log":"x"}"#.utf8))])
        let windows = try await target.client().windows(of: ScrollQuery(index: "hours"))
        try await target.send(
            .put, "/_cluster/settings", Array(#"{"transient":{"search.max_buckets":null}}"#.utf8))
        #expect(windows.count == 1_001)
        #expect(windows.map(\.expectedDocuments) == [Int](repeating: 1, count: 1_001))
        #expect(windows[999].times == 179_820_000_000..<179_823_600_000)
        #expect(windows.last?.times == nil)
    }

    /// Nanoseconds in a field of milliseconds, at the edges of hours, and the last time there is.
    static func longTimes(_ target: TestTarget) async throws {
        let start = WindowPlan.floor(1_767_225_600_000_000_000)
        var times: [String] = []
        let offsets: [Int64] = [0, 1, 50, 100, 127]
        for hour in 0..<Int64(60) {
            let begin = start + hour * WindowPlan.hour
            times += offsets.map { String(begin + $0) }
        }
        times += ["\(Int64.max)", "[5,\(Int64.max)]"]
        let documents = times.enumerated().map { number, time in
            ("id-\(number)", Array(#"{"time":\#(time),"log":"x"}"#.utf8))
        }
        try await target.load("far", documents)
        let (ids, proof) = try await target.client().withScroll(ScrollQuery(index: "far")) { pages in
            var ids: [String] = []
            for try await page in pages { ids += page.ids }
            return (ids, pages.proof)
        }
        #expect(ids.count == 302 && Set(ids).count == 302)
        #expect(proof.windows.count == 62 && proof.holes.isEmpty)
    }

    /// A scroll cleared behind our back is what an expired one is to the server. The reader is at most a page ahead, so
    /// that it has not come to its end before; often, for the clearing comes before, between or after the phases of a
    /// request, and the answer is another one each time.
    static func expired(_ target: TestTarget) async throws {
        let query = ScrollQuery(index: "hours", pageSize: 10)
        let window = ScrollWindow(times: nil, expectedDocuments: 1)
        let everything = ScrollQuery(
            index: "hours", body: #"{"exists":{"field":"time"}}"#, timeField: "none", pageSize: 10)
        let once = OneTime()
        let client = try target.client { $0.queueBytes = 1 }
        let (ids, proof) = try await client.readWindow(window, of: everything) { pages in
            var ids: [String] = []
            for try await page in pages {
                ids += page.ids
                if once.take() { try await target.clearScrolls() }
            }
            return (ids, pages.proof)
        }
        #expect(ids.count == 1_000 && Set(ids).count == 1_000)
        #expect(proof.windows.first?.scrolls == 2)
        #expect(
            try await target.client().readWindow(window, of: query) { pages in
                try await pages.reduce(0) { $0 + $1.count }
            } == 1)
        #expect(try await target.openContexts() == 0)
    }

    private final class OneTime {
        private var isTaken = false
        func take() -> Bool {
            defer { isTaken = true }
            return !isTaken
        }
    }
}
