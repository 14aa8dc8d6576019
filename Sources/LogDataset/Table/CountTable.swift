import Glibc

/// Counts of masked texts by hour, in memory: an open-addressing hash table whose texts lie in one arena.
///
/// Keyed by the 128-bit hash; the bytes are compared on a hit, so counts are exact whatever collides. Memory goes with
/// the table. Used by one worker at a time, hence `@unchecked Sendable`.
package final class CountTable: @unchecked Sendable {
    // Handed from worker to worker under the lock of the window's `LogSink`, never used by two at once.

    struct Entry {
        // Two halves: a `UInt128` would make an entry 48 bytes long instead of 40.
        let high: UInt64
        let low: UInt64
        let offset: Int
        var count: UInt64
        let length: UInt32
        let hour: Hour

        var hash: UInt128 { UInt128(high) << 64 | UInt128(low) }
    }

    package private(set) var count = 0

    private var entries: UnsafeMutablePointer<Entry>
    private var entryCapacity: Int
    /// Entry number + 1 by slot; 0 is free. Its size is a power of two, at least twice `count`.
    private var slots: UnsafeMutablePointer<UInt32>
    private var slotMask: Int
    private var arena: UnsafeMutableRawPointer
    private var arenaCapacity: Int
    private var arenaCount = 0

    private static let firstEntryCapacity = 1 << 8
    private static let firstArenaCapacity = 1 << 14

    /// What is small doubles; later growth is by a quarter, so that little of the budget lies idle.
    private static func next(_ capacity: Int, small: Int) -> Int {
        capacity < small ? capacity * 2 : capacity + capacity / 4
    }

    package init() {
        entryCapacity = CountTable.firstEntryCapacity
        entries = CountTable.entries(nil, entryCapacity)
        slotMask = (entryCapacity << 1) - 1
        slots = CountTable.freeSlots(slotMask + 1)
        arenaCapacity = CountTable.firstArenaCapacity
        arena = CountTable.grown(nil, to: arenaCapacity)
    }

    deinit {
        free(entries)
        slots.deallocate()
        free(arena)
    }

    /// Bytes of memory held.
    var bytes: Int {
        entryCapacity * MemoryLayout<Entry>.stride + (slotMask + 1) * MemoryLayout<UInt32>.stride + arenaCapacity
    }

    /// Bytes that `forEachSorted` takes while it runs: its keys, and half as many that a sort needs besides.
    var bytesToSort: Int { count * MemoryLayout<SortKey>.stride * 3 / 2 }

    /// Counts a text.
    ///
    /// - Returns: the number of its entry.
    @discardableResult
    package func add(_ masked: UnsafeRawBufferPointer, hour: Hour, count added: UInt64 = 1) -> Int {
        let hash = contentHash(masked)
        var slot = firstSlot(hash, hour)
        while slots[slot] != 0 {
            let entry = entries + Int(slots[slot] - 1)
            if entry.pointee.hash == hash, entry.pointee.hour == hour, masked.elementsEqual(text(of: entry.pointee)) {
                entry.pointee.count += added
                return Int(slots[slot] - 1)
            }
            slot = (slot + 1) & slotMask
        }
        if count == entryCapacity { growEntries() }
        (entries + count).initialize(
            to: Entry(
                high: UInt64(truncatingIfNeeded: hash >> 64), low: UInt64(truncatingIfNeeded: hash), offset: arenaCount,
                count: added, length: UInt32(masked.count), hour: hour))
        count += 1
        if count * 2 > slotMask { growSlots() } else { slots[slot] = UInt32(count) }
        append(masked)
        return count - 1
    }

    /// Calls `body` with every entry in the order of buckets: hour, hash, bytes.
    func forEachSorted(_ body: (Hour, TemplateRecord) throws -> Void) rethrows {
        var order = UnsafeMutableBufferPointer<SortKey>.allocate(capacity: count)
        defer { order.deallocate() }
        for index in 0..<count {
            let entry = entries[index]
            order.initializeElement(at: index, to: SortKey(hour: entry.hour, index: UInt32(index), high: entry.high))
        }
        order.sort {
            if $0.hour != $1.hour { return $0.hour < $1.hour }
            if $0.high != $1.high { return $0.high < $1.high }
            return precedes(entries[Int($0.index)], entries[Int($1.index)])
        }
        for key in order {
            let entry = entries[Int(key.index)]
            try body(
                entry.hour,
                TemplateRecord(hash: entry.hash, masked: text(of: entry), count: entry.count, heldOut: 0))
        }
    }

    /// The count of a text; 0 if it is not there.
    func count(of masked: UnsafeRawBufferPointer, hour: Hour) -> UInt64 {
        let hash = contentHash(masked)
        var slot = firstSlot(hash, hour)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot] - 1)]
            if entry.hash == hash, entry.hour == hour, masked.elementsEqual(text(of: entry)) { return entry.count }
            slot = (slot + 1) & slotMask
        }
        return 0
    }

    /// Calls `body` with the number and the text of every entry, in the order in which they came.
    package func forEach(_ body: (Int, UnsafeRawBufferPointer) -> Void) {
        for index in 0..<count { body(index, text(of: entries[index])) }
    }

    /// Adds every count of another table.
    func add(contentsOf other: CountTable) {
        for index in 0..<other.count {
            let entry = other.entries[index]
            add(other.text(of: entry), hour: entry.hour, count: entry.count)
        }
    }

    /// What almost always tells the order of two entries, in one place: entries lie all over the memory.
    private struct SortKey {
        let hour: Hour
        let index: UInt32
        let high: UInt64
    }

    /// The order of two entries of one hour.
    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        if left.hash != right.hash { return left.hash < right.hash }
        return bytesPrecede(text(of: left), text(of: right))
    }

    private func text(of entry: Entry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: arena + entry.offset, count: Int(entry.length))
    }

    @inline(__always)
    private func firstSlot(_ hash: UInt128, _ hour: Hour) -> Int {
        // The low half of XXH3 is mixed well; the hour is spread by a multiplication with 2^64 / golden ratio.
        let mixed =
            UInt64(truncatingIfNeeded: hash) ^ (UInt64(UInt32(bitPattern: hour.number)) &* 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: mixed) & slotMask
    }

    private func freeSlot(_ hash: UInt128, _ hour: Hour) -> Int {
        var slot = firstSlot(hash, hour)
        while slots[slot] != 0 { slot = (slot + 1) & slotMask }
        return slot
    }

    private func growEntries() {
        entryCapacity = CountTable.next(entryCapacity, small: 1 << 10)
        entries = CountTable.entries(entries, entryCapacity)
    }

    /// Doubles the slots and finds one for each entry anew.
    private func growSlots() {
        slots.deallocate()
        slotMask = (slotMask << 1) | 1
        slots = CountTable.freeSlots(slotMask + 1)
        for index in 0..<count {
            slots[freeSlot(entries[index].hash, entries[index].hour)] = UInt32(index + 1)
        }
    }

    private func append(_ masked: UnsafeRawBufferPointer) {
        if arenaCount + masked.count > arenaCapacity {
            arenaCapacity = max(CountTable.next(arenaCapacity, small: 1 << 16), arenaCount + masked.count)
            arena = CountTable.grown(arena, to: arenaCapacity)
        }
        if let source = masked.baseAddress { memcpy(arena + arenaCount, source, masked.count) }
        arenaCount += masked.count
    }

    private static func freeSlots(_ count: Int) -> UnsafeMutablePointer<UInt32> {
        let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        slots.initialize(repeating: 0, count: count)
        return slots
    }

    private static func entries(_ entries: UnsafeMutablePointer<Entry>?, _ capacity: Int) -> UnsafeMutablePointer<Entry>
    {
        // Entries are plain values, so they may be moved as bytes.
        grown(entries, to: capacity * MemoryLayout<Entry>.stride).bindMemory(to: Entry.self, capacity: capacity)
    }

    /// `realloc` moves large blocks without copying them, so growth does not stand in memory twice.
    private static func grown(_ memory: UnsafeMutableRawPointer?, to capacity: Int) -> UnsafeMutableRawPointer {
        guard let grown = realloc(memory, capacity) else {
            fatalError("memory is exhausted: \(capacity) bytes for a table of templates were refused")
        }
        return grown
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    fileprivate func elementsEqual(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let left = baseAddress, let right = other.baseAddress else { return true }
        return memcmp(left, right, count) == 0
    }
}

/// Whether `left` comes before `right` in the order of unsigned bytes, a prefix first.
func bytesPrecede(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    if let first = left.baseAddress, let second = right.baseAddress {
        let order = memcmp(first, second, min(left.count, right.count))
        if order != 0 { return order < 0 }
    }
    return left.count < right.count
}
