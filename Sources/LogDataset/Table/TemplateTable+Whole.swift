extension TemplateTable {
    /// Reads the whole file and holds it against its digests: every block's checksum, the order, the counts.
    ///
    /// - Throws: `DatasetError` that names the place of the damage, or when the task was cancelled.
    public func verify() async throws(DatasetError) {
        try await BoundedGroup.alone { flag throws(DatasetError) in
            var records = self.records
            let (table, split) = (SHA256(), SHA256())
            var (templates, lines, heldOut): (UInt64, UInt64, UInt64) = (0, 0, 0)
            while let record = try records.next() {
                if templates % 4096 == 0 { try flag.check() }
                table.update(template: record)
                split.update(record.heldOut)
                templates += 1
                lines += record.count
                heldOut += record.heldOut
            }
            table.update(metadata.rulesDigest)
            if let cleaning = metadata.cleaningDigest { table.update(cleaning) }
            guard table.finish().hexadecimal == metadata.tableDigest,
                split.finish().hexadecimal == metadata.splitDigest,
                templates == metadata.templates, lines == metadata.lines, heldOut == metadata.heldOutLines
            else {
                throw DatasetError.corrupt(
                    path, at: TemplateTable.headerSize, "its templates are not those that its digests are of")
            }
        }
    }

    /// The templates with the most lines, the largest count first, equal counts in table order.
    ///
    /// - Parameters:
    ///   - count: how many at most.
    ///   - minimum: templates of fewer lines are left out.
    /// - Throws: `DatasetError` when the table is damaged or the task was cancelled.
    public func mostFrequent(
        _ count: Int, minimumCount minimum: UInt64 = 1
    ) async throws(DatasetError) -> [(masked: [UInt8], count: UInt64)] {
        if count <= 0 { return [] }
        return try await BoundedGroup.alone { flag throws(DatasetError) in
            var records = self.records
            // Twice as many as are wanted, cut down whenever they are full: few comparisons a template.
            var best: [(masked: [UInt8], count: UInt64, place: Int)] = []
            var least = max(minimum, 1)
            var place = 0
            func cut() {
                best.sort { $0.count != $1.count ? $0.count > $1.count : $0.place < $1.place }
                best.removeLast(max(0, best.count - count))
                // A later one of the same count comes after those that are there.
                if best.count == count, let last = best.last { least = max(least, last.count + 1) }
            }
            while let record = try records.next() {
                place += 1
                if place % 4096 == 0 { try flag.check() }
                guard record.count >= least else { continue }
                best.append((Array(record.masked), record.count, place))
                if best.count / 2 >= count { cut() }
            }
            cut()
            return best.map { ($0.masked, $0.count) }
        }
    }

    /// Walks all templates in table order on a thread of its own.
    ///
    /// - Parameter body: asks `next` for one template after the other, until it is nil; each is lent until the next.
    /// - Throws: what `body` throws, and through `next` a `DatasetError` when the table is damaged or the task was
    ///   cancelled.
    public func withTemplates<R: Sendable>(
        _ body: @escaping @Sendable (_ next: () throws(DatasetError) -> TemplateRecord?) throws -> R
    ) async throws -> R {
        try await BoundedGroup.alone { flag throws(DatasetError) in
            var records = self.records
            var untilCheck = 1
            return Result {
                try body { () throws(DatasetError) in
                    untilCheck -= 1
                    if untilCheck == 0 {
                        try flag.check()
                        untilCheck = 4096
                    }
                    return try records.next()
                }
            }
        }.get()
    }

    /// Where the records' blocks lie in the file.
    var blocks: Range<Int> { metadata.shardOffsets[0]..<metadata.shardOffsets[256] }

    /// All records in table order, one after the other.
    var records: RecordBlockReader { RecordBlockReader(file, blocks) }
}

extension SHA256 {
    /// What a table's digest takes of a template.
    func update(template record: TemplateRecord) {
        update(UInt32(record.masked.count))
        update(record.masked)
        update(record.count)
    }
}
