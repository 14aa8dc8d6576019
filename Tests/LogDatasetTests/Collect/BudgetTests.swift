import LogMasking
import Synchronization
import Testing

@testable import LogDataset

@Suite struct BudgetTests {
    /// Texts by hand of few frequent and many rare ones: `pages` pages a window, every line of `hour`.
    private struct ManyTexts: LogSource {
        let name = "many"
        let windowCount: Int
        let pages: Int

        func windows() async throws -> [LogWindow] {
            (0..<windowCount).map { LogWindow(name: "\($0)", hour: Hour(number: Int32($0 % 3)), key: $0) }
        }

        func read(_ window: LogWindow, into sink: LogSink) async throws {
            let number = try #require(window.key as? Int)
            for page in 0..<pages {
                let lines = (0..<300).map { line in
                    line % 4 == 0 ? "ready" : "started \(Self.word(number * 1_000_003 + page * 307 + line))"
                }
                try await sink.add(MessagePage(lines, hour: Hour(number: Int32(number % 3))))
            }
        }

        /// A word of letters, which no mask touches.
        private static func word(_ number: Int) -> String {
            String(number).map { String(UnicodeScalar(UInt8(ascii: "g") + UInt8($0.wholeNumberValue ?? 0))) }.joined()
        }
    }

    private func configuration(_ directory: TemporaryDirectory, memory: Int) -> DatasetConfiguration {
        var configuration = DatasetConfiguration(directory: directory.path)
        configuration.workers = 4
        configuration.parallelWindows = 3
        configuration.memory = MemoryBudget(dividing: memory)
        return configuration
    }

    @Test(arguments: [1 << 20, 4 << 20, 64 << 20])
    func tablesNeverHoldMoreThanTheirShareOfTheMemory(_ memory: Int) async throws {
        let directory = TemporaryDirectory()
        let configuration = configuration(directory, memory: memory)
        let source = ManyTexts(windowCount: 6, pages: 40)
        let (table, _) = try await TableCollector(source: source, configuration: configuration).collect()
        #expect(table.metadata.lines == 6 * 40 * 300)
        let monitor = configuration.monitor.snapshot
        #expect(monitor.tableBytesPeak > 0)
        #expect(monitor.tableBytesPeak <= configuration.memory.tables)
        // The smaller budgets are really outgrown: something was written before the windows' ends.
        let whole = try await spilledBytes(of: source, memory: 1 << 30)
        #expect(memory >= 64 << 20 ? monitor.spilledBytes == whole : monitor.spilledBytes > whole)
    }

    private func spilledBytes(of source: ManyTexts, memory: Int) async throws -> UInt64 {
        let directory = TemporaryDirectory()
        var configuration = configuration(directory, memory: memory)
        // One page after another, so that a window has one table.
        configuration.workers = 1
        _ = try await TableCollector(source: source, configuration: configuration).collect()
        return configuration.monitor.snapshot.spilledBytes
    }

    @Test func aSpentDiskBudgetEndsTheRunAndAResumedOneGoesOn() async throws {
        let directory = TemporaryDirectory()
        let source = ManyTexts(windowCount: 20, pages: 8)
        var configuration = configuration(directory, memory: 1 << 30)
        configuration.workers = 1
        configuration.parallelWindows = 1
        configuration.checkpoint = CollectionCheckpoint(startedAt: 0)
        configuration.disk = 1 << 20
        let small = configuration
        let error = await #expect(throws: DatasetError.self) {
            try await TableCollector(source: source, configuration: small).collect()
        }
        #expect(error?.code == .unwritable)
        #expect(error?.message.hasPrefix("the disk budget of 1 MiB is spent (0 MiB are taken, ") == true)
        #expect(error?.message.contains("--disk") == true)
        let left = directory.names(in: "buckets").filter { $0.hasSuffix(".run") }
            .reduce(0) { $0 + fileBytes("\(directory.path)/buckets/\($1)").count }
        #expect(left > 1 << 18 && left <= 1 << 20)

        configuration.resumes = true
        configuration.disk = nil
        let resumed = Resumed()
        configuration.onEvent = { resumed.note($0) }
        let (table, _) = try await TableCollector(source: source, configuration: configuration).collect()
        #expect(resumed.windows > 0)
        let whole = TemporaryDirectory()
        let fresh = try await TableCollector(
            source: source, configuration: self.configuration(whole, memory: 1 << 30)
        ).collect()
        #expect(fileBytes(table.path) == fileBytes(fresh.table.path))
    }

    /// Hours of a complete run, and hours to come.
    private struct Growing: LogSource {
        let base: ManyTexts
        /// Names of the windows that cannot be read.
        var failing: Set<String> = []
        var name: String { base.name }

        func windows() async throws -> [LogWindow] { try await base.windows() }

        func reusable(_ earlier: [CommittedWindow], for windows: [LogWindow]) async throws -> [WindowReuse] {
            windows.filter { window in earlier.contains { $0.name == window.name } }
                .map { WindowReuse(earlier: [$0.name], windows: [$0.name]) }
        }

        func read(_ window: LogWindow, into sink: LogSink) async throws {
            if failing.contains(window.name) { throw CancellationError() }
            try await base.read(window, into: sink)
        }
    }

    @Test func whatIsLinkedTakesNoDiskAlsoWhenARunGoesOn() async throws {
        let first = TemporaryDirectory()
        let second = TemporaryDirectory()
        var configuration = configuration(first, memory: 1 << 30)
        configuration.checkpoint = CollectionCheckpoint(startedAt: 0)
        configuration.keepsHours = true
        configuration.parallelWindows = 1
        let many = ManyTexts(windowCount: 12, pages: 8)
        _ = try await TableCollector(source: many, configuration: configuration).collect()
        try CollectionCheckpoint.keepHours(in: first.path)
        let kept = first.names(in: "hours").filter { $0.hasSuffix(".run") }
        let bytes = kept.reduce(0) { $0 + fileBytes("\(first.path)/hours/\($1)").count }

        configuration.directory = second.path
        configuration.reuse = DatasetConfiguration.Reuse(directory: first.path, freeSettings: [])
        // Room for the table and what is read anew, and not for what is taken over besides.
        let more = ManyTexts(windowCount: 13, pages: 8)
        let size = fileBytes("\(first.path)/\(TableCollector.fileName)").count
        configuration.disk = size + size / 4
        #expect(bytes > size / 4)
        let broken = Growing(base: more, failing: ["12"])
        let begun = configuration
        await #expect(throws: DatasetError.self) {
            try await TableCollector(source: broken, configuration: begun).collect()
        }
        configuration.resumes = true
        let resumed = Resumed()
        configuration.onEvent = { resumed.note($0) }
        let (table, report) = try await TableCollector(source: Growing(base: more), configuration: configuration)
            .collect()
        #expect(resumed.windows == 12 && report.reused.count == 12)
        #expect(table.metadata.lines == 13 * 8 * 300)
    }

    @Test func filesThatWereNotFinishedAreGoneAndTheirBytesGivenBack() throws {
        let directory = TemporaryDirectory()
        let disk = DiskBudget(limit: 1000)
        let table = CountTable()
        for number in 0..<20 { table.add("text \(number)", hour: .none) }
        var run: Run? = try table.spill(to: "\(directory.path)/a.run", on: disk)
        let bytes = try #require(run?.bytes)
        #expect(throws: DatasetError.self) { try table.spill(to: "\(directory.path)/b.run", on: disk) }
        #expect(directory.names == ["a.run"])
        #expect(disk.peak == bytes)
        run = nil
        #expect(directory.names == [])
        run = try table.spill(to: "\(directory.path)/b.run", on: disk)
        #expect(disk.peak == bytes)
    }

    @Test func aMergeOfManyRunsTakesTheDiskOfTheTableBesides() throws {
        let directory = TemporaryDirectory()
        let folder = BucketFolder(in: directory.path)
        try folder.make()
        let (file, _) = try JournalFile.open(folder.path(of: JournalFile.name))
        let store = try BucketStore(folder, file: file, journal: BucketJournal(), dropping: [])
        for number in 0..<60 {
            let hour = Hour(number: Int32(number % 5))
            let table = CountTable()
            for text in 0..<300 { table.add("text \(number) \(text)", hour: hour) }
            let run = try table.spill(to: store.newPath(), on: store.disk)
            try store.commit(Bucket(window: LogWindow(name: "\(number)", hour: hour), runs: [run]))
        }
        let buckets = store.disk.peak
        let budget = MemoryBudget(dividing: 4 << 20)
        // Far fewer at once than there are runs: without care all would be written once more before the table.
        #expect(budget.mergeFanIn == 8)
        let path = "\(directory.path)/templates.table"
        try TableMerge(of: store, budget: budget, rules: .builtIn).write(
            to: path, cancellation: CancellationFlag())
        let table = try TemplateTable(opening: path)
        #expect(table.metadata.templates == 60 * 300)
        #expect(store.disk.peak <= buckets + fileBytes(path).count + 1 << 16)
    }
}

/// How many windows a resumed run found.
private final class Resumed: Sendable {
    private let count = Mutex(0)
    var windows: Int { count.withLock { $0 } }
    func note(_ event: CollectionEvent) {
        if case .resumed(let windows, _) = event { count.withLock { $0 = windows } }
    }
}
