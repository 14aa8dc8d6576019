/// Runs pieces of blocking work side by side on threads of their own, never more than a given number at once.
enum BoundedGroup {
    /// A piece of work. It looks at the flag now and then, because a thread does not know of its task's cancellation.
    typealias Work<R> = @Sendable (_ index: Int, _ cancellation: CancellationFlag) throws(DatasetError) -> R

    /// Runs `work` for each index and gathers the results in the order of the indices.
    ///
    /// - Parameters:
    ///   - count: The number of pieces.
    ///   - workers: The most pieces that run at once; held to at least 1.
    ///   - work: The work on one piece.
    /// - Throws: What the first piece to fail throws, once those that run have ended; no other is begun.
    static func map<R: Sendable>(
        _ count: Int, workers: Int, _ work: @escaping Work<R>
    ) async throws(DatasetError) -> [R] {
        if count == 0 { return [] }
        let workers = min(max(workers, 1), count)
        return try await CancellationFlag.scope { flag throws(DatasetError) in
            try await withWorkerPool(count: workers) { pool throws(DatasetError) in
                try await run(count, atOnce: workers) { index throws(DatasetError) in
                    try await pool.run { _ throws(DatasetError) in try work(index, flag) }
                }
            }
        }
    }

    private static func run<R: Sendable>(
        _ count: Int, atOnce: Int, _ piece: @escaping @Sendable (Int) async throws(DatasetError) -> R
    ) async throws(DatasetError) -> [R] {
        do {
            return try await withThrowingTaskGroup(of: (Int, R).self) { group in
                var results = [R?](repeating: nil, count: count)
                for index in 0..<count {
                    if index >= atOnce, let (done, result) = try await group.next() { results[done] = result }
                    group.addTask { (index, try await piece(index)) }
                }
                while let (done, result) = try await group.next() { results[done] = result }
                return results.compactMap { $0 }
            }
        } catch {
            throw DatasetError(wrapping: error, as: .sourceFailed, "The work on a part of the table failed.")
        }
    }
}
