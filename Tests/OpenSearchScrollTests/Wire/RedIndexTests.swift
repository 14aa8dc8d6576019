import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import OpenSearchScroll

/// Indices of a pattern that lose their shards: what the others hold is read.
@Suite("Indices without shards", .timeLimit(.minutes(30)))
struct RedIndexTests {
    /// A document a minute.
    private static let contents = StoredContents(sources: (0..<180).map { #"{"time":\#($0 * 60_000),"log":"x"}"# })

    private func server(
        _ indices: [String: StoredContents], shards: Int = 1, atOpening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws -> OpenSearchServer {
        var settings = OpenSearchServer.Configuration(indices: indices)
        settings.shards = shards
        settings.fault = { request in
            if request.kind == .openScroll { atOpening(request.ordinal) }
            return nil
        }
        return try OpenSearchServer(configuration: settings)
    }

    private func client(_ server: OpenSearchServer) throws -> OpenSearchClient {
        var settings = configuration(server.url, attempts: 1)
        (settings.parallel, settings.patience) = (1, .zero)
        return try OpenSearchClient(configuration: settings)
    }

    private func query(windowDocuments: Int = 100_000) -> ScrollQuery {
        var query = ScrollQuery(index: "logs-*", windowDocuments: windowDocuments)
        query.toleratesHoles = true
        return query
    }

    private func read(_ client: OpenSearchClient, _ plan: ScrollPlan, _ query: ScrollQuery) async throws -> ScrollProof
    {
        try await client.withScroll(plan, of: query) { pages in
            for try await _ in pages {}
            return pages.proof
        }
    }

    @Test("One that loses its shards while it is read is a hole with its name, window by window; the other one is read")
    func underWay() async throws {
        let box = Mutex<OpenSearchServer?>(nil)
        let server = try server(["logs-1": Self.contents, "logs-2": Self.contents]) { opening in
            if opening == 1 { box.withLock { $0 }?.setRed(true, "logs-2") }
        }
        defer { server.stop() }
        box.withLock { $0 = server }
        let client = try client(server)
        let plan = try await client.plan(query())
        let proof = try await read(client, plan, query())
        #expect(proof.indices == ["logs-1": 180, "logs-2": 60])
        #expect(proof.holes.count == 2 && proof.holes.allSatisfy { $0.index == "logs-2" && $0.window?.shard == 0 })
        #expect(proof.partial.count == 2 && proof.windows.count == 1 && server.openContexts == 0)
    }

    @Test("One that has no shards when it is planned: the other one is read, and what lacks it says so")
    func beforehand() async throws {
        let server = try server(["logs-1": Self.contents, "logs-2": Self.contents], shards: 2)
        defer { server.stop() }
        server.setRed(true, "logs-2")
        let client = try client(server)
        let plan = try await client.plan(query())
        #expect(plan.indices == ["logs-1": 180] && plan.holes.count == 1)
        let proof = try await read(client, plan, query())
        #expect(proof.indices == ["logs-1": 180] && proof.partial.isEmpty)
        #expect(proof.windows.count == 3 && proof.windows.allSatisfy { $0.away == [WindowReport.someIndices] })
        #expect(proof.holes == plan.holes)
        #expect(try await client.vanished(since: plan, of: query(), delivered: proof.indices).isEmpty)
    }

    @Test("Windows by shard")
    func shards() async throws {
        let hot = StoredContents(sources: [String](repeating: #"{"time":7,"log":"x"}"#, count: 200))
        let server = try server(["logs-1": hot, "logs-2": hot], shards: 2)
        defer { server.stop() }
        let client = try client(server)
        let query = query(windowDocuments: 120)
        let plan = try await client.plan(query)
        server.setRed(true, "logs-2")
        let proof = try await read(client, plan, query)
        #expect(proof.indices == ["logs-1": 200] && plan.windows.contains { $0.shard == 1 })
        #expect(proof.holes.allSatisfy { $0.index == "logs-2" && $0.window?.shard != nil } && proof.holes.count >= 2)
    }

    @Test("One of so many that their names do not fit into one path")
    func many() async throws {
        let one = StoredContents(sources: [#"{"time":7,"log":"x"}"#])
        let names = (0..<150).map { "logs-with-a-name-that-is-rather-long-\($0)" }
        let server = try server(Dictionary(uniqueKeysWithValues: names.map { ($0, one) }))
        defer { server.stop() }
        let client = try client(server)
        let plan = try await client.plan(query())
        server.setRed(true, names[77])
        let proof = try await read(client, plan, query())
        #expect(proof.delivered == 149 && proof.indices[names[77]] == nil)
        #expect(proof.holes.map(\.index) == [names[77]])
    }

    @Test("An index that is closed while it is read shard after shard is a hole")
    func closedBetweenShards() async throws {
        let box = Mutex<OpenSearchServer?>(nil)
        var settings = OpenSearchServer.Configuration(indices: ["logs-1": Self.contents])
        settings.shards = 2
        settings.fault = { request in
            guard request.kind == .openScroll else { return nil }
            // Then it is read by shards.
            if request.ordinal < 3 { return .status(429, "") }
            if request.ordinal == 4 { box.withLock { $0 }?.setClosed(true, "logs-1") }
            return nil
        }
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        box.withLock { $0 = server }
        var configuration = configuration(server.url, attempts: 5)
        (configuration.parallel, configuration.longestBackoff) = (1, .milliseconds(2))
        let client = try OpenSearchClient(configuration: configuration)
        var query = ScrollQuery(index: "logs-1")
        query.toleratesHoles = true
        let plan = try await client.plan(query)
        let proof = try await read(client, plan, query)
        #expect(proof.windows.isEmpty && proof.partial.count == 3 && proof.delivered > 0 && proof.delivered < 60)
        query.toleratesHoles = false
        server.setClosed(false, "logs-1")
        #expect(try await read(client, try await client.plan(query), query).delivered == 180)
    }

    @Test(
        "What an expression means by name",
        arguments: [
            ("logs-1", "logs-1", true), ("logs-1", "logs-10", false), ("logs-*", "logs-1", true),
            ("logs-*", "other", false), ("a,b*,c", "bell", true), ("*", "any", true), ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXc", false), ("first:logs-*", "first:logs-1", true), ("errors", "logs-1", false),
        ])
    func pattern(expression: String, index: String, isMeant: Bool) {
        #expect(IndexPattern(expression).means(index) == isMeant)
    }
}
