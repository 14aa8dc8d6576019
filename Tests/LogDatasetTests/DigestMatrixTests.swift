import Glibc
import OpenSearchScrollTesting
import Testing

@testable import LogDataset
@testable import OpenSearchScroll

/// SHA-256 over all tokens and multiplicities of an epoch, whatever reads, counts and shares it.
///
/// `OPNILOG_DIGESTS=full` goes through every combination and prints the matrix (`make digests`).
@Suite("The digest matrix", .timeLimit(.minutes(60)))
struct DigestMatrixTests {
    /// What must not matter.
    private struct Way {
        var workers: Int
        var pageSize: Int
        /// Scrolls at once over so many shards: the order in which logs arrive.
        var parallel: Int
        var faults: UInt64?
        var spills: Bool

        var text: String {
            let faults = faults.map { "seed \($0)" } ?? "none"
            return [
                ("\(workers)", 9), ("\(pageSize)", 7), ("\(parallel)", 10), (faults, 8), (spills ? "yes" : "no", 9),
            ]
            .map { $0.0 + String(repeating: " ", count: max(1, $0.1 - $0.0.count)) }.joined()
        }
    }

    private struct Digests: Equatable {
        var table: String
        /// Of the first epoch, by the number of ranks.
        var epoch: Set<String>
        /// Of the closing pass.
        var closing: String
    }

    private static let isFull = getenv("OPNILOG_DIGESTS").map { String(cString: $0) } == "full"
    private static let documents = 2_400

    private static let ways: [Way] = {
        var all: [Way] = []
        for workers in [1, 2, 3, 8, 64] {
            for pageSize in [40, 333, 10_000] {
                for parallel in [1, 4] {
                    for spills in [false, true] {
                        for faults in [nil, UInt64(workers * 100 + parallel)] {
                            all.append(
                                Way(
                                    workers: workers, pageSize: pageSize, parallel: parallel, faults: faults,
                                    spills: spills)
                            )
                        }
                    }
                }
            }
        }
        // Every tenth or so has all values of each setting in it.
        return isFull ? all : all.enumerated().filter { $0.offset % 11 == 0 }.map(\.element)
    }()

    @Test("equal for workers, pages, orders of arrival, faults, spilled or not, and ranks")
    func matrix() async throws {
        let first = try await digests(Way(workers: 1, pageSize: 1000, parallel: 1, faults: nil, spills: false))
        #expect(first.epoch.count == 1)
        if Self.isFull {
            print("workers  page   scrolls   faults  spilled  table             epoch, ranks 1-8  closing")
        }
        for way in Self.ways {
            let found = try await digests(way)
            #expect(found == first, "\(way)")
            guard Self.isFull else { continue }
            let shown = [found.table] + found.epoch.sorted() + [found.closing]
            print(way.text + shown.map { String($0.prefix(16)) }.joined(separator: "  "))
        }
    }

    private func digests(_ way: Way) async throws -> Digests {
        let contents = GeneratedContents(
            documents: Self.documents, start: 444_444 * 3_600_000, interval: .seconds(15), untimedEvery: 50)
        var server = OpenSearchServer.Configuration(indices: ["logs": contents])
        server.shards = way.parallel
        server.threads = 2
        server.dribblePause = .microseconds(10)
        server.faults = way.faults.map { FaultSchedule(seed: $0, rate: 0.05) }
        let running = try OpenSearchServer(configuration: server)
        defer { running.stop() }
        var access = OpenSearchConfiguration(endpoints: [running.url], attempts: 20_000, patience: .zero)
        access.firstBackoff = .microseconds(50)
        access.longestBackoff = .milliseconds(2)
        access.parallel = way.parallel
        let source = OpenSearchLogSource(
            client: try OpenSearchClient(configuration: access),
            query: ScrollQuery(pageSize: way.pageSize, windowDocuments: 600))
        let folder = TemporaryDirectory()
        var configuration = DatasetConfiguration(directory: folder.path)
        configuration.workers = way.workers
        configuration.parallelWindows = way.parallel
        configuration.memory = way.spills ? MemoryBudget(dividing: 1 << 17) : MemoryBudget(total: 1 << 30)
        configuration.steps = StepPlan.Settings(samples: 1_000, epochs: 1, steps: 23)
        let prepared = try await StreamingLogDataset(source: source, configuration: configuration).prepare()
        var epoch: Set<String> = []
        for ranks in 1...8 { epoch.insert(try await digest(of: prepared.fit(epoch: 0), ranks: ranks)) }
        return Digests(
            table: prepared.summary.tableDigest, epoch: epoch,
            closing: try await digest(of: prepared.closing(), ranks: 1))
    }

    /// The digest of what all ranks have, one behind the other.
    private func digest(of subset: Subset, ranks: Int) async throws -> String {
        let digest = SHA256()
        for try await batch in subset {
            let shares = (0..<ranks).map { batch.share(ofRank: $0, of: ranks) }
            Batch(joining: shares).forEachDigestPart { digest.update($0) }
        }
        return digest.finish().hexadecimal
    }
}
