import LogDataset
import OpenSearchScroll
import Synchronization

/// The documents of a query window by window, in the order of time, each once whatever fails meanwhile.
final class WindowsInOrder: Sendable {
    private let client: OpenSearchClient
    private let query: ScrollQuery
    private let found = Mutex<[Hole]>([])

    init(_ source: OpenSearchSettings) {
        client = source.client
        var query = source.query
        query.toleratesHoles = true
        self.query = query
    }

    /// What could not be read, once everything else was.
    var holes: [Hole] { found.withLock { $0 } }

    /// - Parameter expecting: told how many documents there should be, before the first.
    func read(into feed: ScoreFeed, expecting: @Sendable (_ documents: Int) -> Void) async throws {
        let plan = try await client.plan(query)
        expecting(plan.expectedDocuments)
        var holes = plan.holes
        var delivered: [String: Int] = [:]
        for window in plan.windows {
            let proof = try await client.readWindow(window, of: query) { pages in
                for try await page in pages { try await feed.add(OpenSearchPage(page: page)) }
                return pages.proof
            }
            holes += proof.holes
            delivered.merge(proof.indices, uniquingKeysWith: +)
        }
        holes += try await client.vanished(since: plan, of: query, delivered: delivered)
        found.withLock { $0 = holes.map { Hole(what: $0.reason, documents: $0.documents) } }
    }
}
