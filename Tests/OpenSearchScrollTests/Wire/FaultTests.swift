import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import OpenSearchScroll

/// The embedded server does to seeded requests whatever a real one, or the way to it, may do.
@Suite("Windows read under faults", .timeLimit(.minutes(2)))
struct FaultTests {
    private static let faults: [Fault] = [
        .closeBeforeExecuting, .closeBeforeAnswer, .cutBody(at: 100), .status(503, "<html>"),
        .status(
            429, #"{"error":{"type":"circuit_breaking_exception","reason":"[parent] Data too large"},"status":429}"#),
        .statusLosingContext(429, #"{"error":{"type":"rejected_execution_exception","reason":"full"},"status":429}"#),
        .missingShards(successful: 1, total: 2), .timedOut, .shrinkTotal(by: 1), .loseContext,
    ]

    @Test("Every document exactly once, whatever happens, and nothing left open", arguments: 0..<30 as Range<UInt64>)
    func exactlyOnce(seed: UInt64) async throws {
        var random = SeededRandom(state: seed)
        // Most requests go well, so that some attempt at each window does.
        let plan: [Fault?] = (0..<400).map { _ in
            Int.random(in: 0..<100, using: &random) < 12 ? Self.faults.randomElement(using: &random) : nil
        }
        let sources = (0..<200).map { #"{"time":\#($0 * 100_000),"log":"line \#($0)"}"# }
        var settings = OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: sources)])
        settings.shards = 2
        let next = Mutex(0)
        let met = Mutex(0)
        settings.fault = { request in
            guard request.path.contains("_search"), request.method == "POST" else { return nil }
            return next.withLock { next in
                defer { next += 1 }
                guard next < plan.count, let fault = plan[next] else { return nil }
                met.withLock { $0 += 1 }
                return fault
            }
        }
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: configuration(server.url, attempts: 40))
        let query = ScrollQuery(pageSize: 7)
        var messages: [String] = []
        for window in try await client.windows(of: query) {
            messages += try await client.readWindow(window, of: query) { pages in
                var found: [String] = []
                for try await page in pages { found += page.messages }
                return found
            }
        }
        #expect(messages.sorted() == (0..<200).map { "line \($0)" }.sorted())
        #expect(met.withLock { $0 } > 0, "a schedule without a fault proves nothing")
        // What was opened for an answer that never came is not known to anybody but the server.
        server.advanceClock(by: .seconds(301))
        #expect(server.openContexts == 0)
    }
}
