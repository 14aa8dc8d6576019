import Testing

@testable import OpenSearchScrollTesting

/// A reader that follows the protocol's laws gets every document once, whatever a schedule deals out: so no kind lies
/// in a way that nothing shows.
@Suite(.timeLimit(.minutes(30)))
struct FaultRunTests {
    /// Reads the index by one scroll that went well from its opening to its end; anything else is thrown away.
    private struct Reader {
        let client: HTTPClient
        private(set) var attempts = 0

        init(_ server: OpenSearchServer) { client = HTTPClient(server) }

        mutating func read() -> [String] {
            while attempts < 2000 {
                attempts += 1
                if let ids = attempt() { return ids }
            }
            return []
        }

        private func attempt() -> [String]? {
            guard let opened = page("/logs/_search?scroll=1m", "{\"size\":3,\"sort\":[\"_doc\"]}"),
                let id = opened.json["_scroll_id"]?.text
            else { return nil }
            defer { clear(id) }
            var ids = opened.ids
            while true {
                let next = page("/_search/scroll", "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}")
                guard let next, next.total == opened.total else { return nil }
                if next.ids.isEmpty { break }
                ids += next.ids
            }
            return ids.count == opened.total && Set(ids).count == ids.count ? ids : nil
        }

        private func page(_ path: String, _ body: String) -> (json: JSONValue, ids: [String], total: Int)? {
            let reply = client.post(path, body)
            guard reply.status == 200, reply.isWhole, reply.json["timed_out"] == .bool(false),
                let shards = reply.json["_shards"]?["total"]?.integer, shards >= 1,
                shards == reply.json["_shards", "successful"]?.integer,
                let total = reply.json["hits", "total", "value"]?.integer
            else { return nil }
            return (reply.json, reply.json.ids, total)
        }

        /// Until the server says that it is gone.
        private func clear(_ id: String) {
            for _ in 0..<100 {
                let reply = client.delete("/_search/scroll", "{\"scroll_id\":[\"\(id)\"]}")
                if reply.isWhole, reply.json["num_freed"] != nil { return }
            }
        }
    }

    @Test(arguments: [1, 3], ["2.19.4", "3.8.0"])
    func everyDocumentOnce(_ shards: Int, _ version: String) throws {
        let expected = Fixtures.logs("logs").documents.map(\.id).sorted()
        let kinds = FaultKind.allCases.filter { $0 != .mutate }
        var met: Set<FaultKind> = []
        for seed in 0..<40 {
            let server = try Fixtures.server {
                $0.shards = shards
                $0.version = version
                $0.threads = 1
                $0.faults = FaultSchedule(seed: UInt64(seed), rate: 0.25, kinds: kinds)
                $0.dribblePause = .zero
            }
            var reader = Reader(server)
            #expect(reader.read().sorted() == expected, "seed \(seed), \(reader.attempts) attempts")
            met.formUnion(server.faults.keys)
            // What is open still belongs to openings whose answer never came.
            #expect(server.openContexts < reader.attempts * shards)
            server.advanceClock(by: .seconds(61))
            #expect(server.openContexts == 0)
        }
        #expect(met.isSuperset(of: kinds.filter { $0.requests.contains(.openScroll) }))
        #expect(met.isSuperset(of: kinds.filter { $0.requests.contains(.continueScroll) }))
    }

    /// The same schedule leads the same reader the same way.
    @Test func aRunCanBeHadOnceMore() throws {
        let runs = try (0..<2).map { _ in
            let server = try Fixtures.server { $0.faults = FaultSchedule(seed: 11, rate: 0.3) }
            var reader = Reader(server)
            _ = reader.read()
            return (reader.attempts, server.faults, server.requests, server.openedContexts)
        }
        #expect(runs[0] == runs[1])
        #expect(!runs[0].1.isEmpty)
    }
}
