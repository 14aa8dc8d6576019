extension TemplateTable {
    /// Writes the table of all lines of several tables: each text once, with the sum of its counts.
    ///
    /// What comes out does not depend on the order of the tables, and merging in steps gives the same file. Which hour
    /// a line was of stands in no table, so a tenth of each template's lines is held out.
    ///
    /// - Parameters:
    ///   - tables: at least one, all of the same mask rules. Blocking: a table takes an open file.
    ///   - path: where the table goes; what stands there is replaced once the new one is whole.
    /// - Throws: `DatasetError` if the rules differ, a table is damaged, there are more lines than a table may be of
    ///   (2⁴⁸ of a template, 2⁶² in all), the file cannot be written, or the task was cancelled.
    public static func merge(_ tables: [TemplateTable], to path: String) async throws(DatasetError) -> TemplateTable {
        guard let first = tables.first?.metadata else {
            throw DatasetError(.invalidSetting, "there is no table to merge; name at least one")
        }
        for other in tables.dropFirst() { try other.checkRules(as: tables[0]) }
        // Hours are summed beside the records, whose own sums are looked at as they are written.
        guard TableLimits.sum(tables.lazy.flatMap(\.metadata.hours).map(\.lines)) != nil else {
            throw .tooManyLines(path, ofTemplate: false)
        }
        try await BoundedGroup.alone { flag throws(DatasetError) in
            let split = HeldOutSplit.lines(seed: 0)
            let writer = try TemplateTableWriter(to: path)
            var merge = try Merge(tables.map(\.mergeInput))
            var untilCheck = 1
            try merge.forEach { record throws(DatasetError) in
                untilCheck -= 1
                if untilCheck == 0 {
                    try flag.check()
                    untilCheck = 4096
                }
                try writer.append(split.marked(record))
            }
            try writer.finish(
                rulesDigest: first.rulesDigest, maskNames: first.maskNames ?? [], cleaningDigest: first.cleaningDigest,
                heldOutBy: .lines,
                hours: TableMetadata.HourCount.sums(tables.flatMap(\.metadata.hours)))
        }
        return try TemplateTable(opening: path)
    }

    /// Refuses to compare or add counts of texts that other rules have masked or left out.
    func checkRules(as other: TemplateTable) throws(DatasetError) {
        let (own, others) = (metadata, other.metadata)
        if own.rulesDigest == others.rulesDigest, own.cleaningDigest == others.cleaningDigest { return }
        throw DatasetError(
            .invalidSetting,
            "\(path) and \(other.path) were made with different mask rules or another cleaning, so that their counts mean "
                + "different things; collect one of them again with the settings of the other")
    }

    private var mergeInput: Merge.Input {
        let segment = Segment(hour: nil, bytes: blocks, lines: metadata.lines)
        return Merge.Input(
            run: Run(path: path, segments: [segment], checksum: 0, isKept: true), segment: segment, isHeldOut: false)
    }
}

extension TableMetadata.HourCount {
    /// The sums by hour, ascending.
    static func sums(_ hours: [Self]) -> [Self] {
        let lines = hours.reduce(into: [Hour: UInt64]()) { $0[$1.hour, default: 0] += $1.lines }
        return lines.map { Self(hour: $0.key, lines: $0.value) }.sorted { $0.hour < $1.hour }
    }
}

extension HeldOutSplit {
    /// The record as the split marks it. Where whole hours are held out, the segments have said so already.
    func marked(_ record: TemplateRecord) -> TemplateRecord {
        guard case .lines(let seed) = self else { return record }
        var record = record
        record.heldOut = HeldOutSplit.thinned(record.count, hash: record.hash, seed: seed)
        return record
    }
}

extension BoundedGroup {
    /// Runs one piece of blocking work on a thread of its own.
    static func alone<R: Sendable>(
        _ work: @escaping @Sendable (CancellationFlag) throws(DatasetError) -> R
    ) async throws(DatasetError) -> R {
        let results = try await map(1, workers: 1) { (_, flag) throws(DatasetError) in try work(flag) }
        return results[0]
    }
}
