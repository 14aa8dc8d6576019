import CXXHash

/// The documents of a window that have been delivered, each with the scroll that last showed it: an open-addressing
/// table of 16 bytes a slot, at most three quarters full. One task at a time.
///
/// A slot holds 112 bits of the id and 16 of the scroll, so that looking one up is one access to memory.
final class IDSet {
    enum Insertion {
        /// Not delivered yet.
        case new
        /// Delivered by an earlier scroll over the same window.
        case known
        /// Shown twice by the same scroll, which no sound scroll does.
        case repeated
    }

    private struct Slot {
        var high: UInt64
        /// The scroll in the last 16 bits; all 0 where the slot is empty, for scrolls count from 1.
        var low: UInt64
    }

    private static let scrollBits: UInt64 = 0xFFFF

    private(set) var count = 0
    private var slots: UnsafeMutableBufferPointer<Slot>

    init(expecting documents: Int) { slots = IDSet.allocate(IDSet.capacity(for: documents)) }

    deinit { slots.deallocate() }

    private static func capacity(for documents: Int) -> Int { max(1024, min(documents / 3 * 4 + 4, 1 << 22)) }

    /// Forgets all, in the same memory where that is neither too small nor far too large.
    func removeAll(expecting documents: Int) {
        let capacity = IDSet.capacity(for: documents)
        count = 0
        if (capacity...4 * capacity).contains(slots.count) {
            slots.update(repeating: Slot(high: 0, low: 0))
        } else {
            slots.deallocate()
            slots = IDSet.allocate(capacity)
        }
    }

    /// Asks for the memory that an insertion will look at: one that has to wait for it takes ten times as long.
    func prefetch(_ id: DocumentID) {
        opnilog_prefetch(slots.baseAddress?.advanced(by: place(of: id.high)))
    }

    /// - Parameter scroll: the number of the scroll that shows the document, from 1.
    func insert(_ id: DocumentID, scroll: UInt16) -> Insertion {
        let slots = self.slots
        let low = id.low & ~IDSet.scrollBits
        var place = place(of: id.high)
        while true {
            let slot = slots[place]
            if slot.low & IDSet.scrollBits == 0 { break }
            if slot.high == id.high, slot.low & ~IDSet.scrollBits == low {
                slots[place].low = low | UInt64(scroll)
                return slot.low & IDSet.scrollBits == UInt64(scroll) ? .repeated : .known
            }
            place = self.place(after: place)
        }
        slots[place] = Slot(high: id.high, low: low | UInt64(scroll))
        count += 1
        if count * 4 > slots.count * 3 { grow() }
        return .new
    }

    /// Whether any scroll has shown a document.
    func contains(_ id: DocumentID) -> Bool {
        var place = place(of: id.high)
        while slots[place].low & IDSet.scrollBits != 0 {
            let slot = slots[place]
            if slot.high == id.high, (slot.low ^ id.low) & ~IDSet.scrollBits == 0 { return true }
            place = self.place(after: place)
        }
        return false
    }

    /// Where an id belongs, in tables of any size: the high half of the hash, which is there whole, as a part of all.
    private func place(of high: UInt64) -> Int {
        Int(truncatingIfNeeded: high.multipliedFullWidth(by: UInt64(truncatingIfNeeded: slots.count)).high)
    }

    private func place(after place: Int) -> Int { place + 1 < slots.count ? place + 1 : 0 }

    private func grow() {
        let old = slots
        slots = IDSet.allocate(old.count * 2)
        for slot in old where slot.low & IDSet.scrollBits != 0 {
            var place = place(of: slot.high)
            while slots[place].low & IDSet.scrollBits != 0 { place = self.place(after: place) }
            slots[place] = slot
        }
        old.deallocate()
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutableBufferPointer<Slot> {
        let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: capacity)
        slots.initialize(repeating: Slot(high: 0, low: 0))
        return slots
    }
}
