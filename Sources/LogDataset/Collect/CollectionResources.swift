import Synchronization

/// What all windows of a reading share: the pool, the memory and the work directory.
final class CollectionResources: Sendable {
    /// Threads that mask and count.
    let pool: WorkerPool
    /// Threads that read files, one a window under way, so that a reader that waits holds no mask up.
    let readers: WorkerPool
    let pageGate: ByteGate
    let monitor: CollectionMonitor

    private let tableLimit: Int
    private let directory: WorkDirectory
    private let tableBytes = Atomic<Int>(0)

    init(
        pool: WorkerPool, readers: WorkerPool, budget: MemoryBudget, directory: WorkDirectory,
        monitor: CollectionMonitor
    ) {
        self.pool = pool
        self.readers = readers
        self.directory = directory
        self.monitor = monitor
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

    /// Sends a table to disk as a run when all tables together have outgrown their share of the memory.
    func spillIfOverBudget(_ table: CountTable, grownBy growth: Int) throws(DatasetError) -> Run? {
        let total = tableBytes.add(growth, ordering: .relaxed).newValue
        guard total > tableLimit, table.count > 0 else { return nil }
        let bytes = table.bytes
        let run = try write(table)
        table.reset()
        tableBytes.subtract(bytes - table.bytes, ordering: .relaxed)
        return run
    }

    /// Writes what is left of a window's tables as one run; nil when nothing was counted.
    func writeBucket(of tables: [CountTable]) throws(DatasetError) -> Run? {
        defer { for table in tables { release(table) } }
        guard let first = tables.first else { return nil }
        let bytes = first.bytes
        for other in tables.dropFirst() { first.add(contentsOf: other) }
        tableBytes.add(first.bytes - bytes, ordering: .relaxed)
        return first.count == 0 ? nil : try write(first)
    }

    private func write(_ table: CountTable) throws(DatasetError) -> Run {
        let run = try table.spill(to: directory.newPath())
        let bytes = UInt64(run.segments.last?.bytes.upperBound ?? 0)
        monitor.update { $0.spilledBytes += bytes }
        return run
    }
}
