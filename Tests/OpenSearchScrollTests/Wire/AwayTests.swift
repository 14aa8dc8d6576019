import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import OpenSearchScroll

/// Indices that are away while a query is read, by what the reports of its windows say.
@Suite("Indices that are away", .timeLimit(.minutes(30)))
struct AwayTests {
    /// Two indices over the same three hours, of which the second one can go and come back at any request.
    private final class Trial: Sendable {
        let server: OpenSearchServer
        let client: OpenSearchClient
        let query: ScrollQuery
        private let hook: Hook

        final class Hook: Sendable {
            let action = Mutex<(@Sendable (RequestInfo) -> Void)?>(nil)
        }

        init(minutes: [Int] = Array(0..<180), shards: Int = 1, windowDocuments: Int? = nil) throws {
            let sources = minutes.map { #"{"time":\#($0 * 60_000),"log":"x"}"# }
            let hook = Hook()
            var settings = OpenSearchServer.Configuration(indices: [
                "logs-1": StoredContents(sources: sources), "logs-2": StoredContents(sources: sources),
            ])
            settings.shards = shards
            settings.fault = { request in
                hook.action.withLock { $0 }?(request)
                return nil
            }
            server = try OpenSearchServer(configuration: settings)
            self.hook = hook
            var configuration = configuration(server.url)
            configuration.parallel = 1
            client = try OpenSearchClient(configuration: configuration)
            var query = ScrollQuery(index: "logs-*")
            query.toleratesHoles = true
            if let windowDocuments { query.windowDocuments = windowDocuments }
            self.query = query
        }

        deinit { server.stop() }

        func take() { server.setClosed(true, "logs-2") }
        func bring() { server.setClosed(false, "logs-2") }

        /// Runs something before requests are answered: openings of scrolls, counted from 1, and other searches.
        func at(
            opening: @escaping @Sendable (Int) -> Void = { _ in }, search: @escaping @Sendable () -> Void = {}
        ) {
            hook.action.withLock { action in
                action = { request in
                    if request.kind == .openScroll { opening(request.ordinal + 1) }
                    if request.kind == .search { search() }
                }
            }
        }

        /// The proof, its windows in the order of time, which is not that in which they end.
        func read(_ plan: ScrollPlan) async throws -> ScrollProof {
            try await client.withScroll(plan, of: query) { pages in
                for try await _ in pages {}
                var proof = pages.proof
                proof.windows.sort { $0.window.times?.lowerBound ?? .max < $1.window.times?.lowerBound ?? .max }
                return proof
            }
        }

        func vanished(_ plan: ScrollPlan, _ proof: ScrollProof) async throws -> [ScrollHole] {
            try await client.vanished(since: plan, of: query, delivered: proof.indices)
        }
    }

    @Test("A window says which index was away when it was read; those before and after it say nothing")
    func window() async throws {
        let trial = try Trial()
        let plan = try await trial.client.plan(trial.query)
        #expect(plan.windows.count == 3)
        trial.at(opening: { [weak trial] in
            if $0 == 2 { trial?.take() }
            if $0 == 3 { trial?.bring() }
        })
        let before = trial.server.count(of: .search)
        let proof = try await trial.read(plan)
        #expect(proof.windows.map(\.away) == [nil, ["logs-2"], nil] && proof.windows.map(\.total) == [120, 60, 120])
        // Nobody asks where nothing has changed.
        #expect(trial.server.count(of: .search) - before == 3, "two for all names, one for the one that is away")
        let holes = try await trial.vanished(plan, proof)
        #expect(holes.map(\.index) == ["logs-2"] && holes.map(\.documents) == [60])
    }

    @Test("A window by shard says so too, also where the index is away from its start to its end")
    func shard() async throws {
        let trial = try Trial(minutes: [Int](repeating: 7, count: 200), shards: 2, windowDocuments: 120)
        let plan = try await trial.client.plan(trial.query)
        #expect(plan.windows.map(\.shard).contains(0) && plan.windows.map(\.shard).contains(1))
        trial.take()
        let proof = try await trial.read(plan)
        #expect(proof.windows.filter { $0.window.shard != nil }.allSatisfy { $0.away == ["logs-2"] })
        trial.bring()
        #expect(try await trial.vanished(plan, proof).map(\.documents) == [200])
    }

    @Test("A window by shard of which no index is left counts as read, and says who was away")
    func lastShard() async throws {
        let trial = try Trial(minutes: [Int](repeating: 7, count: 200), shards: 2, windowDocuments: 120)
        let plan = try await trial.client.plan(trial.query)
        trial.take()
        trial.server.setClosed(true, "logs-1")
        let proof = try await trial.read(plan)
        let shards = proof.windows.filter { $0.window.shard != nil }
        #expect(shards.count == 2 && shards.allSatisfy { $0.away == ["logs-1", "logs-2"] && $0.total == 0 })
    }

    @Test("Where nothing is away, windows by shard say nothing")
    func shards() async throws {
        let trial = try Trial(minutes: [Int](repeating: 7, count: 200), shards: 2, windowDocuments: 120)
        let proof = try await trial.read(try await trial.client.plan(trial.query))
        #expect(proof.windows.allSatisfy { $0.away == nil } && proof.delivered == 400)
    }

    @Test("An index that comes back before anyone could ask for it: the scroll is opened once more")
    func flicker() async throws {
        let trial = try Trial(minutes: Array(0..<60))
        let plan = try await trial.client.plan(trial.query)
        trial.take()
        trial.at(search: { [weak trial] in trial?.bring() })
        let proof = try await trial.read(plan)
        #expect(proof.windows.map(\.away) == [nil] && proof.delivered == 120)
        #expect(trial.server.count(of: .openScroll) == 2 && trial.server.openContexts == 0)
        #expect(try await trial.vanished(plan, proof).isEmpty)
    }

    @Test("An index that comes back between the answer that lacks it and the question for it is not taken for empty")
    func laterFlicker() async throws {
        let trial = try Trial(minutes: Array(0..<60))
        let plan = try await trial.client.plan(trial.query)
        trial.take()
        let before = trial.server.count(of: .search)
        trial.at(search: { [weak trial] in
            if let trial, trial.server.count(of: .search) - before == 2 { trial.bring() }
        })
        let proof = try await trial.read(plan)
        #expect(proof.windows.map(\.away) == [nil] && proof.delivered == 120)
    }

    @Test("Where who is away cannot be told, a window says that of some")
    func untold() async throws {
        let trial = try Trial(minutes: Array(0..<60))
        let plan = try await trial.client.plan(trial.query)
        trial.take()
        // Each question finds another number of shards than the scroll before it.
        trial.at(opening: { [weak trial] _ in trial?.take() }, search: { [weak trial] in trial?.bring() })
        let proof = try await trial.read(plan)
        #expect(proof.windows.map(\.away) == [[WindowReport.someIndices]] && trial.server.count(of: .openScroll) == 3)
        trial.at()
        #expect(
            try await trial.vanished(plan, proof).map(\.reason) == [
                "indices of logs-* came and went while it was read; read it again"
            ])
    }

    @Test("What was deleted for good is missing, and no reason to read a window again")
    func deleted() async throws {
        let trial = try Trial()
        let plan = try await trial.client.plan(trial.query)
        trial.at(opening: { [weak trial] in if $0 == 2 { trial?.server.setContents(nil, of: "logs-2") } })
        let proof = try await trial.read(plan)
        #expect(proof.windows.map(\.away) == [nil, nil, nil] && proof.delivered == 240)
        #expect(try await trial.vanished(plan, proof).map(\.documents) == [120])
    }

    @Test("An index that was read whole before it goes is not missed")
    func read() async throws {
        let trial = try Trial()
        trial.server.setContents(StoredContents(sources: [#"{"time":0,"log":"x"}"#]), of: "logs-2")
        let plan = try await trial.client.plan(trial.query)
        var proof = ScrollProof()
        for (number, window) in plan.windows.enumerated() {
            if number == 2 { trial.take() }
            let one = try await trial.client.readWindow(window, of: trial.query) { pages in
                for try await _ in pages {}
                return pages.proof
            }
            proof.windows += one.windows
        }
        #expect(proof.windows.map(\.away) == [nil, nil, nil] && proof.delivered == 181)
        #expect(try await trial.vanished(plan, proof).isEmpty)
    }

    @Test("An index that loses all of its documents while another one comes is not missed")
    func emptied() async throws {
        let trial = try Trial()
        let plan = try await trial.client.plan(trial.query)
        trial.at(opening: { [weak trial] in
            if $0 == 2 {
                trial?.server.setContents(StoredContents(), of: "logs-2")
                trial?.server.setContents(StoredContents(sources: [#"{"time":0,"log":"x"}"#]), of: "logs-3")
            }
        })
        let proof = try await trial.read(plan)
        #expect(proof.windows.map(\.away) == [nil, nil, nil] && proof.delivered == 240)
        #expect(try await trial.vanished(plan, proof).isEmpty)
    }

    @Test("Other indices that come, and documents that come and go, make no hole")
    func rollover() async throws {
        let trial = try Trial()
        let plan = try await trial.client.plan(trial.query)
        trial.at(opening: { [weak trial] in
            guard $0 == 2 else { return }
            trial?.server.setContents(StoredContents(sources: [#"{"time":0,"log":"x"}"#]), of: "logs-3")
            let changed = (60..<300).map { #"{"time":\#($0 * 60_000),"log":"x"}"# }
            trial?.server.setContents(StoredContents(sources: changed), of: "logs-2")
        })
        let proof = try await trial.read(plan)
        #expect(proof.windows.map(\.away) == [nil, nil, nil])
        #expect(try await trial.vanished(plan, proof).isEmpty)
    }

    @Test("An index that earlier plans had and this one has not is away until it comes back")
    func earlier() async throws {
        let trial = try Trial()
        var earlier = try await trial.client.plan(trial.query)
        trial.take()
        let plan = try await trial.client.plan(trial.query)
        #expect(plan.indices == ["logs-1": 180])
        earlier.shards = plan.shards
        trial.at(opening: { [weak trial] in if $0 == 2 { trial?.bring() } })
        let proof = try await trial.read(earlier)
        #expect(proof.windows.map(\.away) == [["logs-2"], nil, nil])
        #expect(try await trial.vanished(earlier, proof).map(\.documents) == [60])
    }

    @Test("A plan that is made anew while another one is read takes nothing from what that one misses")
    func secondPlan() async throws {
        let trial = try Trial()
        var settings = configuration(trial.server.url)
        (settings.parallel, settings.queueBytes) = (1, 1)
        let client = try OpenSearchClient(configuration: settings)
        var query = trial.query
        query.pageSize = 10
        let plan = try await client.plan(query)
        let proof = try await client.withScroll(plan, of: query) { pages in
            var seen = 0
            for try await _ in pages {
                seen += 1
                // The first window has twelve pages, of which few are read ahead.
                if seen == 1 {
                    trial.take()
                    _ = try await client.plan(query)
                }
            }
            return pages.proof
        }
        #expect(proof.windows.filter { $0.away == ["logs-2"] }.count == 2 && proof.delivered == 240)
    }

    @Test("What an earlier run has handed out is not taken off what is still expected")
    func handedOutEarlier() async throws {
        let trial = try Trial(minutes: Array(0..<120))
        var plan = try await trial.client.plan(trial.query)
        // Of its 120 documents those of the first window stand in an output.
        plan.indices["logs-2"] = 60
        try trial.client.goOn(with: plan, of: trial.query)
        let again = WindowReport(
            window: plan.windows[0], total: 120, delivered: 120, deliveredEarlier: 120, digest: IDDigest(),
            indices: ["logs-1": 60, "logs-2": 60], scrolls: 1, retries: 0)
        try trial.client.state(trial.query).watch.read(again, without: .init())
        trial.take()
        let proof = try await trial.client.readWindow(plan.windows[1], of: trial.query) { pages in
            for try await _ in pages {}
            return pages.proof
        }
        #expect(proof.windows.map(\.away) == [["logs-2"]])
    }

    @Test("Documents that came meanwhile do not stand in for those of an index that was away")
    func standIns() async throws {
        let trial = try Trial()
        let plan = try await trial.client.plan(trial.query)
        trial.at(opening: { [weak trial] in
            if $0 == 1 { trial?.take() }
            if $0 == 2 {
                let many = (0..<300).map { #"{"time":\#(3_600_000 + $0 * 1_000),"log":"x"}"# }
                trial?.server.setContents(StoredContents(sources: many), of: "logs-2")
            }
        })
        let proof = try await trial.read(plan)
        #expect(proof.indices["logs-2"] == 300, "more than the 180 that were planned")
        let holes = try await trial.vanished(plan, proof)
        #expect(holes.map(\.index) == ["logs-2"] && holes.map(\.documents) == [nil])
        #expect(proof.windows.map(\.away) == [["logs-2"], nil, nil])
        #expect(holes.first?.reason == "the index logs-2 was away for a while as it was read; read it again")
    }

    /// An answer of aggregations over two shards, with one of two remote clusters skipped.
    private func found(_ indices: [String]) -> String {
        let names = indices.map { #"{"key":"\#($0)","doc_count":1}"# }.joined(separator: ",")
        return #"{"timed_out":false,"_shards":{"total":2,"successful":2,"skipped":0,"failed":0},"#
            + #""_clusters":{"total":3,"successful":2,"skipped":1},"hits":{"total":{"value":2,"relation":"eq"}},"#
            + #""aggregations":{"hours":{"buckets":[{"key":0,"doc_count":2}]},"untimed":{"doc_count":0},"#
            + #""indices":{"buckets":[\#(names)]}}}"#
    }

    @Test("A window that was read while a remote cluster was skipped says so, and the plan which one it is")
    func cluster() async throws {
        let extra = #","_clusters":{"total":3,"successful":2,"skipped":1}"#
        let server = try ScriptedServer([
            .answer(200, found(["first:logs", "logs"])),
            .answer(200, Answer.page(["1"], total: 1, scrollID: "a", shards: (2, 2), extra: extra)),
            .answer(200, Answer.page([], total: 1, scrollID: "a", shards: (2, 2), extra: extra)),
            .answer(200, Answer.cleared),
        ])
        defer { server.stop() }
        var settings = configuration(server.url)
        settings.parallel = 1
        let client = try OpenSearchClient(configuration: settings)
        var query = ScrollQuery(index: "first:logs,second:logs,logs", pageSize: 10)
        query.toleratesHoles = true
        let plan = try await client.plan(query)
        #expect(plan.windows.count == 1)
        #expect(
            plan.holes.map(\.reason) == [
                "the remote clusters second were skipped, since they cannot be reached; look at their connections"
            ])
        let proof = try await client.withScroll(plan, of: query) { pages in
            for try await _ in pages {}
            return pages.proof
        }
        #expect(proof.windows.map(\.away) == [[WindowReport.someIndices]])
    }
}
