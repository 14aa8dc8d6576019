import LogMasking

/// Reads a source once, whole, and leaves its table in a folder.
public struct TableCollector: Sendable {
    /// The file a collection leaves in its folder.
    public static let fileName = "templates.table"

    let source: any LogSource
    let configuration: DatasetConfiguration

    /// A reading of `source` into `configuration.directory`.
    public init(source: any LogSource, configuration: DatasetConfiguration) {
        self.source = source
        self.configuration = configuration
    }

    /// Reads every window, several at once, and merges their buckets into the table.
    ///
    /// With `configuration.checkpoint`, every window that was read whole is kept, whatever ends this run, and a later
    /// one with `configuration.resumes` reads only the others. Whoever uses the table calls
    /// `CollectionCheckpoint.discard(in:)` when a complete run needs nothing of it any more.
    ///
    /// - Returns: the table and what was read for it; `report.holes` says whether something is missing.
    /// - Throws: `DatasetError`: the source failed, holds no usable log or too many bad lines, the disk is full, the
    ///   settings are not those of the run to go on with, something is missing though `requiresComplete`, or the task
    ///   was cancelled. Without a checkpoint nothing is left behind then but what stood there before; with one, what
    ///   was read stays.
    public func collect() async throws(DatasetError) -> (table: TemplateTable, report: CollectionReport) {
        guard let checkpoint = configuration.checkpoint else {
            let store = try BucketStore(temporaryIn: configuration.directory, disk: configuration.disk)
            defer { store.remove() }
            return try await collect(into: store)
        }
        let (store, table) = try await open(checkpoint)
        if let table { return (table, report(of: store)) }
        do throws(DatasetError) {
            return try await collect(into: store)
        } catch {
            // Nothing was read that would have to be read again. What an earlier run has left is not this one's to
            // remove.
            if !configuration.resumes, store.windows.allSatisfy({ $0.tally.lines == 0 }) { store.remove() }
            throw error
        }
    }

    private func collect(
        into store: BucketStore
    ) async throws(DatasetError) -> (table: TemplateTable, report: CollectionReport) {
        let parallel = max(1, configuration.parallelWindows ?? configuration.workers)
        return try await withWorkerPool(count: configuration.workers, masking: configuration.masking) {
            pool throws(DatasetError) in
            try await withWorkerPool(count: parallel) { readers throws(DatasetError) in
                let resources = CollectionResources(
                    pool: pool, readers: readers, budget: configuration.memory, store: store,
                    monitor: configuration.monitor, cleaning: configuration.cleaning)
                let stopped = try await readWindows(resources, store, parallel: parallel)
                let report = try await reportAtEnd(store, stopped)
                if configuration.requiresComplete, !report.holes.isEmpty { throw .incomplete(report.holes) }
                try report.checkUsable(maximumBadShare: configuration.maximumBadShare)
                return (try await merge(store, pool, report), report)
            }
        }
    }

    func merge(
        _ store: BucketStore, _ pool: WorkerPool, _ report: CollectionReport
    ) async throws(DatasetError) -> TemplateTable {
        configuration.onEvent?(.merging)
        let path = tablePath
        let merge = TableMerge(
            of: store, budget: configuration.memory, rules: configuration.masking.rules,
            cleaning: configuration.cleaning, monitor: configuration.monitor)
        try await CancellationFlag.scope { flag throws(DatasetError) in
            try await pool.run { _ throws(DatasetError) in try merge.write(to: path, cancellation: flag) }
        }
        let table = try TemplateTable(opening: path)
        guard store.isDurable else { return table }
        let digest = table.metadata.tableDigest
        if report.isComplete {
            try store.finish(tableDigest: digest, exclusions: report.exclusions, keepsRuns: configuration.keepsHours)
        } else {
            let ofWindows = store.windows.reduce(0) { $0 + $1.holes.count }
            try store.note(
                BucketJournal.PartialTable(
                    digest: digest, holesAtEnd: Array(report.holes.dropFirst(ofWindows)), stopped: report.stopped,
                    exclusions: report.exclusions))
        }
        return table
    }

    /// What was read for a table that stands there.
    private func report(of store: BucketStore) -> CollectionReport {
        guard let partial = store.partial else { return report(store, [], nil, store.exclusions) }
        return report(store, partial.holesAtEnd, partial.stopped, partial.exclusions)
    }

    /// Reads what the store does not hold already.
    ///
    /// - Returns: how a limit ended it early; nil if none did.
    func readWindows(
        _ resources: CollectionResources, _ store: BucketStore, parallel: Int
    ) async throws(DatasetError) -> StoppedReading? {
        let committed = store.windows
        if let plan = store.plan { source.goOn(with: plan) }
        let planned = try await wrapped { try await source.windows(excluding: committed.map(\.committed)) }
        try checkNames(planned, committed)
        try keepPlan(in: store)
        let parallel = min(parallel, source.windowsAtOnce ?? parallel)
        let left = try await reuse(planned, store)
        if let limits = configuration.limits {
            return try await readWithin(limits, left, resources, store, parallel: parallel)
        }
        let windows = configuration.readsInSeededOrder ? inOrder(left) : left
        startMonitor(windows, store.windows)
        try await wrapped {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, window) in windows.enumerated() {
                    if index >= parallel { try await group.next() }
                    group.addTask { try await read(window, resources) }
                }
                try await group.waitForAll()
            }
        }
        return nil
    }

    private func keepPlan(in store: BucketStore) throws(DatasetError) {
        let plan = source.planToKeep()
        if plan != store.plan ?? [] { try store.keep(plan: plan) }
    }

    func read(_ window: LogWindow, _ resources: CollectionResources) async throws {
        let sink = LogSink(window: window, resources: resources)
        do {
            try await source.read(window, into: sink)
        } catch {
            // The pool's threads still hold pages of this window; they end before the error goes on.
            await sink.drain()
            throw error
        }
        try await sink.finish()
        configuration.monitor.update { $0.windows += 1 }
    }

    /// A window is told from all others by its name: two of one name would count as one.
    private func checkNames(
        _ windows: [LogWindow], _ committed: [BucketJournal.Window]
    ) throws(DatasetError) {
        var names = Set(committed.map(\.name))
        for window in windows where !names.insert(window.name).inserted {
            throw DatasetError(
                .sourceFailed,
                "\(source.name) has two windows named \(window.name); a source gives each a name of its own")
        }
    }

    func startMonitor(_ windows: [LogWindow], _ committed: [BucketJournal.Window]) {
        let expected = windows.map { $0.expectedDocuments }
        let read = committed.reduce(0) { $0 + $1.tally.documents }
        configuration.monitor.update { monitor in
            monitor.windows = committed.count
            monitor.windowsTotal = windows.count + committed.count
            monitor.documents = read
            monitor.documentsKept = read
            // 0, unknown, stays unknown.
            let rest = expected.reduce(0) { $0 + UInt64($1 ?? 0) }
            monitor.documentsExpected = rest == 0 && !expected.isEmpty ? 0 : rest + read
        }
    }

    /// What was read, and what turns out to be missing or left out once it was.
    func reportAtEnd(
        _ store: BucketStore, _ stopped: StoppedReading?
    ) async throws(DatasetError) -> CollectionReport {
        let holes = try await wrapped { try await source.holesAtEnd() }
        let exclusions = try await wrapped { try await source.exclusions() }
        return report(store, holes, stopped, exclusions)
    }

    private func report(
        _ store: BucketStore, _ holesAtEnd: [Hole], _ stopped: StoppedReading? = nil, _ exclusions: [Exclusion] = []
    ) -> CollectionReport {
        CollectionReport(
            source: source.name, windows: store.windows, holesAtEnd: holesAtEnd, stopped: stopped,
            exclusions: exclusions)
    }

    var tablePath: String { "\(configuration.directory)/\(TableCollector.fileName)" }

    func wrapped<R>(_ body: () async throws -> R) async throws(DatasetError) -> R {
        do {
            return try await body()
        } catch {
            throw DatasetError(wrapping: error, as: .sourceFailed, "the logs of \(source.name) could not be read")
        }
    }
}
