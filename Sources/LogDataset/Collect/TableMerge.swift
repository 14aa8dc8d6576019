import LogMasking

/// Merges the runs of all windows into the table, and marks what is held out on the way.
struct TableMerge: Sendable {
    private let store: BucketStore
    private let budget: MemoryBudget
    private let rules: MaskRuleSet
    private let cleaning: LineCleaning

    init(of store: BucketStore, budget: MemoryBudget, rules: MaskRuleSet, cleaning: LineCleaning = LineCleaning()) {
        self.store = store
        self.cleaning = cleaning
        self.rules = rules
        self.budget = budget
    }

    /// Blocking, and long for a large table: `cancellation` is looked at between records.
    func write(to path: String, cancellation: CancellationFlag) throws(DatasetError) {
        var runs = store.takeRuns()
        let hours = TableMerge.linesByHour(runs)
        // Seed 0 whatever the run's: the split is a function of the table alone (docs/decisions/0003).
        let split = HeldOutSplit.choose(hours: hours, seed: 0)
        var inputs = TableMerge.inputs(runs, split)
        runs = []
        try narrow(&inputs, cancellation)
        let writer = try TemplateTableWriter(to: path)
        var merge = try Merge(inputs)
        var untilCheck = 1
        try merge.forEach { record throws(DatasetError) in
            untilCheck -= 1
            if untilCheck == 0 {
                try cancellation.check()
                untilCheck = 4096
            }
            try writer.append(TableMerge.marked(record, split))
        }
        try writer.finish(
            rulesDigest: RulesDigest.of(rules), maskNames: rules.customMasks.map(\.name),
            cleaningDigest: cleaning.digest, heldOutBy: split.method, hours: hours)
    }

    /// Where whole hours are held out, the segments have said so already.
    private static func marked(_ record: TemplateRecord, _ split: HeldOutSplit) -> TemplateRecord {
        guard case .lines(let seed) = split else { return record }
        var record = record
        record.heldOut = HeldOutSplit.thinned(record.count, hash: record.hash, seed: seed)
        return record
    }

    private static func linesByHour(_ runs: [Run]) -> [TableMetadata.HourCount] {
        var lines: [Hour: UInt64] = [:]
        for segment in runs.flatMap(\.segments) {
            if let hour = segment.hour { lines[hour, default: 0] += segment.lines }
        }
        return lines.map { TableMetadata.HourCount(hour: $0.key, lines: $0.value) }.sorted { $0.hour < $1.hour }
    }

    private static func inputs(_ runs: [Run], _ split: HeldOutSplit) -> [Merge.Input] {
        runs.flatMap { run in
            run.segments.map { segment in
                Merge.Input(
                    run: run, segment: segment,
                    isHeldOut: segment.hour.map { split.holdsOut(hour: $0.milliseconds) } ?? false)
            }
        }
    }

    /// Merges groups of segments into one each until so few are left that they can be merged at once. Whoever has been
    /// merged is let go at once, so that what no journal names does not lie on disk twice.
    private func narrow(_ inputs: inout [Merge.Input], _ cancellation: CancellationFlag) throws(DatasetError) {
        while inputs.count > budget.mergeFanIn {
            var merged: [Merge.Input] = []
            while !inputs.isEmpty {
                try cancellation.check()
                let size = min(budget.mergeFanIn, inputs.count)
                let run = try TableMerge.run(of: inputs.suffix(size), hour: nil, to: store.newPath())
                inputs.removeLast(size)
                merged += run.segments.map { Merge.Input(run: run, segment: $0, isHeldOut: false) }
            }
            inputs = merged
        }
    }

    /// One run of one hour out of several.
    static func run(of runs: [Run], hour: Hour, to path: String) throws(DatasetError) -> Run {
        try run(
            of: runs.flatMap { run in run.segments.map { Merge.Input(run: run, segment: $0, isHeldOut: false) } }[...],
            hour: hour, to: path)
    }

    private static func run(
        of inputs: ArraySlice<Merge.Input>, hour: Hour?, to path: String
    ) throws(DatasetError) -> Run {
        var writer = try RunWriter(creating: path)
        var merge = try Merge(inputs)
        try merge.forEach { record throws(DatasetError) in try writer.append(record, hour: hour) }
        return try writer.finish()
    }
}

extension HeldOutSplit {
    fileprivate var method: TableMetadata.HeldOutMethod {
        switch self {
        case .hours: .hours
        case .lines: .lines
        }
    }
}
