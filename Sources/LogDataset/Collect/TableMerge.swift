import LogMasking

/// Merges the buckets of all windows into the table, and marks what is held out on the way.
struct TableMerge: Sendable {
    private let buckets: [Bucket]
    private let directory: WorkDirectory
    private let budget: MemoryBudget
    private let rules: MaskRuleSet

    init(buckets: [Bucket], directory: WorkDirectory, budget: MemoryBudget, rules: MaskRuleSet) {
        self.rules = rules
        self.buckets = buckets
        self.directory = directory
        self.budget = budget
    }

    /// Blocking, and long for a large table: `cancellation` is looked at between records.
    func write(to path: String, cancellation: CancellationFlag) throws(DatasetError) {
        let hours = linesByHour()
        // Seed 0 whatever the run's: the split is a function of the table alone (docs/decisions/0003).
        let split = HeldOutSplit.choose(
            hours: hours.map { HeldOutSplit.Hour(start: $0.hour.milliseconds, lines: $0.lines) }, seed: 0)
        let inputs = try narrowed(inputs(split), cancellation)
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
            rulesDigest: RulesDigest.of(rules), maskNames: rules.customMasks.map(\.name), heldOutBy: split.method,
            hours: hours)
    }

    /// Where whole hours are held out, the segments have said so already.
    private static func marked(_ record: TemplateRecord, _ split: HeldOutSplit) -> TemplateRecord {
        guard case .lines(let seed) = split else { return record }
        var record = record
        record.heldOut = HeldOutSplit.thinned(record.count, hash: record.hash, seed: seed)
        return record
    }

    private func linesByHour() -> [TableMetadata.HourCount] {
        var lines: [Hour: UInt64] = [:]
        for segment in buckets.flatMap({ $0.runs.flatMap(\.segments) }) {
            if let hour = segment.hour { lines[hour, default: 0] += segment.lines }
        }
        return lines.map { TableMetadata.HourCount(hour: $0.key, lines: $0.value) }.sorted { $0.hour < $1.hour }
    }

    private func inputs(_ split: HeldOutSplit) -> [Merge.Input] {
        buckets.flatMap(\.runs).flatMap { run in
            run.segments.map { segment in
                Merge.Input(
                    run: run, segment: segment,
                    isHeldOut: segment.hour.map { split.holdsOut(hour: $0.milliseconds) } ?? false)
            }
        }
    }

    /// Merges groups of segments into one each until so few are left that they can be merged at once.
    private func narrowed(
        _ inputs: [Merge.Input], _ cancellation: CancellationFlag
    ) throws(DatasetError) -> [Merge.Input] {
        var inputs = inputs
        while inputs.count > budget.mergeFanIn {
            var merged: [Merge.Input] = []
            for start in stride(from: 0, to: inputs.count, by: budget.mergeFanIn) {
                try cancellation.check()
                merged += try mergedGroup(inputs[start..<min(start + budget.mergeFanIn, inputs.count)])
            }
            inputs = merged
        }
        return inputs
    }

    private func mergedGroup(_ inputs: ArraySlice<Merge.Input>) throws(DatasetError) -> [Merge.Input] {
        var writer = try RunWriter(creating: directory.newPath())
        var merge = try Merge(inputs)
        try merge.forEach { record throws(DatasetError) in try writer.append(record, hour: nil) }
        let run = try writer.finish()
        return run.segments.map { Merge.Input(run: run, segment: $0, isHeldOut: false) }
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
