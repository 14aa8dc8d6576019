/// What all windows of a reading share: the pool, the memory and the store of buckets.
final class CollectionResources: Sendable {
    /// Threads that mask and count.
    let pool: WorkerPool
    /// Threads that read files, one a window under way, so that a reader that waits holds no mask up.
    let readers: WorkerPool
    let pageGate: ByteGate
    let monitor: CollectionMonitor
    /// Numbers the pages of the original's draw; nil for every other reading.
    let pages: PageNumbers?
    let cleaning: LineCleaning

    private let memory: TableMemory
    private let store: BucketStore

    init(
        pool: WorkerPool, readers: WorkerPool, budget: MemoryBudget, store: BucketStore,
        monitor: CollectionMonitor, cleaning: LineCleaning = LineCleaning(), pages: PageNumbers? = nil
    ) {
        self.pool = pool
        self.readers = readers
        self.store = store
        self.monitor = monitor
        self.pages = pages
        self.cleaning = cleaning
        pageGate = ByteGate(limit: budget.pages)
        memory = TableMemory(limit: budget.tables)
    }

    func makeTable() -> CountTable {
        let table = CountTable()
        memory.add(table)
        return table
    }

    func release(_ table: CountTable) {
        memory.remove(table)
        monitor.update { $0.tableBytesPeak = memory.peak }
    }

    /// Sends a table that has grown to disk as a run, and counts it no longer, when all tables together have outgrown
    /// their share of the memory.
    func spillIfOverBudget(_ table: CountTable, grownBy growth: Int) throws(DatasetError) -> Run? {
        memory.grow(by: growth)
        guard memory.mustSpill(table) else { return nil }
        let run = try write(table)
        release(table)
        return run
    }

    /// Writes what is left of a window's tables as its last runs, and commits its bucket.
    func commit(_ bucket: Bucket, tables: [CountTable]) throws(DatasetError) {
        var bucket = bucket
        var tables = tables[...]
        defer { for table in tables { release(table) } }
        while let first = tables.popFirst() {
            defer { release(first) }
            // One run takes less than several with the same texts, if there is room to make it.
            while let other = tables.first, memory.hasRoom(for: other.bytes) {
                let bytes = first.bytes
                first.add(contentsOf: other)
                memory.grow(by: first.bytes - bytes)
                release(other)
                tables.removeFirst()
            }
            if first.count > 0 { bucket.runs.append(try write(first)) }
        }
        try store.commit(bucket)
    }

    private func write(_ table: CountTable) throws(DatasetError) -> Run {
        memory.grow(by: table.bytesToSort)
        defer { memory.grow(by: -table.bytesToSort) }
        let run = try table.spill(to: store.newPath(), on: store.disk)
        monitor.update { $0.spilledBytes += UInt64(run.bytes) }
        return run
    }
}
