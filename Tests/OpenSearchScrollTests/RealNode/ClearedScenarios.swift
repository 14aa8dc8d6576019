import Testing

@testable import OpenSearchScroll

/// However a reading ends, nothing stays open for longer than two seconds.
enum ClearedScenarios {
    private struct Mine: Error {}

    static func all(_ node: RealNode) async throws {
        _ = try await ManyDocuments.load("many", padding: 240, on: node)
        let query = ScrollQuery(index: "many", pageSize: 500)
        let client = try node.client { $0.parallel = 3 }
        _ = try await Delivered.by(client, query)
        try await node.expectNothingOpen("after the end")
        try await client.withScroll(query) { pages in for try await _ in pages { break } }
        try await node.expectNothingOpen("after a break")
        await #expect(throws: Mine.self) {
            try await client.withScroll(query) { pages in for try await _ in pages { throw Mine() } }
        }
        try await node.expectNothingOpen("after a throw")
        var random = SeededRandom(state: 5)
        for turn in 0..<30 {
            let instant = Duration.microseconds(Int.random(in: 0...300_000, using: &random))
            let reading = Task { try await Delivered.by(client, query).pages }
            // The instant is what is tested; there is nothing to wait for.
            try await Task.sleep(for: instant)
            reading.cancel()
            try await node.expectNothingOpen("cancelled after \(instant), turn \(turn)")
            _ = await reading.result
            try await node.expectNothingOpen("after the end of turn \(turn)")
        }
    }
}
