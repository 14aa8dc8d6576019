import Testing

@testable import OpenSearchScroll

/// Servers that refuse what is too much for them.
enum BusyScenarios {
    /// Two contexts are one scroll over two shards.
    static func fewContexts(_ node: RealNode) async throws {
        let many = try await ManyDocuments.load("many", padding: 240, on: node)
        try await node.set("search.max_open_scroll_context", to: "2")
        let client = try node.client {
            $0.parallel = 4
            $0.firstBackoff = .milliseconds(20)
        }
        let delivered = try await Delivered.by(client, ScrollQuery(index: "many", pageSize: 1_000))
        delivered.expectOnce(many)
        #expect(refusals(client) > 0, "nothing was refused, so nothing is proved")
        let byWindows = try await Delivered.byWindows(client, ScrollQuery(index: "many", pageSize: 1_000))
        byWindows.expectOnce(many)
        try await node.set("search.max_open_scroll_context", to: nil)
        try await node.expectNothingOpen()
    }

    /// One thread that searches, one search that waits for it, and others that want in as much as we do.
    static func queueOfOne(_ node: RealNode) async throws {
        let many = try await ManyDocuments.load("many", on: node)
        let client = try node.client {
            $0.parallel = 8
            $0.patience = .seconds(240)
            $0.firstBackoff = .milliseconds(20)
            $0.longestBackoff = .milliseconds(200)
        }
        var query = ScrollQuery(index: "many")
        query.windowDocuments = 3_000
        let others = try (0..<3).map { _ in
            let other = try Noise(node)
            // They would starve us for as long as they like; some refusals are enough.
            return Task { while !Task.isCancelled, refusals(client) < 20 { await other.search() } }
        }
        defer { for other in others { other.cancel() } }
        let delivered = try await Delivered.by(client, query)
        for other in others {
            other.cancel()
            await other.value
        }
        delivered.expectOnce(many)
        #expect(refusals(client) > 0, "nothing was refused, so nothing is proved")
        try await node.expectNothingOpen()
    }

    private static func refusals(_ client: OpenSearchClient) -> Int {
        client.metrics.requests.values.reduce(0) { $0 + ($1.failed[.overloaded] ?? 0) }
    }

    /// Somebody else who searches, and does not care whether he is refused.
    private struct Noise: Sendable {
        let wire: Wire

        init(_ node: RealNode) throws { wire = try Wire(configuration(node.urls[0])) }

        func search() async {
            let context = wire.context(.root, wire.servers.current)
            let body: JSONValue = ["size": 500, "sort": [["time": "desc"]], "query": ["match": ["log": "request"]]]
            _ = await wire.send(wire.request(.post, "/many/_search", body, context), context)
        }
    }
}
