/// Exact counts of words within a byte budget: a hash table over an arena.
struct WordCounts {
    private struct Entry {
        var hash: UInt64
        var count: UInt64
        var start: Int
        var length: Int
    }

    private let budget: Int
    private var entries: [Entry] = []
    private var arena: [UInt8] = []
    /// Positions in `entries`; -1 is free.
    private var slots = [Int32](repeating: -1, count: 1 << 10)

    /// - Parameter budget: Bytes the counts may take, growth of their arrays included.
    init(budget: Int) { self.budget = budget }

    /// The number of distinct words.
    var distinct: Int { entries.count }

    /// Adds `count` occurrences of a word.
    ///
    /// - Returns: False if the word is new and there is no room for it; nothing is counted then.
    mutating func add(_ word: UnsafeRawBufferPointer, hash: UInt64, count: UInt64) -> Bool {
        let mask = slots.count - 1
        var position = Int(truncatingIfNeeded: hash) & mask
        while slots[position] >= 0 {
            let index = Int(slots[position])
            if entries[index].hash == hash, holds(entries[index], word) {
                entries[index].count = saturatingAdd(entries[index].count, count)
                return true
            }
            position = (position + 1) & mask
        }
        guard bytesIfGrown(by: word.count) <= budget, entries.count < Int(Int32.max) else { return false }
        slots[position] = Int32(entries.count)
        entries.append(Entry(hash: hash, count: count, start: arena.count, length: word.count))
        arena.append(contentsOf: word)
        if entries.count * 2 > slots.count { rehash() }
        return true
    }

    /// Calls `body` with each word and its count, in the order of first sight.
    func forEach(_ body: (UnsafeRawBufferPointer, UInt64) -> Void) {
        arena.withUnsafeBytes { arena in
            for entry in entries {
                body(UnsafeRawBufferPointer(rebasing: arena[entry.start..<entry.start + entry.length]), entry.count)
            }
        }
    }

    private func holds(_ entry: Entry, _ word: UnsafeRawBufferPointer) -> Bool {
        entry.length == word.count
            && arena.withUnsafeBytes {
                areEqual(UnsafeRawBufferPointer(rebasing: $0[entry.start..<entry.start + entry.length]), word)
            }
    }

    /// An upper bound of the memory after one more word: an array that doubles holds its old and its new storage at
    /// once, at most three times what is in it.
    private func bytesIfGrown(by length: Int) -> Int {
        3 * (arena.count + length + (entries.count + 1) * MemoryLayout<Entry>.stride)
            + 3 * slots.count * MemoryLayout<Int32>.stride
    }

    private mutating func rehash() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        let mask = slots.count - 1
        for (index, entry) in entries.enumerated() {
            var position = Int(truncatingIfNeeded: entry.hash) & mask
            while slots[position] >= 0 { position = (position + 1) & mask }
            slots[position] = Int32(index)
        }
    }
}

/// The sum, or the largest number where the sum has no room: counts of a real table never reach it.
func saturatingAdd(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
}
