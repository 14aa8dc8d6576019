import Synchronization

/// What all windows of a reading share: the pool, the memory and the store of buckets.
final class CollectionResources: Sendable {
    /// Threads that mask and count.
    let pool: WorkerPool
    /// Threads that read files, one a window under way, so that a reader that waits holds no mask up.
    let readers: WorkerPool
    let pageGate: ByteGate
    let monitor: CollectionMonitor
    let cleaning: LineCleaning

    private let tableLimit: Int
    private let store: BucketStore
    private let tableBytes = Atomic<Int>(0)

    init(
        pool: WorkerPool, readers: WorkerPool, budget: MemoryBudget, store: BucketStore,
        monitor: CollectionMonitor, cleaning: LineCleaning = LineCleaning()
    ) {
        self.pool = pool
        self.readers = readers
        self.store = store
        self.monitor = monitor
        self.cleaning = cleaning
        pageGate = ByteGate(limit: budget.pages)
        tableLimit = budget.tables
    }

    func makeTable() -> CountTable {
        let table = CountTable()
        tableBytes.add(table.bytes, ordering: .relaxed)
        return table
    }

    func release(_ table: CountTable) {
        tableBytes.subtract(table.bytes, ordering: .relaxed)
    }

    /// Sends a table to disk as a run, and counts it no longer, when all tables together have outgrown their share of
    /// the memory.
    func spillIfOverBudget(_ table: CountTable, grownBy growth: Int) throws(DatasetError) -> Run? {
        let total = tableBytes.add(growth, ordering: .relaxed).newValue
        guard total > tableLimit, table.count > 0 else { return nil }
        let run = try write(table)
        release(table)
        return run
    }

    /// Writes what is left of a window's tables as its last run, and commits its bucket.
    func commit(_ bucket: Bucket, tables: [CountTable]) throws(DatasetError) {
        var bucket = bucket
        if let run = try merged(tables) { bucket.runs.append(run) }
        try store.commit(bucket)
    }

    /// One run of what is in all tables; nil when nothing was counted.
    private func merged(_ tables: [CountTable]) throws(DatasetError) -> Run? {
        defer { for table in tables { release(table) } }
        guard let first = tables.first else { return nil }
        let bytes = first.bytes
        for other in tables.dropFirst() { first.add(contentsOf: other) }
        tableBytes.add(first.bytes - bytes, ordering: .relaxed)
        return first.count == 0 ? nil : try write(first)
    }

    private func write(_ table: CountTable) throws(DatasetError) -> Run {
        let run = try table.spill(to: store.newPath())
        monitor.update { $0.spilledBytes += UInt64(run.bytes) }
        return run
    }
}
