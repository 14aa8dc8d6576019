import LogMasking

/// Merges the runs of all windows into the table, and marks what is held out on the way.
struct TableMerge: Sendable {
    private let store: BucketStore
    private let budget: MemoryBudget
    private let rules: MaskRuleSet
    private let cleaning: LineCleaning
    private let monitor: CollectionMonitor

    init(
        of store: BucketStore, budget: MemoryBudget, rules: MaskRuleSet, cleaning: LineCleaning = LineCleaning(),
        monitor: CollectionMonitor = CollectionMonitor()
    ) {
        self.store = store
        self.cleaning = cleaning
        self.monitor = monitor
        self.rules = rules
        self.budget = budget
    }

    /// Blocking, and long for a large table: `cancellation` is looked at between records.
    func write(to path: String, cancellation: CancellationFlag) throws(DatasetError) {
        try store.compactHours(toAtMost: budget.mergeFanIn, cancellation: cancellation)
        var runs = store.takeRuns()
        let hours = TableMerge.linesByHour(runs)
        // Seed 0 whatever the run's: the split is a function of the table alone (docs/decisions/0003).
        let split = HeldOutSplit.choose(hours: hours, seed: 0)
        var inputs = TableMerge.inputs(runs, split)
        runs = []
        try narrow(&inputs, cancellation)
        let writer = try TemplateTableWriter(to: path, on: store.disk)
        var merge = try Merge(inputs)
        var templates: UInt64 = 0
        try merge.forEach { record throws(DatasetError) in
            if templates % 4096 == 0 {
                try cancellation.check()
                monitor.update { $0.templates = templates }
            }
            templates += 1
            try writer.append(split.marked(record))
        }
        monitor.update { $0.templates = templates }
        try writer.finish(
            rulesDigest: rules.digest, maskNames: rules.customMasks.map(\.name), cleaningDigest: cleaning.digest,
            heldOutBy: split.method, hours: hours)
    }

    private static func linesByHour(_ runs: [Run]) -> [TableMetadata.HourCount] {
        TableMetadata.HourCount.sums(
            runs.flatMap(\.segments).compactMap { segment in
                segment.hour.map { TableMetadata.HourCount(hour: $0, lines: segment.lines) }
            })
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

    /// Merges the smallest segments into one until so few are left that they can be merged at once, and no more of them
    /// than that takes: most of what is on disk is read once only. Whoever has been merged is let go at once, so that
    /// what no journal names does not lie on disk twice.
    private func narrow(_ inputs: inout [Merge.Input], _ cancellation: CancellationFlag) throws(DatasetError) {
        while inputs.count > budget.mergeFanIn {
            try cancellation.check()
            inputs.sort { $0.segment.bytes.count > $1.segment.bytes.count }
            let size = min(budget.mergeFanIn, inputs.count - budget.mergeFanIn + 1)
            let run = try TableMerge.run(of: inputs.suffix(size), hour: nil, to: store.newPath(), on: store.disk)
            inputs.removeLast(size)
            inputs += run.segments.map { Merge.Input(run: run, segment: $0, isHeldOut: false) }
        }
    }

    /// One run of one hour out of several.
    static func run(
        of runs: [Run], hour: Hour, to path: String, on disk: DiskBudget
    ) throws(DatasetError) -> Run {
        try run(
            of: runs.flatMap { run in run.segments.map { Merge.Input(run: run, segment: $0, isHeldOut: false) } }[...],
            hour: hour, to: path, on: disk)
    }

    private static func run(
        of inputs: ArraySlice<Merge.Input>, hour: Hour?, to path: String, on disk: DiskBudget
    ) throws(DatasetError) -> Run {
        var writer = try RunWriter(creating: path, on: disk)
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
