import LogDataset

extension Batch {
    /// A batch of encoded logs, each once.
    ///
    /// - Parameter logs: 2…64 token ids each.
    init(logs: [[Int32]]) {
        var tokens: [Int32] = []
        tokens.reserveCapacity(logs.count * Batch.length)
        for log in logs {
            tokens += log
            tokens += repeatElement(Vocabulary.Reserved.pad, count: Batch.length - log.count)
        }
        self.init(
            tokens: tokens, lengths: logs.map { Int32($0.count) },
            multiplicities: [Int32](repeating: 1, count: logs.count))
    }
}
