/// Runs pieces of work side by side, never more than a given number at once.
enum BoundedGroup {
    /// Runs `body` for each index and gathers the results in the order of the indices.
    ///
    /// - Parameters:
    ///   - count: The number of pieces.
    ///   - workers: The most pieces that run at once; held to at least 1.
    ///   - body: The work on one piece.
    /// - Throws: What the first piece to fail throws; the others are cancelled.
    static func map<R: Sendable>(
        _ count: Int,
        workers: Int,
        _ body: @escaping @Sendable (Int) throws(DatasetError) -> R
    ) async throws(DatasetError) -> [R] {
        do {
            return try await withThrowingTaskGroup(of: (Int, R).self) { group in
                var next = 0
                while next < min(max(workers, 1), count) {
                    let index = next
                    group.addTask { (index, try body(index)) }
                    next += 1
                }
                var results = [R?](repeating: nil, count: count)
                while let (index, result) = try await group.next() {
                    results[index] = result
                    if next < count {
                        let index = next
                        group.addTask { (index, try body(index)) }
                        next += 1
                    }
                }
                return results.compactMap { $0 }
            }
        } catch {
            throw DatasetError(wrapping: error, as: .sourceFailed, "The work on a shard of the table failed.")
        }
    }
}
