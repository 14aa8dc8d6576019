import Synchronization
import Testing

@testable import LogDataset

@Suite("Readings that end early")
struct LimitTests {
    private let directory = TemporaryDirectory()

    private func configuration(
        _ limits: ReadingLimits?, seed: UInt64 = 5, resumes: Bool = false, in folder: String? = nil
    ) -> DatasetConfiguration {
        var configuration = DatasetConfiguration(directory: folder ?? directory.path)
        configuration.workers = 2
        configuration.parallelWindows = 1
        configuration.checkpoint = CollectionCheckpoint(startedAt: 42)
        configuration.resumes = resumes
        configuration.limits = limits
        configuration.seed = seed
        return configuration
    }

    private func collect(
        _ source: HourlyLogs, _ configuration: DatasetConfiguration
    ) async throws -> (table: TemplateTable, report: CollectionReport) {
        try await TableCollector(source: source, configuration: configuration).collect()
    }

    private static func hours(_ source: HourlyLogs) -> [Int] {
        source.read.withLock { names in names.compactMap { Int($0.dropFirst("window ".count)) }.map { $0 / 3 } }
    }

    @Test("a share of the documents is whole hours in the seed's order; the rest is read by the run that goes on")
    func share() async throws {
        let source = HourlyLogs(hours: 20)
        let (table, report) = try await collect(source, configuration(ReadingLimits(share: 0.31)))
        let order = ReadingOrder.sorted((0..<20).map { "\($0)" }, seed: 5).compactMap { Int($0) }
        #expect(Self.hours(source) == order.prefix(7).flatMap { [$0, $0, $0] })
        #expect(table.metadata.lines == 7 * 600 && !report.isComplete && report.holes.isEmpty)
        let stopped = try #require(report.stopped)
        #expect(stopped.reason == .share && stopped.hours == 7 && stopped.hoursTotal == 20)
        #expect(stopped.documentsLeft == 13 * 600 && stopped.unseenShare != nil)
        let bytes = fileBytes(table.path)
        // With the same limit nothing is left to do, and the table stays.
        let again = HourlyLogs(hours: 20)
        let repeated = try await collect(again, configuration(ReadingLimits(share: 0.31), seed: 6, resumes: true))
        #expect(again.read.withLock { $0.isEmpty } && fileBytes(repeated.table.path) == bytes)
        #expect(repeated.report.stopped == stopped)
        // With none it reads the rest.
        let rest = HourlyLogs(hours: 20)
        let whole = try await collect(rest, configuration(nil, resumes: true))
        #expect(Set(Self.hours(rest)) == Set(order.dropFirst(7)) && whole.report.isComplete)
        #expect(fileBytes(whole.table.path) == (try await undisturbed(nil)))
    }

    @Test("what an earlier run has read under a larger limit counts as read")
    func smallerShare() async throws {
        _ = try await collect(HourlyLogs(hours: 20), configuration(ReadingLimits(share: 0.6)))
        let source = HourlyLogs(hours: 20)
        let (table, report) = try await collect(source, configuration(ReadingLimits(share: 0.2), resumes: true))
        let stopped = try #require(report.stopped)
        #expect(source.read.withLock { $0.isEmpty } && table.metadata.lines == 12 * 600)
        #expect(stopped.hours == 12 && stopped.hoursTotal == 20 && stopped.documentsLeft == 8 * 600)
        // Where nothing is left, no limit has ended the reading.
        _ = try await collect(
            HourlyLogs(hours: 20, missingAtEnd: [Hole(what: "an index")]), configuration(nil, resumes: true))
        let all = try await collect(HourlyLogs(hours: 20), configuration(ReadingLimits(share: 0.2), resumes: true))
        #expect(all.report.isComplete && all.table.metadata.lines == 20 * 600)
    }

    @Test("a run that is broken off reads the same hours when it goes on, and makes the same table", arguments: [0, 1])
    func resumes(which: Int) async throws {
        let limits = which == 0 ? ReadingLimits(share: 0.5) : ReadingLimits(unseen: 0.29)
        let expected = try await undisturbed(limits)
        for broken in [2, 11, 23] {
            let count = Mutex(0)
            let source = HourlyLogs(hours: 20) { _ in
                if count.withLock({
                    $0 += 1; return $0
                }) > broken {
                    throw HourlyLogs.Failure()
                }
            }
            await #expect(throws: DatasetError.self) { try await collect(source, configuration(limits)) }
            // Another seed and late documents in hours that were read change nothing.
            let rest = HourlyLogs(hours: 20)
            let (table, report) = try await collect(rest, configuration(limits, seed: 9, resumes: true))
            #expect(fileBytes(table.path) == expected, "after \(broken) windows")
            #expect(report.stopped?.reason == (which == 0 ? .share : .unseen))
            #expect(rest.read.withLock { $0.count } + broken == report.windows.count)
        }
    }

    @Test("until little is unseen: looks at 8, 10, 12 … hours, and stops at the first that is enough")
    func unseen() async throws {
        let events = Mutex<[CollectionEvent]>([])
        var configuration = configuration(ReadingLimits(unseen: 0.29))
        configuration.onEvent = { event in events.withLock { $0.append(event) } }
        let (table, report) = try await collect(HourlyLogs(hours: 20), configuration)
        let shares = events.withLock { $0 }.compactMap { event -> (Double, Int)? in
            if case .unseen(let share, let hours) = event { return (share, hours) }
            return nil
        }
        let last = try #require(shares.last)
        #expect(shares.map(\.1) == Array([8, 10, 12, 15, 18].prefix(shares.count)))
        #expect(last.0 <= 0.29 && shares.dropLast().allSatisfy { $0.0 > 0.29 })
        #expect(report.stopped?.unseenShare == last.0 && report.stopped?.hours == last.1)
        #expect(table.metadata.lines == UInt64(last.1) * 600)
        let all = try await collect(HourlyLogs(hours: 20), self.configuration(ReadingLimits(unseen: 0)))
        #expect(all.report.isComplete && all.table.metadata.lines == 12_000)
    }

    @Test("when time is up no further hour is begun, and one that is begun is read whole")
    func time() async throws {
        let source = HourlyLogs(hours: 4)
        let (table, report) = try await collect(source, configuration(ReadingLimits(time: .zero)))
        #expect(table.metadata.lines == 600 && Set(Self.hours(source)).count == 1)
        #expect(report.stopped?.reason == .time && report.stopped?.hours == 1 && report.stopped?.unseenShare == nil)
        let patient = try await collect(HourlyLogs(hours: 4), configuration(ReadingLimits(time: .seconds(86_400))))
        #expect(patient.report.isComplete)
    }

    private func undisturbed(_ limits: ReadingLimits?) async throws -> [UInt8] {
        let folder = TemporaryDirectory()
        let table = try await collect(HourlyLogs(hours: 20), configuration(limits, in: folder.path)).table
        return fileBytes(table.path)
    }
}
