import Glibc
import LogMasking
import Synchronization
import Testing

@testable import LogDataset

@Suite struct ResumeTests {
    private let directory = TemporaryDirectory()
    private let events = Events()

    final class Events: Sendable {
        private let list = Mutex<[CollectionEvent]>([])
        /// That a table is being made is told of in every run.
        func add(_ event: CollectionEvent) { if event != .merging { list.withLock { $0.append(event) } } }
        var all: [CollectionEvent] { list.withLock { $0 } }
    }

    private func configuration(
        settings: [String: String] = ["index": "logs"], workers: Int = 2
    ) -> DatasetConfiguration {
        var configuration = DatasetConfiguration(directory: directory.path)
        configuration.workers = workers
        configuration.checkpoint = CollectionCheckpoint(startedAt: 42, settings: settings)
        configuration.resumes = true
        configuration.onEvent = { [events] in events.add($0) }
        return configuration
    }

    private func collect(
        _ source: HourlyLogs, _ configuration: DatasetConfiguration? = nil
    ) async throws -> (table: TemplateTable, report: CollectionReport) {
        try await TableCollector(source: source, configuration: configuration ?? self.configuration()).collect()
    }

    /// The bytes of the table of a run that nothing disturbs.
    private func expected(_ source: HourlyLogs = HourlyLogs()) async throws -> [UInt8] {
        let directory = TemporaryDirectory()
        let table = try await TableCollector(
            source: source, configuration: DatasetConfiguration(directory: directory.path)
        ).collect().table
        #expect(directory.names == [TableCollector.fileName])
        return fileBytes(table.path)
    }

    /// A run that ends at its ninth window, one at a time.
    private func broken(at window: String = "window 8", hours: Int = 5, windowsAnHour: Int = 3) async throws {
        let source = HourlyLogs(hours: hours, windowsAnHour: windowsAnHour) {
            if $0 == window { throw HourlyLogs.Failure() }
        }
        var configuration = configuration(workers: 1)
        configuration.resumes = false
        let error = await #expect(throws: DatasetError.self) { try await collect(source, configuration) }
        #expect(error?.cause is HourlyLogs.Failure)
    }

    @Test func aRunGoesOnWhereAnotherEnded() async throws {
        try await broken()
        #expect(directory.names == ["buckets"])
        #expect(try CollectionCheckpoint.read(in: directory.path)?.startedAt == 42)
        let source = HourlyLogs()
        let (table, report) = try await collect(source)
        #expect(source.read.withLock { Set($0) } == Set((8..<15).map { "window \($0)" }))
        #expect(source.committed.withLock { $0.count } == 8)
        #expect(
            source.committed.withLock { $0.first { $0.name == "window 7" } }
                == CommittedWindow(name: "window 7", hour: Hour(number: 2), details: Array("{\"number\":7}".utf8)))
        #expect(events.all == [.resumed(windows: 8, documents: 1_600)])
        #expect(report.windows.count == 15 && report.total.lines == 3_000 && report.holes.isEmpty)
        #expect(report.windows.first?.details == Array("{\"number\":0}".utf8))
        #expect(fileBytes(table.path) == (try await expected()))
        CollectionCheckpoint.discard(in: directory.path)
        #expect(directory.names == [TableCollector.fileName])
    }

    @Test func aRunThatStartsAnewForgetsTheOther() async throws {
        try await broken()
        var configuration = configuration()
        configuration.resumes = false
        let source = HourlyLogs()
        _ = try await collect(source, configuration)
        #expect(source.read.withLock { $0.count } == 15)
        #expect(events.all.isEmpty)
    }

    @Test func withoutACheckpointThereIsNothingToGoOnWith() async throws {
        let source = HourlyLogs { if $0 == "window 8" { throw HourlyLogs.Failure() } }
        let configuration = DatasetConfiguration(directory: directory.path)
        await #expect(throws: DatasetError.self) { try await collect(source, configuration) }
        #expect(directory.names == [])
        #expect(try CollectionCheckpoint.read(in: directory.path) == nil)
        let again = HourlyLogs()
        _ = try await collect(again)
        #expect(again.read.withLock { $0.count } == 15)
    }

    @Test func aRunThatReadNothingLeavesNothing() async throws {
        try await broken(at: "window 0")
        #expect(directory.names == [])
    }

    @Test func aTableThatIsWrittenIsNotMadeAgain() async throws {
        let (table, report) = try await collect(HourlyLogs())
        let bytes = fileBytes(table.path)
        #expect(directory.names(in: "buckets") == ["checkpoint.json", "journal"])
        let source = HourlyLogs()
        let again = try await collect(source)
        #expect(source.read.withLock { $0.isEmpty })
        #expect(events.all == [.tableFound])
        #expect(again.report == report)
        #expect(fileBytes(again.table.path) == bytes)
    }

    @Test func whatWasLeftOutAndCutIsKnownToARunThatGoesOn() async throws {
        var configuration = configuration(workers: 1)
        // "started …" is longer, "ready …" is not always.
        configuration.masking.longestMessage = 9
        let excluded = [Exclusion(reason: "by hand", documents: 7)]
        var whole = configuration
        let elsewhere = TemporaryDirectory()
        whole.directory = elsewhere.path
        let expected = try await collect(HourlyLogs(excluded: excluded), whole).report
        #expect(expected.total.masking.cutMessages > 0 && expected.exclusions == excluded)
        let broken = HourlyLogs { if $0 == "window 8" { throw HourlyLogs.Failure() } }
        await #expect(throws: DatasetError.self) { try await collect(broken, configuration) }
        #expect(try await collect(HourlyLogs(excluded: excluded), configuration).report == expected)
        // The table is there: the source is not asked again.
        #expect(try await collect(HourlyLogs(), configuration).report == expected)
        #expect(events.all.last == .tableFound)
    }

    @Test func aTableThatWasLostIsReadAgain() async throws {
        let table = try await collect(HourlyLogs()).table
        let bytes = fileBytes(table.path)
        unlink(table.path)
        let source = HourlyLogs()
        #expect(fileBytes(try await collect(source).table.path) == bytes)
        #expect(source.read.withLock { $0.count } == 15)
    }

    @Test(arguments: [true, false])
    func aTableThatIsDamagedIsMadeAgain(keepsHours: Bool) async throws {
        var configuration = configuration()
        configuration.keepsHours = keepsHours
        let table = try await collect(HourlyLogs(), configuration).table
        let bytes = fileBytes(table.path)
        var damaged = bytes
        damaged[100] ^= 1
        _ = directory.file(TableCollector.fileName, damaged)
        let source = HourlyLogs()
        #expect(fileBytes(try await collect(source, configuration).table.path) == bytes)
        #expect(events.all.first == .damagedTable)
        #expect(source.read.withLock { $0.count } == (keepsHours ? 0 : 15))
        _ = try await collect(HourlyLogs(), configuration)
        #expect(events.all.last == .tableFound)
    }

    @Test func otherSettingsAreRefusedByName() async throws {
        try await broken()
        func refusal(_ settings: [String: String], _ source: HourlyLogs = HourlyLogs()) async -> String {
            let error = await #expect(throws: DatasetError.self) {
                try await collect(source, configuration(settings: settings))
            }
            #expect(error?.code == .invalidSetting)
            return error?.message ?? ""
        }
        let head = "the unfinished run in \(directory.path) has another"
        let tail = "go on with the settings it began with, or start anew (opnilog-train: --overwrite)"
        #expect(await refusal(["index": "else"]) == "\(head) index: \"logs\" there, \"else\" now; \(tail)")
        #expect(await refusal([:]) == "\(head) index: \"logs\" there, none now; \(tail)")
        #expect(await refusal(["index": "logs", "field": "x"]) == "\(head) field: none there, \"x\" now; \(tail)")
        let source = await refusal(["index": "logs"], HourlyLogs(name: "other"))
        #expect(source == "\(head) source: \"hourly\" there, \"other\" now; \(tail)")
        // What was refused has changed nothing.
        #expect(try await collect(HourlyLogs()).report.total.lines == 3_000)
    }

    @Test func aLongSettingIsKeptAsItsDigestAndTheFileIsSmall() throws {
        let query = String(repeating: "{\"bool\": 1}", count: 100_000)
        let checkpoint = CollectionCheckpoint(startedAt: 1, settings: ["query": query])
        #expect(checkpoint.settings["query"]?.hasPrefix("sha256 ") == true)
        #expect(checkpoint == CollectionCheckpoint(startedAt: 1, settings: ["query": query]))
        #expect(checkpoint != CollectionCheckpoint(startedAt: 1, settings: ["query": query + " "]))
        try BucketFolder(in: directory.path).make()
        try checkpoint.write(in: directory.path)
        #expect(fileBytes("\(directory.path)/buckets/checkpoint.json").count < 1_000)
        #expect(try CollectionCheckpoint.read(in: directory.path) == checkpoint)
    }

    @Test func aCheckpointOfANewerOpnilogOrADamagedOneIsRefused() throws {
        try BucketFolder(in: directory.path).make()
        for (text, message) in [
            ("{\"format\":2,\"startedAt\":1,\"settings\":{}}", "has format 2, newer than this opnilog reads (1)"),
            ("{\"format\":", "is damaged; start anew, which removes it"),
        ] {
            _ = directory.file("buckets/checkpoint.json", text.utf8)
            let error = #expect(throws: DatasetError.self) { try CollectionCheckpoint.read(in: directory.path) }
            #expect(error?.code == .corruptFile)
            #expect(error?.message.contains("checkpoint.json \(message)") == true)
        }
    }

    @Test func damagedAndMissingBucketsAreReadAgain() async throws {
        try await broken()
        let runs = directory.names(in: "buckets").filter { $0.hasSuffix(".run") }
        #expect(runs.count == 8)
        var bytes = fileBytes("\(directory.path)/buckets/3.run")
        bytes[bytes.count / 2] ^= 1
        _ = directory.file("buckets/3.run", bytes)
        unlink("\(directory.path)/buckets/5.run")
        _ = directory.file("buckets/99.run", [1, 2, 3])
        let source = HourlyLogs()
        let table = try await collect(source).table
        #expect(
            events.all == [
                .damaged(windows: ["window 2", "window 4"]), .resumed(windows: 6, documents: 1_200),
            ])
        #expect(Set(source.read.withLock { $0 }) == Set(([2, 4] + Array(8..<15)).map { "window \($0)" }))
        #expect(fileBytes(table.path) == (try await expected()))
    }

    @Test func aBucketThatIsDamagedMeanwhileEndsTheRunAndIsReadAgainByTheNext() async throws {
        let path = "\(directory.path)/buckets/1.run"
        let source = HourlyLogs { [directory] in
            if $0 == "window 14" { _ = directory.file("buckets/1.run", fileBytes(path).dropLast(3)) }
        }
        let error = await #expect(throws: DatasetError.self) { try await collect(source, configuration(workers: 1)) }
        #expect(error?.code == .corruptFile)
        #expect(error?.message.contains("go on with the run (opnilog-train: --resume), which reads again") == true)
        let again = HourlyLogs()
        #expect(fileBytes(try await collect(again).table.path) == (try await expected()))
        #expect(again.read.withLock { $0 } == ["window 0"])
    }

    @Test func progressCountsWhatIsKept() async throws {
        try await broken()
        let configuration = configuration()
        _ = try await collect(HourlyLogs(), configuration)
        let snapshot = configuration.monitor.snapshot
        #expect(snapshot.windows == 15 && snapshot.windowsTotal == 15)
        #expect(snapshot.documents == 3_000 && snapshot.documentsKept == 1_600 && snapshot.documentsExpected == 3_000)
    }

    @Test func aDamagedRecordOfTheJournalIsReadAgain() async throws {
        try await broken()
        let path = "\(directory.path)/buckets/journal"
        var bytes = fileBytes(path)
        let second = try #require(bytes.firstIndex(of: 0x0A)) + 40
        bytes[second] ^= 1
        _ = directory.file("buckets/journal", bytes)
        let source = HourlyLogs()
        #expect(fileBytes(try await collect(source).table.path) == (try await expected()))
        #expect(events.all == [.damagedRecords(1), .resumed(windows: 7, documents: 1_400)])
        #expect(source.read.withLock { $0.contains("window 1") && $0.count == 8 })
    }

    /// Changes a byte of the record of a window.
    private func damageRecord(of window: String) throws {
        var bytes = fileBytes("\(directory.path)/buckets/journal")
        bytes[try #require(bytes.firstRange(of: Array("\"\(window)\"".utf8))).lowerBound + 1] ^= 1
        _ = directory.file("buckets/journal", bytes)
    }

    @Test func aDamagedRecordBesideATableIsReadAgainAndTheTableIsMadeAgain() async throws {
        var configuration = configuration()
        configuration.keepsHours = true
        let (_, report) = try await collect(HourlyLogs(), configuration)
        try damageRecord(of: "window 4")
        let source = HourlyLogs()
        let again = try await collect(source, configuration)
        #expect(source.read.withLock { $0 } == ["window 4"])
        #expect(again.report == report)
        #expect(fileBytes(again.table.path) == (try await expected()))
        #expect(try await collect(HourlyLogs(), configuration).report == report)
        #expect(events.all == [.damagedRecords(1), .resumed(windows: 14, documents: 2_800), .tableFound])
    }

    @Test func theHolesOfADamagedRecordAreNotLost() async throws {
        let part = Hole(what: "shard 0 of window 4", documents: 20)
        func lacking() -> HourlyLogs { HourlyLogs(holes: { $0 == "window 4" ? [part] : [] }) }
        let (table, report) = try await collect(lacking())
        try damageRecord(of: "window 4")
        var configuration = configuration()
        configuration.begunTable = table.metadata.tableDigest
        let again = try await collect(lacking(), configuration)
        #expect(again.report == report && again.report.holes == [part])
        #expect(again.table.metadata == table.metadata)
    }

    @Test func aWindowThatChangedIsReadAgain() async throws {
        try await broken()
        let source = HourlyLogs(changed: ["window 3"])
        #expect(fileBytes(try await collect(source).table.path) == (try await expected()))
        #expect(events.all == [.outdated(windows: ["window 3"]), .resumed(windows: 7, documents: 1_400)])
        #expect(source.read.withLock { $0.contains("window 3") && $0.count == 8 })
    }

    @Test func holesMakeARunPartialAndAreReadAgain() async throws {
        let gone = Hole(what: "index logs-1 was deleted")
        let part = Hole(what: "shard 0 of window 4", documents: 20)
        let (_, report) = try await collect(
            HourlyLogs(missingAtEnd: [gone], holes: { $0 == "window 4" ? [part] : [] }))
        #expect(report.holes == [part, gone])
        #expect(report.total.lines == 3_000)
        let source = HourlyLogs()
        let (table, full) = try await collect(source)
        #expect(source.read.withLock { $0 } == ["window 4"])
        #expect(full.holes.isEmpty && full.total.lines == 3_000)
        #expect(events.all == [.incomplete(windows: ["window 4"]), .resumed(windows: 14, documents: 2_800)])
        #expect(fileBytes(table.path) == (try await expected()))
    }

    @Test func aCompleteReadingMayBeDemanded() async throws {
        var strict = configuration()
        strict.requiresComplete = true
        let holes = (0..<5).map { Hole(what: "hole \($0)") }
        let error = await #expect(throws: DatasetError.self) {
            try await collect(HourlyLogs(missingAtEnd: holes), strict)
        }
        #expect(error?.code == .incomplete)
        #expect(
            error?.message
                == "not everything could be read: hole 0; hole 1; hole 2; and 2 more; mend that, or leave "
                + "--require-complete out to do without it")
        #expect(directory.names == ["buckets"])
        let source = HourlyLogs()
        #expect(fileBytes(try await collect(source, strict).table.path) == (try await expected()))
        #expect(source.read.withLock { $0.isEmpty })
    }

    @Test func runsOfAnHourAreMergedWhileItIsReadAndTheTableIsTheSame() async throws {
        // 40 windows of one hour: two merges of 16 and 8 left.
        try await broken(at: "window 40", hours: 2, windowsAnHour: 40)
        let runs = directory.names(in: "buckets").filter { $0.hasSuffix(".run") }
        #expect(runs.count == 2 + 8)
        let source = HourlyLogs(hours: 2, windowsAnHour: 40)
        let table = try await collect(source).table
        #expect(source.read.withLock { $0.count } == 40)
        #expect(fileBytes(table.path) == (try await expected(HourlyLogs(hours: 2, windowsAnHour: 40))))
    }

    @Test func windowsMergedWithADamagedOneAreReadAgainWithIt() async throws {
        try await broken(at: "window 20", hours: 1, windowsAnHour: 40)
        let runs = directory.names(in: "buckets").filter { $0.hasSuffix(".run") }
        #expect(runs == ["17.run", "18.run", "19.run", "20.run", "21.run"])
        unlink("\(directory.path)/buckets/17.run")
        let source = HourlyLogs(hours: 1, windowsAnHour: 40)
        let table = try await collect(source).table
        #expect(events.all.contains(.resumed(windows: 4, documents: 800)))
        #expect(source.read.withLock { $0.count } == 36)
        #expect(fileBytes(table.path) == (try await expected(HourlyLogs(hours: 1, windowsAnHour: 40))))
    }

    @Test func runsOfWindowsWithoutAnHourAreNeverMergedBeforeTheEnd() async throws {
        let source = HourlyLogs(hours: 1, windowsAnHour: 40, saysHours: false) {
            if $0 == "window 39" { throw HourlyLogs.Failure() }
        }
        _ = await #expect(throws: DatasetError.self) { try await collect(source, configuration(workers: 1)) }
        #expect(directory.names(in: "buckets").filter { $0.hasSuffix(".run") }.count == 39)
    }

    @Test func detailsThatAreTooLongAndNamesThatAreNotUniqueAreTheSourcesFault() async throws {
        struct Wordy: LogSource {
            var names = ["a"]
            let name = "wordy"
            func windows() async throws -> [LogWindow] { names.map { LogWindow(name: $0) } }
            func read(_ window: LogWindow, into sink: LogSink) async throws {
                sink.attach(details: Array(repeating: 0x20, count: LogSink.largestDetails + 1))
            }
        }
        let long = await #expect(throws: DatasetError.self) {
            try await TableCollector(source: Wordy(), configuration: configuration()).collect()
        }
        #expect(long?.message == "the source has 4097 bytes to say of the window a; attach at most 4096")
        let twice = await #expect(throws: DatasetError.self) {
            try await TableCollector(source: Wordy(names: ["a", "a"]), configuration: configuration()).collect()
        }
        #expect(twice?.message == "wordy has two windows named a; a source gives each a name of its own")
    }

    @Test func filesThatChangedAreReadAgainAndTheOthersAreNot() async throws {
        let paths = (0..<3).map { directory.file("\($0).log", Array("line of file \($0)\n".utf8)) }
        let bad = directory.file("bad.log.gz", [0x1F, 0x8B, 1, 2, 3])
        let source = FileLogSource(.init(paths: paths + [bad]))
        let first = await #expect(throws: DatasetError.self) {
            try await TableCollector(source: source, configuration: configuration(workers: 1)).collect()
        }
        #expect(first?.code == .corruptFile)
        _ = directory.file("1.log", Array("another line, longer than before\n".utf8))
        _ = directory.file("bad.log.gz", Array("now it is text\n".utf8))
        let (table, report) = try await TableCollector(source: source, configuration: configuration()).collect()
        #expect(report.total.lines == 4 && report.windows.count == 4)
        let outdated = events.all.compactMap { if case .outdated(let names) = $0 { names } else { nil } }
        #expect(
            outdated.count == 1 && outdated[0].count == 1 && outdated[0][0].hasPrefix("\(paths[1]), 15 bytes, changed ")
        )
        #expect(events.all.last == .resumed(windows: 2, documents: 2))
        let other = TemporaryDirectory()
        let whole = try await TableCollector(source: source, configuration: DatasetConfiguration(directory: other.path))
            .collect()
        #expect(whole.table.metadata.tableDigest == table.metadata.tableDigest)
    }
}
