import Glibc
import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import LogDataset
@testable import OpenSearchScroll

/// The same table, byte for byte, whatever the server or the way to it does while it is read.
@Suite("Tables read under faults", .timeLimit(.minutes(30)))
struct OpenSearchFaultTests {
    /// How many schedules to go through; the environment may ask for more.
    static let schedules = getenv("OPNILOG_FAULT_SCHEDULES").flatMap { UInt64(String(cString: $0)) } ?? 60

    private static let sources = (0..<240).map { number in
        let time = number % 11 == 0 ? "" : #""time":\#(number * 90_000),"#
        return #"{\#(time)"log":"request \#(number % 7) of user\#(number % 5) took \#(number) ms"}"#
    }

    private func table(_ faults: FaultSchedule?, shards: Int, parallel: Int) async throws -> (
        digest: String, split: String
    ) {
        var settings = OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: Self.sources)])
        settings.shards = shards
        settings.faults = faults
        settings.dribblePause = .microseconds(10)
        settings.threads = 2
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        var configuration = OpenSearchConfiguration(endpoints: [server.url], attempts: 20_000, patience: .zero)
        configuration.firstBackoff = .microseconds(50)
        configuration.longestBackoff = .milliseconds(2)
        configuration.parallel = parallel
        let client = try OpenSearchClient(configuration: configuration)
        let source = OpenSearchLogSource(client: client, query: ScrollQuery(pageSize: 9, windowDocuments: 60))
        let folder = TemporaryDirectory()
        var dataset = DatasetConfiguration(directory: folder.path)
        dataset.workers = 2
        dataset.parallelWindows = parallel
        let (table, report) = try await TableCollector(source: source, configuration: dataset).collect()
        #expect(report.holes.isEmpty && report.total.documents == 240)
        return (table.metadata.tableDigest, table.metadata.splitDigest)
    }

    @Test("Seeded schedules leave the table as it is without faults")
    func sameTable() async throws {
        let whole = try await table(nil, shards: 1, parallel: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<Self.schedules {
                if seed >= 4 { try await group.next() }
                group.addTask {
                    let found = try await table(
                        FaultSchedule(seed: seed, rate: 0.02 + Double(seed % 7) / 50),
                        shards: 1 + Int(seed % 3), parallel: 1 + Int(seed % 4))
                    #expect(found == whole, "seed \(seed)")
                }
            }
            try await group.waitForAll()
        }
    }
}
