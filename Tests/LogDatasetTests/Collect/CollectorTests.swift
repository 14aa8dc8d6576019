import Glibc
import Synchronization
import Testing

@testable import LogDataset

/// A source in memory whose windows and pages are cut as a test wants.
private struct MemorySource: LogSource {
    var logs: [(hour: Int32, message: String)]
    var windowCount = 3
    var pageSize = 100
    /// Windows whose first reading is abandoned after some pages and begun anew.
    var restarts = false
    var failing: Int?

    let name = "memory"

    func windows() async throws -> [LogWindow] {
        (0..<windowCount).map { LogWindow(name: "\($0)", key: $0) }
    }

    func read(_ window: LogWindow, into sink: LogSink) async throws {
        let number = try #require(window.key as? Int)
        let mine = stride(from: number, to: logs.count, by: windowCount).map { logs[$0] }
        if restarts {
            for page in pages(of: mine).prefix(2) { try await sink.add(page) }
            await sink.restart()
        }
        for page in pages(of: mine) { try await sink.add(page) }
        if number == failing { throw Failure() }
    }

    struct Failure: Error {}

    private func pages(of logs: [(hour: Int32, message: String)]) -> [TestPage] {
        stride(from: 0, to: logs.count, by: pageSize).map { start in
            TestPage(logs: Array(logs[start..<min(start + pageSize, logs.count)]))
        }
    }
}

private struct TestPage: LogPage {
    let logs: [(hour: Int32, message: String)]

    var bytes: Int { logs.count * 100 }

    func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally {
        for log in logs {
            var message = log.message
            message.withUTF8 { body(UnsafeRawBufferPointer($0), Hour(number: log.hour)) }
        }
        return PageTally()
    }
}

@Suite struct CollectorTests {
    /// Every log has a text of its own often enough that a small budget is outgrown.
    private let logs: [(hour: Int32, message: String)] = {
        var generator = SeededGenerator(seed: 5)
        return (0..<30_000).map { index in
            let rare = String(UInt64.random(in: 0..<20_000, using: &generator), radix: 26)
                .map { Character(UnicodeScalar(UInt8(ascii: "a") + UInt8($0.wholeNumberValue ?? 10))) }
            return (Int32(index / 3_000), "started container \(String(rare)) \(index % 7)")
        }
    }()

    private func collect(
        _ source: MemorySource, workers: Int = 2, memory: MemoryBudget = MemoryBudget(total: 1 << 30),
        monitor: CollectionMonitor = CollectionMonitor()
    ) async throws -> (TableMetadata, CollectionReport, [UInt8]) {
        let directory = TemporaryDirectory()
        var configuration = DatasetConfiguration(directory: directory.path)
        configuration.workers = workers
        configuration.memory = memory
        configuration.monitor = monitor
        let (table, report) = try await TableCollector(source: source, configuration: configuration).collect()
        #expect(directory.names == [TableCollector.fileName])
        return (table.metadata, report, fileBytes(table.path))
    }

    @Test func theSameLogsMakeTheSameFileHoweverTheyAreRead() async throws {
        let (metadata, report, bytes) = try await collect(MemorySource(logs: logs), workers: 1)
        #expect(metadata.lines == UInt64(logs.count))
        #expect(report.total.lines == UInt64(logs.count))
        #expect(metadata.hours.map(\.lines) == Array(repeating: 3_000, count: 10))
        #expect(metadata.heldOutBy == .hours && metadata.heldOutLines == 3_000)
        for (workers, windows, pageSize) in [(2, 1, 10), (3, 7, 1_000), (8, 50, 33)] {
            let source = MemorySource(logs: logs, windowCount: windows, pageSize: pageSize)
            let again = try await collect(source, workers: workers)
            #expect(again.2 == bytes)
        }
        let restarted = try await collect(MemorySource(logs: logs.reversed(), restarts: true))
        #expect(restarted.1.total.lines == UInt64(logs.count))
        #expect(restarted.2 == bytes)
    }

    @Test func aTableThatOutgrowsItsMemoryIsTheSameTable() async throws {
        let bytes = try await collect(MemorySource(logs: logs)).2
        let monitor = CollectionMonitor()
        let source = MemorySource(logs: logs)
        let small = try await collect(source, memory: MemoryBudget(dividing: 1 << 18), monitor: monitor)
        #expect(small.2 == bytes)
        // A tenth of what was counted would already mean that tables were sent to disk while they were read.
        #expect(monitor.snapshot.spilledBytes > 3 * UInt64(bytes.count) / 2)
    }

    @Test func aFailingWindowEndsTheRunAndLeavesNothingBehind() async throws {
        let directory = TemporaryDirectory()
        let source = MemorySource(logs: logs, failing: 1)
        let collector = TableCollector(source: source, configuration: DatasetConfiguration(directory: directory.path))
        let error = await #expect(throws: DatasetError.self) { try await collector.collect() }
        #expect(error?.code == .sourceFailed)
        #expect(error?.message == "the logs of memory could not be read")
        #expect(error?.cause is MemorySource.Failure)
        #expect(directory.names == [])
    }

    /// Reads windows that last until as many are under way as may be, or nobody comes for a while.
    private final class CrowdedSource: LogSource {
        let name = "crowded"
        let windowsAtOnce: Int? = 2
        private let counts = Mutex((now: 0, most: 0))
        var most: Int { counts.withLock { $0.most } }

        func windows() async throws -> [LogWindow] { (0..<6).map { LogWindow(name: "window \($0)") } }

        func read(_ window: LogWindow, into sink: LogSink) async throws {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
            for _ in 0..<1_000 where counts.withLock({ $0.now }) < 3 { await Task.yield() }
            try await sink.add(MessagePage(["ready \(window.name)"]))
            counts.withLock { $0.now -= 1 }
        }
    }

    @Test func aSourceSaysHowManyWindowsAreReadAtOnce() async throws {
        let directory = TemporaryDirectory()
        var configuration = DatasetConfiguration(directory: directory.path)
        configuration.workers = 8
        let source = CrowdedSource()
        _ = try await TableCollector(source: source, configuration: configuration).collect()
        #expect(source.most == 2)
    }

    @Test func anEmptySourceIsRefused() async throws {
        let directory = TemporaryDirectory()
        let collector = TableCollector(
            source: MemorySource(logs: []), configuration: DatasetConfiguration(directory: directory.path))
        let error = await #expect(throws: DatasetError.self) { try await collector.collect() }
        #expect(error?.code == .unusableSource)
        #expect(error?.message.hasPrefix("there is no log in memory; check the index") == true)
    }

    @Test func aFileOfTooManyBadLinesIsRefusedAndAFewAreCounted() async throws {
        let directory = TemporaryDirectory()
        var configuration = DatasetConfiguration(directory: directory.path)
        let good = Array(repeating: "{\"log\":\"x\"}", count: 99)
        let path = directory.file("few", (good + ["bad"]).joined(separator: "\n").utf8)
        let (_, report) = try await TableCollector(
            source: FileLogSource(.init(paths: [path])), configuration: configuration
        ).collect()
        #expect(report.total.badLines == 1 && report.total.lines == 99)
        configuration.maximumBadShare = 0.009
        let strict = configuration
        let error = await #expect(throws: DatasetError.self) {
            try await TableCollector(source: FileLogSource(.init(paths: [path])), configuration: strict).collect()
        }
        #expect(error?.message.hasPrefix("1 of 100 lines of \(path) are no JSON objects") == true)
    }

    @Test func aFieldThatNoDocumentHasIsSaid() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("log", "{\"log\":\"x\"}\n".utf8)
        let source = FileLogSource(.init(paths: [path], field: "message"))
        let collector = TableCollector(source: source, configuration: DatasetConfiguration(directory: directory.path))
        let error = await #expect(throws: DatasetError.self) { try await collector.collect() }
        #expect(error?.message.contains("name the field that holds the message with --field") == true)
    }

    @Test(.timeLimit(.minutes(30))) func cancellingEndsAReadThatWaits() async throws {
        // A pipe that nobody writes to: only the cancellation can end the read.
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let directory = TemporaryDirectory()
        let source = FileLogSource(.init(paths: ["/proc/self/fd/\(ends[0])"]))
        let collector = TableCollector(source: source, configuration: DatasetConfiguration(directory: directory.path))
        let task = Task { try await collector.collect() }
        task.cancel()
        let result = await task.result
        #expect(throws: DatasetError.self) { try result.get() }
        #expect(directory.names == [])
    }
}
