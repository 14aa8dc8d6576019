import Glibc
import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import OpenSearchScroll

/// The embedded server does to seeded requests whatever a real one, or the way to it, may do.
@Suite("Reading under faults", .timeLimit(.minutes(30)))
struct FaultTests {
    /// How many schedules to go through; the environment may ask for more.
    static let schedules = getenv("OPNILOG_FAULT_SCHEDULES").flatMap { UInt64(String(cString: $0)) } ?? 300

    /// The first seed, so that a schedule that failed can be had alone.
    static let first = getenv("OPNILOG_FAULT_SEED").flatMap { UInt64(String(cString: $0)) } ?? 0

    /// A reading of some documents, all of it chosen by a seed.
    struct Trial: Sendable {
        var documents: [StoredContents.Document]
        var shards: Int
        var schedule: FaultSchedule
        var query: ScrollQuery
        var parallel: Int
        /// Yields between two pages, so that readers run ahead by different ways.
        var hesitation: Int
        var version: String
        /// Whether the server speaks HTTPS.
        var isSecured: Bool

        init(seed: UInt64, kinds: [FaultKind]) {
            var random = SeededRandom(state: seed)
            let hour = 3_600_000
            let span = [1, 10_000, hour, 5 * hour].randomElement(using: &random) ?? hour
            documents = (0..<Int.random(in: 1...300, using: &random)).map { number in
                let time = number % 9 == 0 ? "" : #""time":\#(Int.random(in: 0..<span, using: &random)),"#
                return StoredContents.Document(id: "id-\(number)", source: #"{\#(time)"log":"line \#(number)"}"#)
            }
            shards = Int.random(in: 1...3, using: &random)
            schedule = FaultSchedule(seed: seed, rate: Double.random(in: 0.01...0.2, using: &random), kinds: kinds)
            let window = [10, 50, 100_000].randomElement(using: &random) ?? 50
            // At most some dozen pages a window: with a fault at each fifth request no scroll gets much further. A
            // single millisecond is one window a shard, however many documents it has.
            let largest = span == 1 ? documents.count : min(max(window, 36), documents.count)
            let smallest = max(1, largest / 12)
            query = ScrollQuery(
                pageSize: Bool.random(using: &random) ? Int.random(in: smallest...smallest + 30, using: &random) : nil,
                windowDocuments: window)
            query.source = [.automatic, .whole, .field].randomElement(using: &random) ?? .automatic
            parallel = Int.random(in: 1...4, using: &random)
            hesitation = Int.random(in: 0..<20, using: &random)
            version = Bool.random(using: &random) ? "2.19.4" : "3.8.0"
            // Each new connection costs some milliseconds then.
            isSecured = Int.random(in: 0..<8, using: &random) == 0
        }

        struct Outcome: Sendable {
            var ids: [String] = []
            var messages: [String] = []
            var proof = ScrollProof()
            var error: OpenSearchError?
            var faults: [FaultKind: Int] = [:]
            /// Scrolls that were left open, and those of them of which the client was never told.
            var (left, untold) = (0, 0)
            /// Contexts when those have expired.
            var openContexts = 0
        }

        /// - Parameter certificates: of an HTTPS server.
        func run(_ certificates: Certificates?) async throws -> Outcome {
            var settings = OpenSearchServer.Configuration(indices: ["logs": StoredContents(documents)])
            (settings.shards, settings.version) = (shards, version)
            if isSecured { settings.identity = try certificates?.identity("good") }
            settings.faults = schedule
            settings.dribblePause = .microseconds(10)
            settings.threads = 2
            // Openings whose answers are lost pile up here, since the server's clock stands still.
            settings.maximumOpenContexts = .max
            let server = try OpenSearchServer(configuration: settings)
            defer { server.stop() }
            var configuration = configuration(server.url, attempts: 20_000)
            configuration.firstBackoff = .microseconds(50)
            configuration.longestBackoff = .milliseconds(2)
            configuration.parallel = parallel
            configuration.caFile = settings.identity == nil ? nil : certificates?.ca
            if schedule.kinds.contains(.unauthorized) {
                // A token that is another one each time.
                configuration.credentials = .bearer(command: ["sh", "-c", "date +%s%N"])
            }
            let client = try OpenSearchClient(configuration: configuration)
            var outcome = Outcome()
            do {
                try await client.withScroll(query) { pages in
                    for try await page in pages {
                        outcome.ids += page.ids
                        outcome.messages += page.messages
                        for _ in 0..<hesitation { await Task.yield() }
                    }
                    outcome.proof = pages.proof
                }
            } catch let error as OpenSearchError { outcome.error = error }
            outcome.faults = server.faults
            // What was opened for an answer that never came is not known to anybody but the server.
            outcome.left = server.openScrollIDs.count
            outcome.untold = (0..<server.count(of: .openScroll)).count {
                let kind = schedule.strike(.openScroll, number: $0)?.kind
                return [.closeAfter, .cutBody, .badGateway, .answerTooLarge].contains(kind)
            }
            server.advanceClock(by: .seconds(61))
            outcome.openContexts = server.openContexts
            return outcome
        }
    }

    /// Runs trials, some at a time, and hands each outcome over.
    private func forEach(
        _ seeds: Range<UInt64>, kinds: [FaultKind], _ check: @Sendable (UInt64, Trial, Trial.Outcome) -> Void
    ) async throws {
        let certificates = Certificates.canBeMade ? try await Certificates() : nil
        try await withThrowingTaskGroup(of: (UInt64, Trial, Trial.Outcome).self) { group in
            for seed in seeds {
                if seed >= seeds.lowerBound + 6, let (seed, trial, outcome) = try await group.next() {
                    check(seed, trial, outcome)
                }
                group.addTask {
                    let trial = Trial(seed: seed, kinds: kinds)
                    return (seed, trial, try await trial.run(certificates))
                }
            }
            for try await (seed, trial, outcome) in group { check(seed, trial, outcome) }
        }
        try await certificates?.remove()
    }

    @Test("Every document exactly once, whatever happens, with the proof of it, and nothing left open")
    func exactlyOnce() async throws {
        let faults = Mutex<[FaultKind: Int]>([:])
        try await forEach(Self.first..<Self.first + Self.schedules, kinds: FaultKind.transient) {
            seed, trial, outcome in
            #expect(outcome.error == nil, "seed \(seed)")
            #expect(outcome.ids.sorted() == trial.documents.map(\.id).sorted(), "seed \(seed)")
            #expect(Set(outcome.messages).count == trial.documents.count, "seed \(seed)")
            #expect(outcome.proof.delivered == trial.documents.count && outcome.proof.holes.isEmpty, "seed \(seed)")
            #expect(outcome.proof.windows.allSatisfy { $0.drift == 0 }, "seed \(seed)")
            #expect(outcome.openContexts == 0 && outcome.left <= outcome.untold, "seed \(seed)")
            faults.withLock { $0.merge(outcome.faults, uniquingKeysWith: +) }
        }
        // Schedules without faults prove nothing.
        let met = faults.withLock { $0 }
        #expect(met.values.reduce(0, +) >= Int(Self.schedules) && Set(met.keys) == Set(FaultKind.transient), "\(met)")
    }

    @Test("Where credentials are refused now and then, everything comes, or what came before they were once more")
    func unauthorized() async throws {
        let refused = Mutex((refusals: 0, failed: 0))
        let kinds: [FaultKind] = [.unauthorized, .failedHandshake, .closeAfter, .cutBody, .breaker, .expired]
        try await forEach(0..<max(60, Self.schedules / 10), kinds: kinds) {
            seed, trial, outcome in
            let ids = Set(outcome.ids)
            #expect(ids.count == outcome.ids.count && ids.isSubset(of: trial.documents.map(\.id)), "seed \(seed)")
            #expect(
                outcome.error.map { $0.code == .unauthorized } ?? (ids.count == trial.documents.count), "seed \(seed)")
            #expect(outcome.openContexts == 0 && outcome.left <= outcome.untold, "seed \(seed)")
            refused.withLock { refused in
                refused.refusals += outcome.faults[.unauthorized] ?? 0
                refused.failed += outcome.error == nil ? 0 : 1
            }
        }
        // Nearly all of them are got over by another token.
        let (refusals, failed) = refused.withLock { $0 }
        #expect(refusals >= 40 && failed * 10 < refusals, "\(failed) of \(refusals)")
    }

    @Test("Where documents change between reads, none comes twice, and what was lost between two snapshots is drift")
    func drifting() async throws {
        try await forEach(0..<max(20, Self.schedules / 10), kinds: FaultKind.allCases.filter { $0 != .unauthorized }) {
            seed, _, outcome in
            #expect(outcome.error == nil, "seed \(seed)")
            // A changed time moves a document to a window that may have been read, or not yet.
            let windows = outcome.proof.windows
            #expect(outcome.ids.count == outcome.proof.delivered, "seed \(seed)")
            #expect(windows.allSatisfy { $0.drift >= 0 } && outcome.proof.holes.isEmpty, "seed \(seed)")
            #expect(outcome.openContexts == 0 && outcome.left <= outcome.untold, "seed \(seed)")
        }
    }
}
