import Synchronization

/// Training data out of logs that never fit in memory: a sequence of seeded subsets, each a sequence of batches.
///
/// The source is read once, whole, into a table on disk; every subset is drawn from that table. The sequence holds the
/// E subsets of the fit and then the one of the closing pass. It may be iterated any number of times and gives the same
/// subsets each time.
///
/// ```swift
/// let dataset = StreamingLogDataset(source: source, configuration: DatasetConfiguration(directory: folder))
/// for try await subset in dataset {
///     for try await batch in subset { … }
/// }
/// ```
public struct StreamingLogDataset: AsyncSequence, Sendable {
    private let preparation: Preparation
    private let start: DatasetState?

    /// A dataset over what a source holds; nothing is read yet.
    public init(source: any LogSource, configuration: DatasetConfiguration) {
        start = nil
        preparation = Preparation {
            let (table, report) = try await TableCollector(source: source, configuration: configuration).collect()
            return try await PreparedDataset(table: table, report: report, configuration: configuration)
        }
    }

    /// A dataset over a table that a collection left.
    public init(table: TemplateTable, configuration: DatasetConfiguration) {
        start = nil
        preparation = Preparation { try await PreparedDataset(table: table, configuration: configuration) }
    }

    /// The rest of a dataset: it goes on with the batch after those that `state` says are done, and the configuration
    /// is that which the training began with. Nothing is read but the table.
    ///
    /// Preparing it throws `invalidSetting` if the table or the seed are others.
    public init(resuming state: DatasetState, table: TemplateTable, configuration: DatasetConfiguration) {
        start = state
        preparation = Preparation {
            let prepared = try await PreparedDataset(table: table, configuration: configuration)
            try state.check(against: prepared)
            return prepared
        }
    }

    /// Reads the source, the first time, and makes its table ready.
    ///
    /// - Throws: `DatasetError`; every later call throws the same.
    public func prepare() async throws(DatasetError) -> PreparedDataset {
        try await preparation.value()
    }

    /// Starts at the first epoch.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Walks the subsets of a dataset. It belongs to one task.
    public struct Iterator: AsyncIteratorProtocol {
        private let dataset: StreamingLogDataset
        private var position: Int

        fileprivate init(_ dataset: StreamingLogDataset) {
            self.dataset = dataset
            position = dataset.start?.epoch ?? 0
        }

        /// The next subset: the fit's epochs, then the closing pass, then nil.
        ///
        /// - Throws: what `prepare` throws.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(DatasetError) -> Subset? {
            let prepared = try await dataset.prepare()
            defer { position += 1 }
            if position > prepared.summary.epochs { return nil }
            let subset = prepared.subset(position)
            guard let start = dataset.start, start.epoch == position else { return subset }
            return subset.dropping(batches: start.batch)
        }
    }
}

@available(*, unavailable)
extension StreamingLogDataset.Iterator: Sendable {}

/// Work that is done once, by whoever asks first, and awaited by all.
private final class Preparation: Sendable {
    private typealias Work = @Sendable () async throws -> PreparedDataset

    private struct State {
        var task: Task<PreparedDataset, any Error>?
        var waiting = 0
    }

    private let work: Work
    private let state = Mutex(State())

    init(_ work: @escaping @Sendable () async throws -> PreparedDataset) { self.work = work }

    func value() async throws(DatasetError) -> PreparedDataset {
        let task = join()
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            leave(task)
        }
        do {
            return try result.get()
        } catch {
            throw DatasetError(wrapping: error, as: .sourceFailed, "the dataset could not be prepared")
        }
    }

    /// The work under way, or begun anew where the last who waited for it has cancelled it.
    private func join() -> Task<PreparedDataset, any Error> {
        state.withLock { state in
            state.waiting += 1
            let earlier = state.task
            if let earlier, !earlier.isCancelled { return earlier }
            let task = Task { [work] in
                // Two would write into the same folder.
                _ = await earlier?.result
                return try await work()
            }
            (state.task, state.waiting) = (task, 1)
            return task
        }
    }

    /// Who is cancelled while others wait gets what they get; the last one ends the work.
    private func leave(_ task: Task<PreparedDataset, any Error>) {
        state.withLock { state in
            guard state.task == task else { return }
            state.waiting -= 1
            if state.waiting == 0 { task.cancel() }
        }
    }
}
