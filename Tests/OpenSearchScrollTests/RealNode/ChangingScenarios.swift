import Testing

@testable import OpenSearchScroll

/// Indices and documents that come, go and change while they are read.
enum ChangingScenarios {
    /// A pattern, of which one index goes; a list of names, of which one goes; then all.
    static func deleted(_ node: RealNode) async throws {
        for index in ["logs-*", "logs-a,logs-b"] {
            let kept = try await ManyDocuments.load("logs-a", 3_000, on: node)
            _ = try await ManyDocuments.load("logs-b", 3_000, on: node)
            var query = ScrollQuery(index: index, pageSize: 100)
            query.toleratesHoles = true
            let client = try eager(node)
            let plan = try await client.plan(query)
            #expect(plan.indices == ["logs-a": 3_000, "logs-b": 3_000])
            let delivered = try await Delivered.by(client, query, plan: plan) {
                if $0 == 10 { try await node.target.send(.delete, "/logs-b") }
            }
            expectAll(of: kept, delivered)
            let left = 3_000 - (delivered.indices["logs-b"] ?? 0)
            #expect(left > 0, "it was read before it was deleted, so nothing is proved")
            #expect(delivered.proof.holes.isEmpty, "the windows are whole: \(delivered.proof.holes)")
            let vanished = try await client.vanished(since: plan, of: query, delivered: delivered.indices)
            #expect(vanished.map(\.index) == ["logs-b"] && vanished.map(\.documents) == [left])
            #expect(
                vanished.first?.reason
                    == "the index logs-b vanished while it was read, with \(left) of its 3000 documents unread; read "
                    + "before its retention ends")
            try await node.expectNothingOpen()
        }
        try await allDeleted(node)
    }

    private static func allDeleted(_ node: RealNode) async throws {
        for index in ["logs-*", "logs-a"] {
            _ = try await ManyDocuments.load("logs-a", 3_000, on: node)
            var query = ScrollQuery(index: index, pageSize: 100)
            query.toleratesHoles = true
            let client = try eager(node)
            let plan = try await client.plan(query)
            let delivered = try await Delivered.by(client, query, plan: plan) {
                if $0 == 10 { try await node.target.send(.delete, "/logs-a") }
            }
            let left = 3_000 - delivered.ids.count
            #expect(Set(delivered.ids).count == delivered.ids.count && left > 0 && !delivered.proof.holes.isEmpty)
            let vanished = try await client.vanished(since: plan, of: query, delivered: delivered.indices)
            #expect(vanished.map(\.index) == ["logs-a"] && vanished.map(\.documents) == [left])

            _ = try await ManyDocuments.load("logs-a", 3_000, on: node)
            query.toleratesHoles = false
            let error = await openSearchError {
                _ = try await Delivered.by(client, query) {
                    if $0 == 10 { try await node.target.send(.delete, "/logs-a") }
                }
            }
            #expect(error?.code == (index == "logs-a" ? .indexNotFound : .noIndexMatches))
            try await node.expectNothingOpen()
        }
    }

    /// Closed before, closed under way, and a pattern that matches nothing.
    static func closed(_ node: RealNode) async throws {
        let open = try await ManyDocuments.load("app-a", 3_000, on: node)
        _ = try await ManyDocuments.load("app-b", 3_000, on: node)
        _ = try await ManyDocuments.load("app-c", 1_000, on: node)
        try await node.target.send(.post, "/app-c/_close")
        let client = try eager(node)
        let named = await openSearchError { _ = try await client.plan(ScrollQuery(index: "app-a,app-c")) }
        #expect(named?.message == "the index app-c is closed; open it, or leave it out of --index")
        var query = ScrollQuery(index: "app-*", pageSize: 100)
        query.toleratesHoles = true
        let plan = try await client.plan(query)
        #expect(plan.indices == ["app-a": 3_000, "app-b": 3_000], "a pattern does not mean what is closed")
        let delivered = try await Delivered.by(client, query, plan: plan) {
            if $0 == 10 { try await node.target.send(.post, "/app-b/_close") }
        }
        expectAll(of: open, delivered)
        let vanished = try await client.vanished(since: plan, of: query, delivered: delivered.indices)
        #expect(vanished.map(\.index) == ["app-b"])
        #expect(vanished.map(\.documents) == [3_000 - (delivered.indices["app-b"] ?? 0)])
        try await reopened(node, plan, query, delivered)
        query.index = "nothing-*"
        let nothing = await openSearchError { _ = try await Delivered.by(client, query) }
        #expect(nothing?.message == "the pattern nothing-* matches no index on \(node.urls[0]); correct --index")
        try await node.expectNothingOpen()
    }

    /// What lacked a closed index says so; once it is open again, the windows that do are read again, and all is there.
    private static func reopened(
        _ node: RealNode, _ plan: ScrollPlan, _ query: ScrollQuery, _ first: Delivered
    ) async throws {
        let lacking = first.proof.windows.filter { $0.away != nil }
        #expect(!lacking.isEmpty && lacking.count < plan.windows.count && lacking.allSatisfy { $0.away == ["app-b"] })
        try await node.target.send(.post, "/app-b/_open?wait_for_active_shards=all")
        let client = try eager(node)
        let whole = first.proof.windows.filter { $0.away == nil }
        let rest = try await client.plan(query).remaining(after: whole.map(\.window))
        let again = try await Delivered.by(client, query, plan: rest)
        #expect(again.proof.windows.allSatisfy { $0.away == nil } && again.proof.holes.isEmpty)
        #expect(whole.reduce(0) { $0 + $1.delivered } + again.ids.count == 6_000)
        try await node.target.send(.post, "/app-b/_close")
    }

    /// Windows by shard, with an index away from their start to their end.
    static func closedUnderShards(_ node: RealNode) async throws {
        let documents = (0..<400).map { (id: "s-\($0)", json: Array(#"{"time":7,"log":"x"}"#.utf8)) }
        try await node.target.load("hot-a", documents, shards: 2)
        try await node.target.load("hot-b", documents, shards: 3)
        let client = try eager(node)
        var query = ScrollQuery(index: "hot-*", pageSize: 100)
        (query.toleratesHoles, query.windowDocuments) = (true, 100)
        let plan = try await client.plan(query)
        #expect(plan.windows.compactMap(\.shard) == [0, 1, 2])
        let all = try await Delivered.by(client, query, plan: plan)
        #expect(all.ids.count == 800 && all.proof.windows.allSatisfy { $0.away == nil })
        try await node.target.send(.post, "/hot-b/_close")
        let some = try await Delivered.by(client, query, plan: plan)
        try await node.target.send(.post, "/hot-b/_open?wait_for_active_shards=all")
        #expect(some.ids.count == 400 && some.proof.windows.allSatisfy { $0.away == ["hot-b"] })
        let vanished = try await client.vanished(since: plan, of: query, delivered: some.indices)
        #expect(vanished.map(\.index) == ["hot-b"] && vanished.map(\.documents) == [400])
        try await node.expectNothingOpen()
    }

    /// An index comes under the pattern whose shards are on no node: the other one is read.
    static func red(_ node: RealNode) async throws {
        let many = try await ManyDocuments.load("red-a", 3_000, on: node)
        var query = ScrollQuery(index: "red-*", pageSize: 100)
        query.toleratesHoles = true
        let client = try node.client {
            $0.queueBytes = 20_000
            ($0.attempts, $0.patience) = (1, .zero)
        }
        let settings = #"{"settings":{"number_of_replicas":0,"index.routing.allocation.require._name":"nowhere"}}"#
        let plan = try await client.plan(query)
        let delivered = try await Delivered.by(client, query, plan: plan) {
            guard $0 == 10 else { return }
            try await node.target.send(.put, "/red-b?wait_for_active_shards=0", Array(settings.utf8))
        }
        expectAll(of: many, delivered)
        let lacking = delivered.proof.windows.filter { $0.away != nil }
        #expect(!lacking.isEmpty && lacking.count < plan.windows.count && delivered.proof.holes.isEmpty)
        let untold = try await client.vanished(since: plan, of: query, delivered: delivered.indices)
        #expect(untold.map(\.index) == ["red-*"])
        let later = try await client.plan(query)
        #expect(later.indices == ["red-a": 3_000] && later.holes.count == 1)
        let again = try await Delivered.by(client, query, plan: later)
        expectAll(of: many, again)
        #expect(again.proof.windows.allSatisfy { $0.away != nil } && again.proof.holes == later.holes)
        try await node.target.send(.delete, "/red-b")
        let whole = try await Delivered.by(client, query)
        expectAll(of: many, whole)
        #expect(whole.proof.windows.allSatisfy { $0.away == nil } && whole.proof.holes.isEmpty)
        try await node.expectNothingOpen()
    }

    /// Documents are written to, added and deleted, and each scroll is lost once meanwhile.
    static func drifting(_ node: RealNode) async throws {
        let many = try await ManyDocuments.load("drift", 12_000, on: node)
        let client = try eager(node)
        let query = ScrollQuery(index: "drift", pageSize: 300)
        let delivered = try await Delivered.by(client, query) { page in
            guard page % 10 == 0 else { return }
            try await change(node, round: page / 10)
            try await node.target.clearScrolls()
        }
        #expect(Set(delivered.ids).count == delivered.ids.count, "documents came twice")
        let deleted: [String] = (1...20).flatMap { round in (0..<20).map { number in "d-\(gone(round, number))" } }
        #expect(many.ids.subtracting(deleted).isSubset(of: delivered.ids))
        #expect(delivered.proof.delivered == delivered.ids.count && delivered.proof.holes.isEmpty)
        #expect(delivered.proof.windows.allSatisfy { $0.drift >= 0 }, "\(delivered.proof.windows.map(\.drift))")
        #expect(client.metrics.reopened > 0)
        try await node.expectNothingOpen()
    }

    /// A document of every part of the index, another one in each round.
    private static func gone(_ round: Int, _ number: Int) -> Int { number * 600 + round }

    private static func change(_ node: RealNode, round: Int) async throws {
        var lines: [String] = []
        for number in 0..<20 {
            let update = number * 600 + 350
            lines += [#"{"update":{"_id":"d-\#(update)"}}"#, #"{"doc":{"anomaly_level":"Normal","n":\#(round)}}"#]
            lines.append(#"{"delete":{"_id":"d-\#(gone(round, number))"}}"#)
            let time = ManyDocuments.start + Int64(number) * ManyDocuments.hour / 2
            lines += [#"{"index":{"_id":"new-\#(round)-\#(number)"}}"#, #"{"time":\#(time),"log":"new"}"#]
        }
        let body = lines.joined(separator: "\n") + "\n"
        try await node.target.send(.post, "/drift/_bulk?refresh=true", Array(body.utf8))
    }

    /// Reads little ahead and tries again soon.
    private static func eager(_ node: RealNode) throws -> OpenSearchClient {
        try node.client {
            $0.queueBytes = 20_000
            $0.firstBackoff = .milliseconds(20)
        }
    }

    private static func expectAll(
        of many: ManyDocuments, _ delivered: Delivered, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(delivered.indices[many.index] == many.count, sourceLocation: sourceLocation)
        #expect(delivered.proof.indices == delivered.indices, sourceLocation: sourceLocation)
        #expect(delivered.proof.windows.allSatisfy { $0.drift >= 0 }, sourceLocation: sourceLocation)
    }
}
