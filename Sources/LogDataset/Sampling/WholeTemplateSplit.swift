/// A table of which whole templates are held out, about a tenth of them, by the seed: what a model makes of those it
/// has never seen in any line.
struct WholeTemplateSplit: TemplateShards {
    let table: any TemplateShards
    private let generator: Philox

    init(_ table: any TemplateShards, seed: UInt64) {
        self.table = table
        generator = SamplingPurpose.heldOutTemplates.generator(seed: seed)
    }

    func forEachRecord(inShard shard: Int, _ body: (TemplateRecord) throws -> Void) throws {
        try table.forEachRecord(inShard: shard) { record in
            var record = record
            record.heldOut = holdsOut(record.hash) ? record.count : 0
            try body(record)
        }
    }

    func holdsOut(_ hash: UInt128) -> Bool { generator.bits64(hash) < UInt64.max / 10 }

    /// The table without the templates that are held out.
    var rest: any TemplateShards { Rest(split: self) }

    private struct Rest: TemplateShards {
        let split: WholeTemplateSplit

        func forEachRecord(inShard shard: Int, _ body: (TemplateRecord) throws -> Void) throws {
            try split.forEachRecord(inShard: shard) { if $0.heldOut == 0 { try body($0) } }
        }
    }

    /// Templates and lines, all and those that are held out.
    struct Counts: Sendable {
        var templates = 0
        var heldOutTemplates = 0
        var lines: UInt64 = 0
        var heldOutLines: UInt64 = 0
    }

    func counts(workers: Int) async throws(DatasetError) -> Counts {
        let shards = try await BoundedGroup.map(TemplateShard.count, workers: workers) {
            shard, cancellation throws(DatasetError) in
            var counts = Counts()
            try walk(shard: shard, cancellation: cancellation) { record in
                counts.templates += 1
                counts.heldOutTemplates += record.heldOut > 0 ? 1 : 0
                counts.lines = saturatingAdd(counts.lines, record.count)
                counts.heldOutLines = saturatingAdd(counts.heldOutLines, record.heldOut)
            }
            return counts
        }
        return shards.reduce(into: Counts()) { sum, part in
            sum.templates += part.templates
            sum.heldOutTemplates += part.heldOutTemplates
            sum.lines = saturatingAdd(sum.lines, part.lines)
            sum.heldOutLines = saturatingAdd(sum.heldOutLines, part.heldOutLines)
        }
    }
}
