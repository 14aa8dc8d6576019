/// One subset in memory: its templates, the seeded order of its draws, and where they are cut into batches.
struct SubsetContents: Sendable {
    private let templates: DrawnTemplates
    private let vocabulary: Vocabulary
    private let cuts: BatchCuts
    /// The template of each draw, in the order in which they are trained on.
    private let order: [UInt32]

    /// Puts the draws of a subset in order.
    ///
    /// - Parameters:
    ///   - templates: The drawn templates; their draws are as many as `cuts` has.
    ///   - cuts: Where the draws are cut into batches.
    ///   - vocabulary: Gives the ids of words.
    ///   - generator: The key of the order.
    init(templates: DrawnTemplates, cuts: BatchCuts, vocabulary: Vocabulary, generator: Philox) {
        precondition(templates.draws == cuts.draws, "a subset has as many draws as its batches")
        self.templates = templates
        self.vocabulary = vocabulary
        self.cuts = cuts
        var draws: [(key: UInt64, template: UInt32)] = []
        draws.reserveCapacity(cuts.draws)
        for template in 0..<templates.count {
            for _ in 0..<templates.drawn(at: template) {
                draws.append((generator.bits64(UInt128(draws.count)), UInt32(template)))
            }
        }
        // Equal keys fall to the earlier template, so the order is the same whatever the sort does with them.
        draws.sort { $0.key != $1.key ? $0.key < $1.key : $0.template < $1.template }
        order = draws.map(\.template)
    }

    /// Encodes batch `index`: equal logs become one row, rows stand in the order of their first draw.
    func batch(_ index: Int) -> Batch {
        let draws = order[cuts[index]]
        var rowOfTemplate: [UInt32: Int] = [:]
        var rows: [UInt32] = []
        var multiplicities: [Int32] = []
        for template in draws {
            if let row = rowOfTemplate[template] {
                multiplicities[row] += 1
            } else {
                rowOfTemplate[template] = rows.count
                rows.append(template)
                multiplicities.append(1)
            }
        }
        return encode(rows, multiplicities)
    }

    private func encode(_ rows: [UInt32], _ multiplicities: [Int32]) -> Batch {
        var tokens: [Int32] = []
        tokens.reserveCapacity(rows.count * Batch.length)
        var lengths: [Int32] = []
        lengths.reserveCapacity(rows.count)
        var row: [Int32] = []
        row.reserveCapacity(Batch.length)
        for template in rows {
            templates.withMasked(at: Int(template)) { _ = vocabulary.encode($0, into: &row) }
            lengths.append(Int32(row.count))
            tokens += row
            tokens += repeatElement(Vocabulary.Reserved.pad, count: Batch.length - row.count)
        }
        return Batch(tokens: tokens, lengths: lengths, multiplicities: multiplicities)
    }
}
