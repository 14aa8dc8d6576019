/// The documents of a window that have been delivered, each with the scroll that last showed it: an open-addressing
/// table of 18 bytes a slot, at most three quarters full. One task at a time.
final class IDSet {
    enum Insertion {
        /// Not delivered yet.
        case new
        /// Delivered by an earlier scroll over the same window.
        case known
        /// Shown twice by the same scroll, which no sound scroll does.
        case repeated
    }

    private(set) var count = 0
    private var mask: Int
    private var ids: UnsafeMutablePointer<DocumentID>
    /// The scroll of each slot, from 1; 0 where the slot is empty.
    private var scrolls: UnsafeMutablePointer<UInt16>

    init(expecting documents: Int) {
        var capacity = 1024
        while capacity * 3 < documents * 4, capacity < 1 << 22 { capacity *= 2 }
        mask = capacity - 1
        (ids, scrolls) = IDSet.allocate(capacity)
    }

    deinit { release() }

    /// Bytes that it takes.
    var bytes: Int { (mask + 1) * (MemoryLayout<DocumentID>.stride + MemoryLayout<UInt16>.stride) }

    /// - Parameter scroll: the number of the scroll that shows the document, from 1.
    func insert(_ id: DocumentID, scroll: UInt16) -> Insertion {
        // The low half is mixed well by the hash.
        var slot = Int(truncatingIfNeeded: id.low) & mask
        while scrolls[slot] != 0 {
            if ids[slot] == id {
                defer { scrolls[slot] = scroll }
                return scrolls[slot] == scroll ? .repeated : .known
            }
            slot = (slot + 1) & mask
        }
        ids[slot] = id
        scrolls[slot] = scroll
        count += 1
        if count * 4 > (mask + 1) * 3 { grow() }
        return .new
    }

    func contains(_ id: DocumentID) -> Bool {
        var slot = Int(truncatingIfNeeded: id.low) & mask
        while scrolls[slot] != 0 {
            if ids[slot] == id { return true }
            slot = (slot + 1) & mask
        }
        return false
    }

    private func grow() {
        let (oldIDs, oldScrolls, oldCapacity) = (ids, scrolls, mask + 1)
        mask = oldCapacity * 2 - 1
        (ids, scrolls) = IDSet.allocate(oldCapacity * 2)
        for old in 0..<oldCapacity where oldScrolls[old] != 0 {
            var slot = Int(truncatingIfNeeded: oldIDs[old].low) & mask
            while scrolls[slot] != 0 { slot = (slot + 1) & mask }
            ids[slot] = oldIDs[old]
            scrolls[slot] = oldScrolls[old]
        }
        oldIDs.deallocate()
        oldScrolls.deallocate()
    }

    private func release() {
        ids.deallocate()
        scrolls.deallocate()
    }

    private static func allocate(
        _ capacity: Int
    ) -> (UnsafeMutablePointer<DocumentID>, UnsafeMutablePointer<UInt16>) {
        let scrolls = UnsafeMutablePointer<UInt16>.allocate(capacity: capacity)
        scrolls.initialize(repeating: 0, count: capacity)
        // Read only where the scroll is not 0, so they need no first value.
        return (.allocate(capacity: capacity), scrolls)
    }
}
