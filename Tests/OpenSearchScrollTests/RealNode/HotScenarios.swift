import Testing

@testable import OpenSearchScroll

/// More documents than a window may have, where time cannot part them.
enum HotScenarios {
    static func all(_ node: RealNode) async throws {
        let moment = ManyDocuments.start + 1_234
        let many = ManyDocuments(index: "hot", count: 12_000)
        let documents = (0..<many.count).map { number in
            let time =
                switch number {
                case 0..<5_000: #""time":\#(moment),"#
                case 5_000..<10_000: ""
                default: #""time":\#(ManyDocuments.start + Int64(number)),"#
                }
            return (id: "d-\(number)", json: Array(#"{\#(time)"log":"x \#(number)"}"#.utf8))
        }
        try await node.target.load("hot", documents, shards: 3)
        let query = ScrollQuery(index: "hot", windowDocuments: 1_000)
        let client = try node.client()
        let plan = try await client.plan(query)
        let hot = plan.windows.filter { $0.times == moment..<moment + 1 }
        #expect(hot.map(\.shard) == [0, 1, 2])
        #expect(hot.reduce(0) { $0 + $1.expectedDocuments } == 5_000)
        let untimed = plan.windows.filter { $0.times == nil }
        #expect(untimed.map(\.shard) == [0, 1, 2])
        #expect(untimed.reduce(0) { $0 + $1.expectedDocuments } == 5_000)
        #expect(plan.windows.filter { $0.shard == nil }.allSatisfy { $0.expectedDocuments <= 1_000 })
        try await Delivered.by(client, query).expectOnce(many)
        try await Delivered.byWindows(client, query).expectOnce(many, "window by window")
        try await node.expectNothingOpen()
    }
}
