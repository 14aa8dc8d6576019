/// The weights of a table summed by shard: what a draw needs to know of all other shards before it looks at one.
public struct TableWeights: Sendable {
    /// The exponent of the weights.
    public let exponent: WeightExponent

    /// The most lines of a template that count.
    public let cap: TemplateCap

    /// The number of templates.
    public let templates: Int

    /// Templates with more lines than the cap allows, of all lines.
    public let cappedTemplates: Int

    /// Lines beyond it.
    public let cappedLines: UInt64

    /// Sums of weights of each shard: `[3][256]`, by `DrawnLines.rawValue`.
    private let sums: [[UInt128]]

    /// Lines, by `DrawnLines.rawValue`.
    private let lines: [UInt64]

    /// Walks a table once and sums its weights.
    ///
    /// - Parameters:
    ///   - table: The table.
    ///   - exponent: The exponent of the weights.
    ///   - cap: The most lines of a template that count.
    ///   - workers: How many shards are walked at once; without influence on the sums.
    /// - Throws: What reading the table throws, or `corruptFile` for counts that no table holds.
    public init(
        of table: any TemplateShards,
        exponent: WeightExponent = .half,
        cap: TemplateCap = .none,
        workers: Int
    ) async throws(DatasetError) {
        let shards = try await BoundedGroup.map(TemplateShard.count, workers: workers) {
            shard, cancellation throws(DatasetError) in
            try ShardSums(of: table, shard: shard, exponent: exponent, cap: cap, cancellation: cancellation)
        }
        self.exponent = exponent
        self.cap = cap
        cappedTemplates = shards.reduce(0) { $0 + $1.cappedTemplates }
        cappedLines = shards.reduce(0) { saturatingAdd($0, $1.cappedLines) }
        self.templates = shards.reduce(0) { $0 + $1.templates }
        self.lines = DrawnLines.allCases.indices.map { kind in shards.reduce(0) { saturatingAdd($0, $1.lines[kind]) } }
        self.sums = DrawnLines.allCases.indices.map { kind in shards.map { $0.weights[kind] } }
    }

    /// The weight of a template by its lines of one kind.
    func weight(of record: TemplateRecord, _ kind: DrawnLines) -> UInt64 {
        exponent.weight(of: cap.count(in: record, kind))
    }

    /// The number of lines of one kind.
    public func lineCount(_ kind: DrawnLines) -> UInt64 { lines[Int(kind.rawValue)] }

    /// The sum of the weights of one kind over the whole table.
    func total(_ kind: DrawnLines) -> UInt128 { sums[Int(kind.rawValue)].reduce(0, +) }

    /// The sum of the weights of one kind over one shard.
    func weight(ofShard shard: Int, _ kind: DrawnLines) -> UInt128 { sums[Int(kind.rawValue)][shard] }
}

/// The sums of one shard.
private struct ShardSums: Sendable {
    var templates = 0
    var cappedTemplates = 0
    var cappedLines: UInt64 = 0
    var lines: [UInt64] = [0, 0, 0]
    var weights: [UInt128] = [0, 0, 0]

    init(
        of table: any TemplateShards, shard: Int, exponent: WeightExponent, cap: TemplateCap,
        cancellation: CancellationFlag
    ) throws(DatasetError) {
        try table.walk(shard: shard, cancellation: cancellation) { record in
            guard record.count <= WeightExponent.largestCount, record.heldOut <= record.count else {
                throw DatasetError(
                    .corruptFile,
                    "The template table holds impossible counts (\(record.count) lines, \(record.heldOut) held out);"
                        + " collect it again.")
            }
            templates += 1
            for (index, kind) in DrawnLines.allCases.enumerated() {
                let count = kind.count(in: record)
                let counted = cap.count(in: record, kind)
                lines[index] = saturatingAdd(lines[index], count)
                weights[index] += UInt128(exponent.weight(of: counted))
                if counted < count, kind == .all {
                    cappedTemplates += 1
                    cappedLines = saturatingAdd(cappedLines, count - counted)
                }
            }
        }
    }
}
