import LogDataset

/// Batches one after another, of which the first is made at once and each further one while the step of the last one
/// computes. It belongs to one run.
final class BatchesAhead {
    private struct Source: @unchecked Sendable {
        // Called by one task at a time: the next is begun only when the last has ended.
        let next: TrainingData.Batches
    }

    private typealias Making = Task<Result<Batch?, DatasetError>, Never>

    private let source: Source
    private var ahead: Making?

    /// - Parameter next: Makes one batch after another; nil after the last.
    init(_ next: @escaping TrainingData.Batches) {
        source = Source(next: next)
        ahead = make()
    }

    deinit { ahead?.cancel() }

    /// The next batch, nil after the last; waits only if it is not made yet. Then the one after it is begun.
    ///
    /// - Throws: What making this batch threw, `cancelled` among it.
    func next() async throws(DatasetError) -> Batch? {
        let making = ahead ?? make()
        ahead = nil
        let result = await withTaskCancellationHandler {
            await making.value
        } onCancel: {
            making.cancel()
        }
        guard let batch = try result.get() else { return nil }
        ahead = make()
        return batch
    }

    private func make() -> Making {
        Task { [source] in
            do throws(DatasetError) { return .success(try await source.next()) } catch { return .failure(error) }
        }
    }
}
