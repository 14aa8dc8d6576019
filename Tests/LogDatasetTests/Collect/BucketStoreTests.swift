import Testing

@testable import LogDataset

@Suite struct BucketStoreTests {
    private let directory = TemporaryDirectory()
    private var folder: BucketFolder { BucketFolder(in: directory.path) }
    private let hour = Hour(number: 5)

    /// What a run after a crash finds.
    private func reopened(dropping names: Set<String> = []) throws -> BucketStore {
        let (file, contents) = try JournalFile.open(folder.path(of: JournalFile.name))
        let journal = contents.records.reduce(into: BucketJournal()) { $0.apply($1) }
        return try BucketStore(folder, file: file, journal: journal, dropping: names)
    }

    /// - Parameters:
    ///   - hour: what the window says of itself.
    ///   - logged: what its logs say.
    private func bucket(
        _ number: Int, _ store: BucketStore, hour: Hour? = nil, logged: Hour? = nil
    ) throws -> Bucket {
        let table = CountTable()
        table.add("common", hour: logged ?? self.hour, count: 10)
        table.add("only in \(number)", hour: logged ?? self.hour)
        return Bucket(
            window: LogWindow(name: "window \(number)", hour: hour ?? self.hour),
            runs: [try table.spill(to: store.newPath())], tally: WindowTally(lines: 11))
    }

    private var runFiles: [String] { directory.names(in: "buckets").filter { $0.hasSuffix(".run") } }

    /// Lines by text, over all runs.
    private func counts(_ store: BucketStore) throws -> [String: UInt64] {
        var counts: [String: UInt64] = [:]
        var merge = try Merge(
            store.takeRuns().flatMap { run in
                run.segments.map { Merge.Input(run: run, segment: $0, isHeldOut: false) }
            })
        try merge.forEach { counts[String(decoding: $0.masked, as: UTF8.self)] = $0.count }
        return counts
    }

    private func expected(_ windows: Int) -> [String: UInt64] {
        var counts: [String: UInt64] = windows > 0 ? ["common": UInt64(10 * windows)] : [:]
        for number in 0..<windows { counts["only in \(number)"] = 1 }
        return counts
    }

    @Test func everyInstantOfAMergeLeavesEveryLogOnce() throws {
        try folder.make()
        let count = BucketStore.runsToCompact
        var store: BucketStore? = try reopened()
        // The test holds on to the runs, so all files stay that were there at any moment.
        var buckets: [Bucket] = []
        for number in 0..<count {
            let bucket = try bucket(number, try #require(store))
            buckets.append(bucket)
            try store?.commit(bucket)
        }
        store = nil
        let files = runFiles
        #expect(files.count == count + 1)
        let contents = files.map { fileBytes(folder.path(of: $0)) }
        let journal = fileBytes(folder.path(of: JournalFile.name))
        let ends = journal.indices.filter { journal[$0] == 0x0A }.map { $0 + 1 }
        #expect(ends.count == count + 1)
        let merging = ends[count - 1]..<ends[count]
        for length in [0] + ends + merging.filter({ $0 % 5 == 0 }) {
            for (file, bytes) in zip(files, contents) { _ = directory.file("buckets/" + file, bytes) }
            _ = directory.file("buckets/" + JournalFile.name, journal[..<length])
            let windows = min(count, ends.count { $0 <= length })
            let store = try reopened()
            #expect(store.windows.count == windows, "\(length) bytes")
            #expect(runFiles.count == (length == journal.count ? 1 : windows), "\(length) bytes")
            #expect(try counts(store) == expected(windows), "\(length) bytes")
        }
        withExtendedLifetime(buckets) {}
    }

    @Test func runsAreMergedAgainAndAgain() throws {
        let count = BucketStore.runsToCompact * BucketStore.runsToCompact
        let store = try BucketStore(temporaryIn: directory.path)
        for number in 0..<count { try store.commit(try bucket(number, store)) }
        #expect(runFiles.count == 1)
        #expect(try counts(store) == expected(count))
    }

    @Test func aStoreGoesOnCountingItsFilesAndMergingThem() throws {
        try folder.make()
        for number in 0..<40 {
            let store = try reopened()
            try store.commit(try bucket(number, store))
        }
        #expect(runFiles.count == 2 + 8)
        #expect(try counts(try reopened()) == expected(40))
    }

    @Test func whatIsDroppedStaysDropped() throws {
        try folder.make()
        let store = try reopened()
        for number in 0..<3 { try store.commit(try bucket(number, store)) }
        let less = try reopened(dropping: ["window 1"])
        #expect(less.windows.map(\.name).sorted() == ["window 0", "window 2"])
        #expect(runFiles == ["1.run", "3.run"])
        #expect(try reopened().windows.count == 2)
    }

    @Test func windowsOfAnotherHourOrWithHolesAreNotMerged() throws {
        try folder.make()
        let store = try reopened()
        for number in 0..<BucketStore.runsToCompact {
            // Their own word says another hour than their logs.
            try store.commit(try bucket(number, store, hour: Hour(number: 6)))
            var partial = try bucket(100 + number, store)
            partial.holes = [Hole(what: "a shard")]
            try store.commit(partial)
        }
        #expect(runFiles.count == 2 * BucketStore.runsToCompact)
    }

    @Test func aTemporaryStoreWritesNoJournalAndLetsGoWhatIsMerged() throws {
        let store = try BucketStore(temporaryIn: directory.path)
        for number in 0..<3 { try store.commit(try bucket(number, store)) }
        #expect(directory.names(in: "buckets") == ["1.run", "2.run", "3.run"])
        var runs = store.takeRuns()
        runs.removeLast()
        #expect(runFiles.count == 2)
        store.remove()
        #expect(directory.names == [])
    }

    @Test func filesOfOthersStayAndTheirFoldersAreNotUsed() throws {
        try folder.make()
        for name in ["1.run", "+2.run", "03.run", "notes.run", "checkpoint.json.7.partial", "journal", "journal.txt"] {
            _ = directory.file("buckets/" + name, [])
        }
        let error = #expect(throws: DatasetError.self) { try BucketStore(temporaryIn: directory.path) }
        #expect(error?.code == .invalidSetting)
        #expect(
            error?.message == "\(folder.path) holds +2.run, which is no file of a run; a run keeps what it reads under "
                + "that name: move the folder away, or name another output folder")
        #expect(directory.names(in: "buckets").count == 7)
        folder.remove()
        #expect(directory.names(in: "buckets") == ["+2.run", "03.run", "journal.txt", "notes.run"])
        _ = directory.file("hours", [])
        let file = #expect(throws: DatasetError.self) { try BucketFolder(path: "\(directory.path)/hours").checkOwn() }
        #expect(file?.message.hasPrefix("\(directory.path)/hours is no folder that can be read;") == true)
    }

    @Test func whatIsReplacedGoesOnlyOnceTheOtherStandsThere() throws {
        let hours = BucketFolder(path: "\(directory.path)/hours")
        try hours.make()
        _ = directory.file("hours/1.run", [1])
        // There is nothing to take its place.
        let error = #expect(throws: DatasetError.self) { try folder.replace(hours) }
        #expect(error?.code == .unwritable)
        #expect(directory.names == ["hours"] && directory.names(in: "hours") == ["1.run"])
        // An earlier run was killed between the two renames.
        try hours.old.make()
        _ = directory.file("hours.old/5.run", [5])
        try folder.make()
        _ = directory.file("buckets/2.run", [2])
        try folder.replace(hours)
        #expect(directory.names == ["hours"] && directory.names(in: "hours") == ["2.run"])
        try folder.make()
        _ = directory.file("hours/notes", [])
        #expect(throws: DatasetError.self) { try folder.replace(hours) }
        #expect(directory.names == ["buckets", "hours"] && directory.names(in: "hours") == ["2.run", "notes"])
    }

    @Test func ofAnEarlierHourThatIsDamagedNothingIsLeft() throws {
        let earlier = BucketFolder(path: "\(directory.path)/earlier")
        try earlier.make()
        try folder.make()
        let source = try reopened()
        for number in 0..<2 { try source.commit(bucket(number, source)) }
        let records = source.allRuns.map(\.record)
        for record in records {
            _ = directory.file("earlier/" + record.file, fileBytes(folder.path(of: record.file)))
        }
        source.remove()
        try folder.make()
        let store = try reopened()
        _ = directory.file("earlier/" + records[1].file, [])
        #expect(try !store.adopt(source.windows, records, from: earlier))
        #expect(runFiles == [] && store.windows.isEmpty && store.disk.peak == 0)
    }

    @Test func theDiskOfAnHourIsFreeAgainBeforeTheNextIsMerged() throws {
        try folder.make()
        do {
            let store = try reopened()
            for number in 0..<40 {
                let hour = Hour(number: Int32(number / 8))
                try store.commit(bucket(number, store, hour: hour, logged: hour))
            }
        }
        let store = try reopened()
        let before = store.disk.peak
        try store.compactHours(toAtMost: 5, cancellation: CancellationFlag())
        let merged = runFiles.map { fileBytes(folder.path(of: $0)).count }
        #expect(merged.count == 5)
        #expect(store.disk.peak > before && store.disk.peak <= before + (merged.max() ?? 0))
    }

    /// Runs of one window, as it leaves them that outgrows the memory many times.
    private func spilled(_ count: Int, _ store: BucketStore) throws -> Bucket {
        let runs = try (0..<count).map { number in
            let table = CountTable()
            table.add("common", hour: hour, count: 10)
            table.add("only in \(number)", hour: hour)
            return try table.spill(to: store.newPath())
        }
        return Bucket(window: LogWindow(name: "window", hour: hour), runs: runs)
    }

    /// How many runs each merge took the place of.
    private func merges() throws -> [Int] {
        try JournalFile.open(folder.path(of: JournalFile.name)).1.records.compactMap { record in
            guard case .compaction(let compaction) = record else { return nil }
            return compaction.replaces.count
        }
    }

    @Test func ofAWindowOfManyRunsNoMoreAreMergedAtOnceThanOfManyWindows() throws {
        try folder.make()
        let store = try reopened()
        try store.commit(spilled(300, store))
        #expect(try merges() == Array(repeating: 16, count: 18 + 1))
        // Of 300, 288 became 18, and of these 16 one.
        #expect(runFiles.count == 12 + 2 + 1)
        #expect(try counts(reopened()) == expected(300))
    }

    @Test func noMoreRunsOfAnHourAreMergedAtOnceThanMayBe() throws {
        try folder.make()
        let store = try reopened()
        try store.commit(spilled(15, store))
        try store.compactHours(toAtMost: 4, cancellation: CancellationFlag())
        #expect(try merges() == [4, 4, 4, 3, 4])
        #expect(runFiles.count == 1)
        #expect(try counts(reopened()) == expected(15))
    }

    @Test func theRunsOfAnHourBecomeOneBeforeATableIsMade() throws {
        try folder.make()
        let store = try reopened()
        for number in 0..<12 { try store.commit(bucket(number, store)) }
        try store.compactHours(toAtMost: 12, cancellation: CancellationFlag())
        #expect(runFiles.count == 12)
        try store.compactHours(toAtMost: 4, cancellation: CancellationFlag())
        #expect(runFiles.count == 1)
        #expect(try counts(reopened()) == expected(12))
        // What comes later is merged with it again.
        try store.commit(bucket(12, store))
        #expect(try counts(reopened()) == expected(13))
    }
}
