import FoundationEssentials
import Synchronization

/// The buckets of a reading, in a folder of its own.
///
/// A durable store survives the process: a bucket is on disk, whole, before the journal names it, and only what the
/// journal names counts. One that is not durable is for a run's own time.
final class BucketStore: Sendable {
    fileprivate struct State {
        var journal = BucketJournal()
        /// The runs of `journal`, by the names of their files.
        var runs: [String: Run] = [:]
        /// Runs of one hour that have been through as many merges, and may be merged again.
        var waiting: [CompactionGroup: [String]] = [:]
        /// Nil in a store that is not durable.
        var file: JournalFile?
    }

    /// So many runs of an hour are merged into one while the reading goes on, and never more at once: each is an open
    /// file and a buffer beside the pages and tables. What they have in common is then stored once, and the table's
    /// merge finds few files.
    static let runsToCompact = 16

    let folder: BucketFolder
    let isDurable: Bool
    let disk: DiskBudget
    private let lastRun: Atomic<Int>
    private let state: Mutex<State>

    /// A store for this run alone; `remove` ends it.
    ///
    /// - Parameter disk: bytes of disk; nil leaves a twentieth of what is free (`DiskBudget`).
    /// - Throws: `invalidSetting` if somebody else's files are in the folder.
    init(temporaryIn directory: String, disk bytes: Int? = nil) throws(DatasetError) {
        folder = BucketFolder(in: directory)
        disk = DiskBudget(bytes, in: directory)
        try folder.makeEmpty()
        isDurable = false
        lastRun = Atomic(0)
        state = Mutex(State())
    }

    /// A durable store that holds what `contents` says; `dropping` is taken out of it for good, and so are files that
    /// nothing names.
    init(
        _ folder: BucketFolder, file: JournalFile, journal: BucketJournal, dropping names: Set<String>,
        disk bytes: Int? = nil
    ) throws(DatasetError) {
        self.folder = folder
        isDurable = true
        var journal = journal
        if !names.isEmpty {
            let dropped = BucketJournal.Record.dropped(names.sorted())
            try file.append(dropped)
            journal.apply(dropped)
        }
        folder.removeRuns(but: Set(journal.runs.keys))
        let held = journal.runs.values.reduce(0) { $0 + ($1.record.isLinked ? 0 : $1.record.bytes) }
        let disk = DiskBudget(bytes, in: folder.path, held: held)
        disk.hold(held)
        self.disk = disk
        lastRun = Atomic(journal.runs.keys.compactMap(BucketFolder.number).max() ?? 0)
        var state = State(journal: journal, file: file)
        state.runs = journal.runs.mapValues { folder.run($0.record, on: disk) }
        for (name, member) in journal.runs {
            if let group = journal.group(of: member) { state.waiting[group, default: []].append(name) }
        }
        self.state = Mutex(state)
    }

    /// The windows that are committed.
    var windows: [BucketJournal.Window] { state.withLock { Array($0.journal.windows.values) } }

    func newPath() -> String {
        folder.path(of: BucketFolder.name(ofRun: lastRun.add(1, ordering: .relaxed).newValue))
    }

    /// Makes a window count. When this returns, a durable store holds it whatever happens to the process.
    ///
    /// Blocking: also merges runs of the window's hour if enough of them wait.
    func commit(_ bucket: Bucket) throws(DatasetError) {
        if isDurable { for run in bucket.runs { try run.keep() } }
        let window = BucketJournal.Window(
            name: bucket.window.name, hour: bucket.window.hour, expectedDocuments: bucket.window.expectedDocuments,
            tally: bucket.tally, details: Data(bucket.details), holes: bucket.holes, runs: bucket.runs.map(\.record))
        try compact(
            state.withLock { state throws(DatasetError) in
                try state.record(.window(window), adding: bucket.runs)
            })
    }

    /// Makes windows of an earlier run count, all in one step. Their runs are linked, or copied where the folders lie
    /// on different disks, and held against their checksums.
    ///
    /// - Returns: whether that was possible; if not, a run is damaged or missing, and the windows are to be read.
    func adopt(
        _ windows: [BucketJournal.Window], _ records: [RunRecord], from earlier: BucketFolder
    ) throws(DatasetError) -> Bool {
        var runs: [Run] = []
        for record in records {
            let path = newPath()
            guard let place = try RunFile.link(earlier.path(of: record.file), to: path, copyingOn: disk) else {
                return false
            }
            let run = Run(
                path: path, segments: record.segments, checksum: record.checksum, on: disk, isLinked: place == .linked)
            do throws(DatasetError) { try run.verify() } catch { return false }
            runs.append(run)
        }
        // Until all are whole, none is kept: those that came before a damaged one would stay, named by no journal.
        for run in runs { try run.keep() }
        folder.sync()
        let adoption = BucketJournal.Adoption(windows: windows, runs: runs.map(\.record))
        try compact(
            state.withLock { state throws(DatasetError) in
                try state.record(.adoption(adoption), adding: runs)
            })
        return true
    }

    /// Merges runs of a group into one, which takes their place in one step, as long as there are enough: a window may
    /// have left many.
    private func compact(_ full: CompactionGroup?) throws(DatasetError) {
        var full = full.map { [$0] } ?? []
        while let group = full.last {
            let runs = state.withLock { $0.takeFull(group) }
            if runs.isEmpty {
                full.removeLast()
            } else if let next = try replace(runs, by: group.hour, level: group.level + 1).full {
                full.append(next)
            }
        }
    }

    /// Merges runs of an hour into one, which takes their place.
    ///
    /// - Returns: the one, and the group that is full with it.
    private func replace(
        _ runs: [Run], by hour: Hour, level: Int
    ) throws(DatasetError) -> (merged: Run, full: CompactionGroup?) {
        let merged = try TableMerge.run(of: runs, hour: hour, to: newPath(), on: disk)
        if isDurable { try merged.keep() }
        let compaction = BucketJournal.Compaction(
            run: merged.record, level: level, replaces: runs.map(\.record.file))
        let full = try state.withLock { state throws(DatasetError) in
            try state.record(.compaction(compaction), adding: [merged])
        }
        for run in runs { run.release() }
        return (merged, full)
    }

    /// The order in which hours are read, once it is known.
    var order: ReadingOrder? { state.withLock { $0.journal.order } }

    /// Keeps the order for the runs that go on with this one.
    func keep(_ order: ReadingOrder) throws(DatasetError) {
        _ = try state.withLock { state throws(DatasetError) in try state.record(.order(order), adding: []) }
    }

    /// What the source wanted to be kept of its plans; nil before there is anything.
    var plan: [UInt8]? { state.withLock { $0.journal.plan.map { [UInt8]($0) } } }

    /// Keeps that for the runs that go on with this one.
    func keep(plan: [UInt8]) throws(DatasetError) {
        _ = try state.withLock { state throws(DatasetError) in try state.record(.plan(Data(plan)), adding: []) }
    }

    /// Leaves at most `count` runs, as far as merging those of an hour into one does that: fewer and smaller files for
    /// the table's merge, and what an hour's runs have in common is no longer on disk more than once. Never are more
    /// than `count` merged at once.
    func compactHours(toAtMost count: Int, cancellation: CancellationFlag) throws(DatasetError) {
        // Taken out as they are merged: the files of the others would all stay to the end.
        var (runs, waiting) = state.withLock { state in
            guard state.runs.count > count else { return ([String: Run](), [CompactionGroup: [String]]()) }
            defer { state.waiting = [:] }
            return (state.runs, state.waiting)
        }
        for (hour, groups) in Dictionary(grouping: waiting, by: \.key.hour).sorted(by: { $0.key < $1.key }) {
            try cancellation.check()
            var ofHour = groups.flatMap(\.value).compactMap { runs.removeValue(forKey: $0) }
            let level = groups.map(\.key.level).max() ?? 0
            while ofHour.count > 1 { try mergeSmallest(&ofHour, atMost: count, of: hour, level: level + 1) }
        }
    }

    /// Merges the smallest runs of an hour into one: all, or else so many that the next steps merge as many as they
    /// may, so that most of what is on disk is read once only.
    private func mergeSmallest(
        _ runs: inout [Run], atMost count: Int, of hour: Hour, level: Int
    ) throws(DatasetError) {
        let most = max(2, count)
        let size = runs.count <= most ? runs.count : min(most, runs.count - most + 1)
        runs.sort { $0.bytes > $1.bytes }
        let merged = try replace(Array(runs.suffix(size)), by: hour, level: level).merged
        runs.removeLast(size)
        runs.append(merged)
    }

    /// The runs as they stand.
    var allRuns: [Run] { state.withLock { $0.runs.sorted { $0.key < $1.key }.map(\.value) } }

    /// Hands the runs over to the merge. In a store that is not durable, each goes as soon as it is merged.
    func takeRuns() -> [Run] {
        state.withLock { state in
            let runs = state.runs.sorted { $0.key < $1.key }.map(\.value)
            state.runs = [:]
            state.waiting = [:]
            return runs
        }
    }

    /// The digest of the table that was made of all buckets, once it is.
    var tableDigest: String? { state.withLock { $0.journal.tableDigest } }

    /// What the source left out of that table.
    var exclusions: [Exclusion] { state.withLock { $0.journal.exclusions } }

    /// Notes that the table is written and complete.
    ///
    /// - Parameters:
    ///   - exclusions: what the source left out, for the report of a run that goes on from here.
    ///   - keepsRuns: whether a later run may take the buckets over; otherwise they are needed no more.
    func finish(tableDigest: String, exclusions: [Exclusion], keepsRuns: Bool) throws(DatasetError) {
        _ = try state.withLock { state throws(DatasetError) in
            try state.record(.merged(tableDigest: tableDigest, exclusions: exclusions), adding: [])
        }
        if !keepsRuns { folder.removeRuns(but: []) }
    }

    /// The table that was written of what is there, though something is missing.
    var partial: BucketJournal.PartialTable? { state.withLock { $0.journal.partial } }

    /// Notes the table of a reading that lacks something; its buckets are needed by the run that reads that.
    func note(_ partial: BucketJournal.PartialTable) throws(DatasetError) {
        _ = try state.withLock { state throws(DatasetError) in try state.record(.partial(partial), adding: []) }
    }

    /// Removes everything.
    func remove() { folder.remove() }
}

/// Runs that may be merged: of one hour, and merged equally often already.
struct CompactionGroup: Hashable, Sendable {
    let hour: Hour
    let level: Int
}

extension BucketJournal {
    /// The group a run may be merged in. Only runs of windows that are one hour by their source's own word, and that
    /// are complete: others may have to be dropped alone.
    func group(of member: Member) -> CompactionGroup? {
        guard member.record.segments.count == 1, let hour = member.record.segments[0].hour,
            member.owners.allSatisfy({ windows[$0]?.hour == hour && windows[$0]?.holes == [] })
        else { return nil }
        return CompactionGroup(hour: hour, level: member.level)
    }
}

extension BucketStore.State {
    /// Writes a record and does what it says.
    ///
    /// - Returns: a group that is full now.
    fileprivate mutating func record(
        _ record: BucketJournal.Record, adding added: [Run]
    ) throws(DatasetError) -> CompactionGroup? {
        try file?.append(record)
        journal.apply(record)
        if case .compaction(let compaction) = record { for name in compaction.replaces { runs[name] = nil } }
        for run in added { runs[run.record.file] = run }
        var full: CompactionGroup?
        for run in added {
            guard let member = journal.runs[run.record.file], let group = journal.group(of: member) else { continue }
            waiting[group, default: []].append(run.record.file)
            if waiting[group, default: []].count >= BucketStore.runsToCompact { full = group }
        }
        return full
    }

    /// As many waiting runs of a group as are merged at once, if there are enough; they wait no longer.
    fileprivate mutating func takeFull(_ group: CompactionGroup) -> [Run] {
        // Before a table is made, runs are merged that still wait here.
        let names = waiting[group, default: []].filter { runs[$0] != nil }
        guard names.count >= BucketStore.runsToCompact else { return [] }
        waiting[group] = Array(names.dropFirst(BucketStore.runsToCompact))
        return names.prefix(BucketStore.runsToCompact).compactMap { runs[$0] }
    }
}

extension Run {
    /// How a journal names this run.
    var record: RunRecord {
        RunRecord(
            file: String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]),
            bytes: bytes, checksum: checksum, segments: segments, isLinked: isLinked)
    }
}

extension BucketFolder {
    /// A run that a journal names.
    func run(_ record: RunRecord, on disk: DiskBudget = .unlimited) -> Run {
        Run(
            path: path(of: record.file), segments: record.segments, checksum: record.checksum, on: disk,
            isLinked: record.isLinked, isKept: true)
    }
}
