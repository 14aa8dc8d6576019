import LogDataset

/// A masked text that the model is to judge.
struct ScoringItem: Sendable {
    let text: MaskedText
    /// 2…64 token ids, `<CLS>` first.
    let tokens: [Int32]
}

/// Texts that wait for a batch, by their length: logs of like length share one, so little is computed for padding.
struct LengthQueue: Sendable {
    private struct Waiting {
        let turn: UInt64
        let item: ScoringItem
    }

    /// By the number of tokens.
    private var lanes = [[Waiting]](repeating: [], count: Batch.length + 1)
    private var turn: UInt64 = 0
    private(set) var count = 0

    mutating func append(_ item: ScoringItem) {
        lanes[item.tokens.count].append(Waiting(turn: turn, item: item))
        turn += 1
        count += 1
    }

    /// Takes out what need not be computed any more.
    mutating func removeAll(where isUnwanted: (ScoringItem) -> Bool) {
        for lane in lanes.indices { lanes[lane].removeAll { isUnwanted($0.item) } }
        count = lanes.reduce(0) { $0 + $1.count }
    }

    /// The texts of one batch: those that have waited longest of a length, and so on with the lengths nearest to it.
    /// So every text has its turn, however many others come meanwhile.
    mutating func take(_ limit: Int) -> [ScoringItem] {
        let first = lanes.indices.filter { !lanes[$0].isEmpty }.min { lanes[$0][0].turn < lanes[$1][0].turn }
        guard let first else { return [] }
        var taken: [ScoringItem] = []
        for lane in lanes.indices.sorted(by: { (abs($0 - first), $0) < (abs($1 - first), $1) }) {
            let part = min(limit - taken.count, lanes[lane].count)
            taken += lanes[lane].prefix(part).map(\.item)
            lanes[lane].removeFirst(part)
        }
        count -= taken.count
        return taken
    }
}
