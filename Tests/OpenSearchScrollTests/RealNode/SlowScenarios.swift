import Testing

@testable import OpenSearchScroll

/// Consumers that take longer than the server keeps a scroll.
enum SlowScenarios {
    /// Four at once, so that the sleeping takes ten seconds in all: after the first page, one in the middle, the last,
    /// and some seconds after each of several.
    static func sleepers(_ node: RealNode) async throws {
        let many = try await ManyDocuments.load("many", padding: 240, on: node)
        let abandoned = try await node.target.send(
            .post, "/many/_search?scroll=1s", Array(#"{"size":10,"sort":["_doc"]}"#.utf8))
        let plain = try node.client { $0.keepAlive = .seconds(1) }
        let pages = try await Delivered.by(plain, ScrollQuery(index: "many", pageSize: 500)).pages
        let places: [[Int]] = [[1], [pages / 2], [pages], [2, 40, 80, 100]]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for place in places {
                group.addTask {
                    let client = try node.client {
                        $0.keepAlive = .seconds(1)
                        // Pages wait for the consumer while it sleeps.
                        $0.queueBytes = 200_000
                    }
                    let delivered = try await Delivered.by(client, ScrollQuery(index: "many", pageSize: 500)) { page in
                        // Sleeping is what is tested.
                        if place.contains(page) { try await Task.sleep(for: .seconds(10) / place.count) }
                    }
                    delivered.expectOnce(many, "slept after \(place)")
                    if place == [1] || place == [pages / 2] {
                        #expect(client.metrics.parked > 0, "slept after \(place)")
                    }
                }
            }
            try await group.waitForAll()
        }
        try await node.expectNothingOpen()
        // The same time was too much for a scroll that nobody has put aside.
        let body: JSONValue = ["scroll": "1s", "scroll_id": abandoned["_scroll_id"] ?? .null]
        let error = await openSearchError {
            try await node.target.send(.post, "/_search/scroll", body.encoded)
        }
        #expect(error?.httpStatus == 404)
    }
}
