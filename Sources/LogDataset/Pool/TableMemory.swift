import Synchronization

/// The bytes that all tables of counts of a reading hold, and which of them must go to disk.
///
/// What is held stays below the limit: a table is looked at whenever it has grown, and growth is by a quarter of it
/// (its slots double, which is less). Above the threshold every table goes to disk when it grows, but for those below
/// half of an equal share, since many tiny runs would cost more than they free: together they hold at most half of the
/// threshold again. A sixteenth of the limit is left for sorting.
final class TableMemory: Sendable {
    private let threshold: Int
    private let limit: Int
    private let held = Atomic<Int>(0)
    private let tables = Atomic<Int>(0)
    private let highest = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
        threshold = limit * 7 / 16
    }

    /// The most that was ever held at once.
    var peak: Int { highest.load(ordering: .relaxed) }

    func add(_ table: CountTable) {
        tables.add(1, ordering: .relaxed)
        grow(by: table.bytes)
    }

    func remove(_ table: CountTable) {
        tables.subtract(1, ordering: .relaxed)
        grow(by: -table.bytes)
    }

    /// Counts `bytes` more, or fewer.
    func grow(by bytes: Int) {
        highest.max(held.add(bytes, ordering: .relaxed).newValue, ordering: .relaxed)
    }

    /// Whether a table that has just grown is to go to disk.
    func mustSpill(_ table: CountTable) -> Bool {
        guard held.load(ordering: .relaxed) > threshold, table.count > 0 else { return false }
        return table.bytes >= threshold / (2 * max(1, tables.load(ordering: .relaxed)))
    }

    /// Whether there is room for so many bytes more.
    func hasRoom(for bytes: Int) -> Bool { held.load(ordering: .relaxed) + bytes <= threshold }
}
