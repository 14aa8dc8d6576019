@testable import LogDataset

/// Counts of templates as a table: what a draw looks at. The text of template `t` is its number in eight bytes.
///
/// The hash is the first 16 bytes of Philox over the number, so templates are spread over the shards as those of real
/// texts are.
struct SimulatedTable: TemplateShards {
    private struct Row {
        var hash: UInt128
        var template: UInt64
        var count: UInt64
    }

    private var shards = [[Row]](repeating: [], count: TemplateShard.count)
    /// Lines of each template.
    let counts: [UInt64]

    /// - Parameter counts: Lines of each template; those without lines are not in the table.
    init(_ counts: [UInt64]) {
        self.counts = counts
        let hashes = Philox(key: 0x7AB1E)
        for (template, count) in counts.enumerated() where count > 0 {
            let hash = hashes.block(UInt128(template))
            shards[TemplateShard.of(hash)].append(Row(hash: hash, template: UInt64(template), count: count))
        }
        for shard in shards.indices { shards[shard].sort { $0.hash < $1.hash } }
    }

    var templates: Int { shards.reduce(0) { $0 + $1.count } }
    var lines: UInt64 { counts.reduce(0, +) }

    func forEachRecord(inShard shard: Int, _ body: (TemplateRecord) throws -> Void) throws {
        for row in shards[shard] {
            try withUnsafeBytes(of: row.template.littleEndian) { bytes in
                try body(TemplateRecord(hash: row.hash, masked: bytes, count: row.count, heldOut: 0))
            }
        }
    }

    /// How often each template is drawn.
    func drawn(_ settings: DrawSettings, _ weights: TableWeights) async throws -> [Int] {
        let draw = try WeightedDraw(from: self, weights: weights, settings: settings)
        let templates = try await draw.templates(workers: cores)
        var drawn = [Int](repeating: 0, count: counts.count)
        for index in 0..<templates.count {
            let template = templates.withMasked(at: index) { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
            drawn[Int(template)] = templates.drawn(at: index)
        }
        return drawn
    }
}
