import FoundationEssentials

/// What the records of a journal say: which windows are committed, and which runs hold their logs. A pure value.
///
/// A run belongs to the window that left it, or to all whose runs were merged into it; it stands or falls with all of
/// them, so no log can be counted twice.
struct BucketJournal: Sendable {
    /// A window that was read whole, as a line of the journal.
    struct Window: Sendable, Codable, Equatable {
        var name: String
        var hour: Hour?
        var expectedDocuments: Int?
        var tally: WindowTally
        var details: Data
        var holes: [Hole]
        var runs: [RunRecord]
        /// Whether an earlier run has read it.
        var isReused = false
    }

    /// Runs that were merged into one, which takes their place.
    struct Compaction: Sendable, Codable, Equatable {
        var run: RunRecord
        /// How many merges lie behind the run.
        var level: Int
        /// File names of the runs that are no longer needed.
        var replaces: [String]
    }

    /// Windows that an earlier run has read, with the runs that hold their logs: all of them or none.
    struct Adoption: Sendable, Codable, Equatable {
        var windows: [Window]
        var runs: [RunRecord]
    }

    /// A table of a reading that lacks something, and what.
    struct PartialTable: Sendable, Codable, Equatable {
        var digest: String
        /// What the source found missing when all windows had been read; their own holes stand with them.
        var holesAtEnd: [Hole]
        var stopped: StoppedReading?
        var exclusions: [Exclusion]
    }

    enum Record: Sendable, Codable, Equatable {
        case window(Window)
        case adoption(Adoption)
        /// Which hours are read first.
        case order(ReadingOrder)
        /// What the source wants to know of its plans.
        case plan(Data)
        case compaction(Compaction)
        /// These windows count no longer.
        case dropped([String])
        /// The table was written whole, its digest is this, and so much was left out by the source itself.
        case merged(tableDigest: String, exclusions: [Exclusion])
        /// The table was written of what there was.
        case partial(PartialTable)

        /// Whether it says that a table was written.
        var isOfTable: Bool {
            switch self {
            case .merged, .partial: true
            default: false
            }
        }
    }

    /// A run in use.
    struct Member: Sendable, Equatable {
        let record: RunRecord
        let level: Int
        /// Names of the windows whose logs it holds.
        let owners: Set<String>
    }

    private(set) var windows: [String: Window] = [:]
    /// Runs by the names of their files.
    private(set) var runs: [String: Member] = [:]
    /// Names of the runs' files by the windows that they are of: there may be ten thousands of both.
    private var files: [String: Set<String>] = [:]
    private(set) var tableDigest: String?
    /// The table as it was written of these windows, where something else is missing.
    private(set) var partial: PartialTable?
    /// What the source left out of the table of that digest.
    private(set) var exclusions: [Exclusion] = []
    private(set) var order: ReadingOrder?
    private(set) var plan: Data?

    mutating func apply(_ record: Record) {
        switch record {
        case .window(let window): add(window)
        case .adoption(let adoption): adopt(adoption)
        case .order(let order): self.order = order
        case .plan(let plan): self.plan = plan
        case .compaction(let compaction): replace(compaction)
        case .dropped(let names): drop(Set(names))
        case .merged(let digest, let exclusions):
            tableDigest = digest
            self.exclusions = exclusions
            partial = nil
        case .partial(let partial): self.partial = partial
        }
    }

    /// `names` and all windows that share a run with one of them.
    func dropping(_ names: Set<String>) -> Set<String> {
        var all = names.filter { windows[$0] != nil }
        var left = Array(all)
        while let name = left.popLast() {
            for file in files[name, default: []] {
                for owner in runs[file]?.owners ?? [] where all.insert(owner).inserted { left.append(owner) }
            }
        }
        return all
    }

    /// The runs that hold logs of these windows.
    func runs(of names: Set<String>) -> [Member] {
        names.reduce(into: Set<String>()) { $0.formUnion(files[$1, default: []]) }.compactMap { runs[$0] }
    }

    private mutating func add(_ window: Window) {
        if windows[window.name] != nil { drop([window.name]) }
        disown(window.runs)
        windows[window.name] = window
        for run in window.runs { insert(Member(record: run, level: 0, owners: [window.name])) }
        (tableDigest, partial) = (nil, nil)
    }

    private mutating func adopt(_ adoption: Adoption) {
        let names = Set(adoption.windows.map(\.name))
        drop(names)
        disown(adoption.runs)
        for window in adoption.windows { windows[window.name] = window }
        for run in adoption.runs { insert(Member(record: run, level: 0, owners: names)) }
        (tableDigest, partial) = (nil, nil)
    }

    private mutating func replace(_ compaction: Compaction) {
        disown([compaction.run])
        let replaced = compaction.replaces.map { runs[$0] }
        let owners = replaced.reduce(into: Set<String>()) { $0.formUnion($1?.owners ?? []) }
        // A run that no intact record knows of is in the merge too: then nobody can tell whose logs are in it.
        guard replaced.allSatisfy({ $0 != nil }) else { return drop(owners) }
        for file in compaction.replaces { remove(file) }
        insert(Member(record: compaction.run, level: compaction.level, owners: owners))
    }

    private mutating func insert(_ member: Member) {
        runs[member.record.file] = member
        for name in member.owners { files[name, default: []].insert(member.record.file) }
    }

    private mutating func remove(_ file: String) {
        for name in runs.removeValue(forKey: file)?.owners ?? [] { files[name]?.remove(file) }
    }

    /// Windows go whose runs have the names of these: the record that dropped them is lost, and their files went with
    /// it before others came by the same names.
    private mutating func disown(_ records: [RunRecord]) {
        let owners = records.reduce(into: Set<String>()) { $0.formUnion(runs[$1.file]?.owners ?? []) }
        if !owners.isEmpty { drop(owners) }
    }

    private mutating func drop(_ names: Set<String>) {
        let all = dropping(names)
        if all.isEmpty { return }
        for member in runs(of: all) { remove(member.record.file) }
        for name in all { (windows[name], files[name]) = (nil, nil) }
        (tableDigest, partial) = (nil, nil)
    }
}

/// A run as a journal names it.
struct RunRecord: Sendable, Codable, Equatable {
    /// The file's name in the folder of buckets.
    var file: String
    var bytes: Int
    /// `Run.checksum`.
    var checksum: UInt64
    var segments: [Segment]
    /// Whether the file is a second name for another run's, whose bytes it does not take again.
    var isLinked = false
}
