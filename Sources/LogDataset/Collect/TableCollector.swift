import LogMasking

/// Reads a source once, whole, and leaves its table in a folder.
public struct TableCollector: Sendable {
    /// The file a collection leaves in its folder.
    public static let fileName = "templates.table"

    private let source: any LogSource
    private let configuration: DatasetConfiguration

    /// A reading of `source` into `configuration.directory`.
    public init(source: any LogSource, configuration: DatasetConfiguration) {
        self.source = source
        self.configuration = configuration
    }

    /// Reads every window, several at once, and merges their buckets into the table.
    ///
    /// - Throws: `DatasetError`: the source failed, holds no usable log or too many bad lines, the disk is full, or
    ///   the task was cancelled. Nothing is left behind then but what stood there before.
    public func collect() async throws(DatasetError) -> (table: TemplateTable, report: CollectionReport) {
        let directory = try WorkDirectory(in: configuration.directory)
        let parallel = max(1, configuration.parallelWindows ?? configuration.workers)
        return try await withWorkerPool(count: configuration.workers, masking: configuration.masking) {
            pool throws(DatasetError) in
            try await withWorkerPool(count: parallel) { readers throws(DatasetError) in
                let resources = CollectionResources(
                    pool: pool, readers: readers, budget: configuration.memory, directory: directory,
                    monitor: configuration.monitor)
                let buckets = try await readWindows(resources, parallel: parallel)
                let report = CollectionReport(source: source.name, buckets: buckets)
                try report.checkUsable(maximumBadShare: configuration.maximumBadShare)
                let path = "\(configuration.directory)/\(TableCollector.fileName)"
                let merge = TableMerge(
                    buckets: buckets, directory: directory, budget: configuration.memory,
                    rules: configuration.masking.rules)
                try await CancellationFlag.scope { flag throws(DatasetError) in
                    try await pool.run { _ throws(DatasetError) in try merge.write(to: path, cancellation: flag) }
                }
                return (try TemplateTable(opening: path), report)
            }
        }
    }

    /// The buckets of all windows, in the source's own order.
    private func readWindows(
        _ resources: CollectionResources, parallel: Int
    ) async throws(DatasetError) -> [Bucket] {
        let windows = try await wrapped { try await source.windows() }
        let expected = windows.reduce(0) { $0 + UInt64($1.expectedDocuments ?? 0) }
        configuration.monitor.update { monitor in
            monitor.windowsTotal = windows.count
            monitor.documentsExpected = expected
        }
        let indexed = try await wrapped {
            try await withThrowingTaskGroup(of: (Int, Bucket).self) { group in
                var buckets: [(Int, Bucket)] = []
                for (index, window) in windows.enumerated() {
                    if index >= parallel, let bucket = try await group.next() { buckets.append(bucket) }
                    group.addTask { (index, try await read(window, resources)) }
                }
                for try await bucket in group { buckets.append(bucket) }
                return buckets
            }
        }
        return indexed.sorted { $0.0 < $1.0 }.map { $0.1 }
    }

    private func read(_ window: LogWindow, _ resources: CollectionResources) async throws -> Bucket {
        let sink = LogSink(window: window, resources: resources)
        do {
            try await source.read(window, into: sink)
        } catch {
            // The pool's threads still hold pages of this window; they end before the error goes on.
            await sink.drain()
            throw error
        }
        let bucket = try await sink.finish()
        configuration.monitor.update { $0.windows += 1 }
        return bucket
    }

    private func wrapped<R>(_ body: () async throws -> R) async throws(DatasetError) -> R {
        do {
            return try await body()
        } catch {
            throw DatasetError(wrapping: error, as: .sourceFailed, "the logs of \(source.name) could not be read")
        }
    }
}
