import FoundationEssentials
import Testing

@testable import LogDataset

@Suite struct JournalFileTests {
    private let records: [BucketJournal.Record] = [
        .window(
            .init(
                name: "0..<3600000 ms, \"ü\"\n", hour: Hour(number: 7), expectedDocuments: 3,
                tally: WindowTally(lines: .max), details: Data("{\"reopened\":1}".utf8),
                holes: [Hole(what: "shard 1", documents: 2)],
                runs: [
                    RunRecord(
                        file: "1.run", bytes: 120, checksum: .max,
                        segments: [Segment(hour: Hour(number: 7), bytes: 0..<120, lines: 3)])
                ])),
        .compaction(
            .init(
                run: RunRecord(file: "9.run", bytes: 0, checksum: 1, segments: []), level: 1, replaces: ["1.run"])),
        .dropped(["a", "b"]),
        .merged(tableDigest: "00ff", exclusions: [Exclusion(reason: "by hand", documents: 3)]),
    ]

    @Test func whatIsWrittenIsReadAgain() throws {
        let directory = TemporaryDirectory()
        let path = "\(directory.path)/journal"
        for record in records { try JournalFile.open(path).0.append(record) }
        let contents = try JournalFile.open(path).1
        #expect(contents.records == records)
        #expect(contents.damaged == 0 && contents.length == fileBytes(path).count)
    }

    @Test func aLineCutOffAtAnyByteIsNotThereAndTheNextTakesItsPlace() throws {
        let directory = TemporaryDirectory()
        let whole = JournalFile.line(records[0])
        let last = JournalFile.line(records[1])
        for count in 0..<last.count {
            let path = directory.file("journal", whole + last[..<count])
            let (file, contents) = try JournalFile.open(path)
            #expect(contents.records == [records[0]], "\(count) bytes")
            #expect(contents.damaged == 0)
            try file.append(records[2])
            #expect(try JournalFile.open(path).1.records == [records[0], records[2]])
        }
    }

    @Test func aDamagedByteNeverMakesAnotherRecord() {
        let lines = records.map { JournalFile.line($0) }
        let start = lines[0].count
        for index in 0..<lines[1].count {
            var bytes = lines.flatMap(\.self)
            bytes[start + index] ^= 0x04
            let contents = JournalFile.parse(bytes)
            #expect(contents.damaged > 0, "byte \(index)")
            #expect(contents.records.allSatisfy { records.contains($0) })
            // The line break itself takes the line after it along.
            let isBreak = index == lines[1].count - 1
            #expect(contents.records == (isBreak ? [records[0], records[3]] : [records[0], records[2], records[3]]))
        }
    }

    @Test func aDamagedLineIsTakenOutWithWhatIsSaidOfTheTable() throws {
        let directory = TemporaryDirectory()
        var bytes = records.flatMap { JournalFile.line($0) }
        bytes[JournalFile.line(records[0]).count + 30] ^= 0x04
        let path = directory.file("journal", bytes)
        let (file, contents) = try JournalFile.open(path)
        #expect(contents.damaged == 1 && contents.records == [records[0], records[2]])
        try file.append(records[3])
        let again = try JournalFile.open(path).1
        #expect(again.damaged == 0 && again.records == [records[0], records[2], records[3]])
        #expect(directory.names == ["journal"])
    }

    @Test func aJournalThatCannotBeWrittenIsSaid() {
        let error = #expect(throws: DatasetError.self) { try JournalFile.open("/proc/journal") }
        #expect(error?.code == .unwritable)
        #expect(error?.message.hasPrefix("/proc/journal cannot be written (") == true)
    }
}

@Suite struct BucketJournalTests {
    private func window(_ name: String, runs: [String], lines: UInt64 = 1) -> BucketJournal.Record {
        .window(
            .init(
                name: name, hour: Hour(number: 1), tally: WindowTally(lines: lines), details: Data(), holes: [],
                runs: runs.map(run)))
    }

    private func run(_ file: String) -> RunRecord { RunRecord(file: file, bytes: 1, checksum: 1, segments: []) }

    private func compaction(_ file: String, _ replaces: [String]) -> BucketJournal.Record {
        .compaction(.init(run: run(file), level: 1, replaces: replaces))
    }

    private func journal(_ records: [BucketJournal.Record]) -> BucketJournal {
        records.reduce(into: BucketJournal()) { $0.apply($1) }
    }

    @Test func aMergedRunStandsForItsWindows() {
        let journal = journal([
            window("a", runs: ["1", "2"]), window("b", runs: ["3"]), window("c", runs: ["4"]),
            compaction("5", ["1", "2", "3"]),
        ])
        #expect(Set(journal.runs.keys) == ["4", "5"])
        #expect(journal.runs["5"]?.owners == ["a", "b"] && journal.runs["5"]?.level == 1)
        #expect(journal.dropping(["a"]) == ["a", "b"])
        #expect(journal.dropping(["c", "unknown"]) == ["c"])
    }

    @Test func aWindowGoesWithAllThatAreMergedWithIt() {
        let journal = journal([
            window("a", runs: ["1"]), window("b", runs: ["2"]), window("c", runs: []),
            compaction("3", ["1", "2"]), .merged(tableDigest: "x", exclusions: []), .dropped(["b"]),
        ])
        #expect(Set(journal.windows.keys) == ["c"])
        #expect(journal.runs.isEmpty && journal.tableDigest == nil)
    }

    @Test func aWindowReadAgainReplacesWhatItWas() {
        let journal = journal([window("a", runs: ["1"]), window("a", runs: ["2"], lines: 5)])
        #expect(Set(journal.runs.keys) == ["2"])
        #expect(journal.windows["a"]?.tally.lines == 5)
    }

    @Test func aMergeWithARunOfALostRecordCountsForNothing() {
        // The record of the window that left run 2 was damaged: the merged run holds logs that nobody can account for.
        let journal = journal([
            window("a", runs: ["1"]), window("c", runs: ["4"]), compaction("3", ["1", "2"]),
        ])
        #expect(Set(journal.windows.keys) == ["c"])
        #expect(Set(journal.runs.keys) == ["4"])
    }

    @Test func aWindowWhoseRunIsAnothersByNowIsGone() {
        // The record that dropped the window a was damaged; its run went then, and the next one got its name.
        let taken = journal([window("a", runs: ["1"]), window("b", runs: ["1"])])
        #expect(Set(taken.windows.keys) == ["b"] && taken.runs["1"]?.owners == ["b"])
        let merged = journal([
            window("a", runs: ["2"]), window("b", runs: ["1"]), window("c", runs: ["3"]), compaction("2", ["1", "3"]),
        ])
        #expect(Set(merged.windows.keys) == ["b", "c"] && merged.runs["2"]?.owners == ["b", "c"])
    }

    /// By windows whose runs are known to nobody else, a pass over all runs a window: minutes.
    @Test(.timeLimit(.minutes(30)))
    func tenThousandsOfHoursAreTakenOverOneByOne() {
        let count = 50_000
        var journal = BucketJournal()
        for number in 0..<count {
            let window = BucketJournal.Window(
                name: "w\(number)", tally: WindowTally(), details: Data(), holes: [], runs: [])
            journal.apply(.adoption(.init(windows: [window], runs: [run("\(number).run")])))
        }
        for number in 0..<count {
            let names: Set = ["w\(number)"]
            guard journal.dropping(names) == names, journal.runs(of: names).count == 1 else {
                Issue.record("window \(number)")
                return
            }
        }
        #expect(journal.runs.count == count)
        journal.apply(.dropped((0..<count - 1).map { "w\($0)" }))
        #expect(Set(journal.runs.keys) == ["\(count - 1).run"] && journal.windows.count == 1)
    }
}
