import Glibc

/// Counts of masked texts by hour, in memory: an open-addressing hash table whose texts lie in one arena.
///
/// Keyed by the 128-bit hash; the bytes are compared on a hit, so counts are exact whatever collides. Used by one
/// worker at a time; memory grows by doubling and goes with the table.
final class CountTable: @unchecked Sendable {
    // Handed from worker to worker under the lock of the window's `LogSink`, never used by two at once.

    struct Entry {
        let hash: UInt128
        let offset: Int
        var count: UInt64
        let length: UInt32
        let hour: Hour
    }

    private(set) var count = 0

    private var entries: UnsafeMutablePointer<Entry>
    private var entryCapacity: Int
    /// Entry number + 1 by slot; 0 is free. Its size is a power of two, at least twice `entryCapacity`.
    private var slots: UnsafeMutablePointer<UInt32>
    private var slotMask: Int
    private var arena: UnsafeMutableRawPointer
    private var arenaCapacity: Int
    private var arenaCount = 0

    private static let firstEntryCapacity = 1 << 10
    private static let firstArenaCapacity = 1 << 16

    init() {
        entryCapacity = CountTable.firstEntryCapacity
        entries = .allocate(capacity: entryCapacity)
        slotMask = (entryCapacity << 1) - 1
        slots = CountTable.freeSlots(slotMask + 1)
        arenaCapacity = CountTable.firstArenaCapacity
        arena = CountTable.grown(nil, to: arenaCapacity)
    }

    deinit {
        entries.deallocate()
        slots.deallocate()
        free(arena)
    }

    /// Bytes of memory held.
    var bytes: Int {
        entryCapacity * MemoryLayout<Entry>.stride + (slotMask + 1) * MemoryLayout<UInt32>.stride + arenaCapacity
    }

    func add(_ masked: UnsafeRawBufferPointer, hour: Hour, count added: UInt64 = 1) {
        let hash = contentHash(masked)
        var slot = firstSlot(hash, hour)
        while slots[slot] != 0 {
            let entry = entries + Int(slots[slot] - 1)
            if entry.pointee.hash == hash, entry.pointee.hour == hour, masked.elementsEqual(text(of: entry.pointee)) {
                entry.pointee.count += added
                return
            }
            slot = (slot + 1) & slotMask
        }
        if count == entryCapacity {
            growEntries()
            slot = freeSlot(hash, hour)
        }
        (entries + count).initialize(
            to: Entry(hash: hash, offset: arenaCount, count: added, length: UInt32(masked.count), hour: hour))
        count += 1
        slots[slot] = UInt32(count)
        append(masked)
    }

    /// Calls `body` with every entry in the order of buckets: hour, hash, bytes.
    func forEachSorted(_ body: (Hour, TemplateRecord) throws -> Void) rethrows {
        var order = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: count)
        defer { order.deallocate() }
        for index in 0..<count { order.initializeElement(at: index, to: UInt32(index)) }
        order.sort { precedes(entries[Int($0)], entries[Int($1)]) }
        for index in order {
            let entry = entries[Int(index)]
            try body(
                entry.hour,
                TemplateRecord(hash: entry.hash, masked: text(of: entry), count: entry.count, heldOut: 0))
        }
    }

    /// Adds every count of another table.
    func add(contentsOf other: CountTable) {
        for index in 0..<other.count {
            let entry = other.entries[index]
            add(other.text(of: entry), hour: entry.hour, count: entry.count)
        }
    }

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        if left.hour != right.hour { return left.hour < right.hour }
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
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: entryCapacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        entryCapacity *= 2
        slots.deallocate()
        slotMask = (entryCapacity << 1) - 1
        slots = CountTable.freeSlots(slotMask + 1)
        for index in 0..<count {
            slots[freeSlot(entries[index].hash, entries[index].hour)] = UInt32(index + 1)
        }
    }

    private func append(_ masked: UnsafeRawBufferPointer) {
        if arenaCount + masked.count > arenaCapacity {
            arenaCapacity = max(arenaCapacity * 2, arenaCount + masked.count)
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

    /// `realloc` moves large blocks without copying them, so growth does not stand in memory twice.
    private static func grown(_ arena: UnsafeMutableRawPointer?, to capacity: Int) -> UnsafeMutableRawPointer {
        guard let grown = realloc(arena, capacity) else {
            fatalError("memory is exhausted: \(capacity) bytes for the texts of a table were refused")
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
