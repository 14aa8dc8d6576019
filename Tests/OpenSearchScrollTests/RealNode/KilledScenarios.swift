import Testing

@testable import OpenSearchScroll

/// Nodes that die while we read from them.
enum KilledScenarios {
    /// Once while the consumer waits for that, once beside a consumer that goes on.
    static func oneNode(_ node: RealNode) async throws {
        let many = try await ManyDocuments.load("many", padding: 240, on: node)
        let query = ScrollQuery(index: "man*", pageSize: 500)
        // Little is read ahead, so that most is still to be read when the node dies.
        let client = try node.client { $0.queueBytes = 200_000 }
        var restart: Task<Void, any Error>?
        let delivered = try await Delivered.by(client, query) { page in
            guard page == 20 else { return }
            try await node.kill(1)
            restart = Task { try await node.restart(1) }
        }
        try await restart?.value
        delivered.expectOnce(many, "killed between two pages")
        #expect(client.metrics.reopened > 0)
        try await node.expectNothingOpen()

        let byWindows = try await Delivered.byWindows(client, query) { page in
            if page == 30 { restart = Task { try await node.restart(1) } }
        }
        try await restart?.value
        byWindows.expectOnce(many, "killed beside a reading")
        try await node.expectNothingOpen()
    }

    /// The first of the addresses, with a third of the documents.
    static func comesBack(_ node: RealNode) async throws {
        let many = try await ManyDocuments.load("many", shards: 3, on: node)
        // What is opened for an answer that dies with the node is known to nobody, and ends by its keep-alive.
        let client = try node.client {
            $0.queueBytes = 200_000
            $0.keepAlive = .seconds(5)
        }
        var restart: Task<Void, any Error>?
        let delivered = try await Delivered.by(client, ScrollQuery(index: "many", pageSize: 500)) { page in
            guard page == 20 else { return }
            try await node.kill(1)
            restart = Task { try await node.restart(1) }
        }
        try await restart?.value
        delivered.expectOnce(many)
        #expect(client.metrics.reopened > 0)
        try await node.expectNothingOpen(within: .seconds(10))
    }

    /// Another than the one we ask.
    static func staysAway(_ node: RealNode) async throws {
        let many = try await ManyDocuments.load("many", shards: 3, on: node)
        let shards = try await idsByShard(many, on: node)
        #expect(shards.reduce(0) { $0 + $1.count } == many.count)
        let lost = try await shard(of: many, on: "node-3", node)
        var query = ScrollQuery(index: "many", pageSize: 500)
        query.toleratesHoles = true
        let client = try node.client {
            $0.queueBytes = 100_000
            $0.keepAlive = .seconds(5)
            $0.attempts = 3
            $0.patience = .seconds(3)
        }
        let delivered = try await Delivered.by(client, query) { if $0 == 20 { try await node.kill(3) } }
        let found = Set(delivered.ids)
        #expect(found.count == delivered.ids.count, "documents came twice")
        let missing = many.ids.subtracting(found)
        #expect(!missing.isEmpty && missing.isSubset(of: shards[lost]), "more is missing than what was lost")
        #expect(delivered.proof.delivered == delivered.ids.count)
        #expect(delivered.proof.digest == many.digest(of: found))
        #expect(!delivered.proof.holes.isEmpty)
        #expect(delivered.proof.holes.allSatisfy { $0.window?.shard == lost }, "\(delivered.proof.holes)")
        #expect(delivered.proof.holes.allSatisfy { $0.reason.contains("look at the cluster's health") })
        try await node.expectNothingOpen(within: .seconds(10))

        let again = try await Delivered.by(client, query)
        #expect(again.ids.sorted() == many.ids.subtracting(shards[lost]).sorted())
        #expect(again.proof.holes.contains { $0.reason.contains("1 of 3 shards of many are missing") })
        try await node.expectNothingOpen(within: .seconds(10))

        query.toleratesHoles = false
        let error = await openSearchError { _ = try await Delivered.by(client, query) }
        #expect(error?.code == .partialShards)
        #expect(
            error?.message.contains("shards of many") == true && error?.message.contains("cluster's health") == true)
        try await node.expectNothingOpen()
    }

    private static func idsByShard(_ many: ManyDocuments, on node: RealNode) async throws -> [Set<String>] {
        var shards: [Set<String>] = []
        for shard in 0..<3 {
            let window = ScrollWindow(times: nil, shard: shard, expectedDocuments: many.count / 3)
            let query = ScrollQuery(index: many.index, timeField: "none")
            shards.append(
                try await node.client().readWindow(window, of: query) { pages in
                    var ids: Set<String> = []
                    for try await page in pages { ids.formUnion(page.ids) }
                    return ids
                })
        }
        return shards
    }

    /// The shard that a node holds. Three shards without copies on three nodes: each has one.
    private static func shard(of many: ManyDocuments, on name: String, _ node: RealNode) async throws -> Int {
        let answer = try await node.target.send(.get, "/\(many.index)/_search_shards")
        for copies in answer["shards"]?.elements ?? [] {
            guard let copy = copies.elements.first, let holder = copy["node"]?.string,
                answer["nodes"]?[holder]?["name"] == .string(name), let shard = copy["shard"]?.integer
            else { continue }
            return Int(shard)
        }
        throw Missing(description: "\(name) holds no shard: \(answer)")
    }
}
