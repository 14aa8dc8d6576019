/// A k-way merge of sorted segments into records in table order (hash, then bytes), equal texts summed.
struct Merge: ~Copyable {
    /// A segment being walked, with its current record.
    private final class Cursor {
        private var reader: RecordBlockReader
        private let isHeldOut: Bool
        var record: TemplateRecord

        /// Nil for an empty segment.
        init?(_ input: Input) throws(DatasetError) {
            reader = RecordBlockReader(try InputFile(opening: input.run.path), input.segment.bytes)
            isHeldOut = input.isHeldOut
            guard let first = try reader.next() else { return nil }
            record = first
            markHeldOut()
        }

        func advance() throws(DatasetError) -> Bool {
            guard let next = try reader.next() else { return false }
            record = next
            markHeldOut()
            return true
        }

        private func markHeldOut() {
            guard isHeldOut else { return }
            record = TemplateRecord(
                hash: record.hash, masked: record.masked, count: record.count, heldOut: record.count)
        }
    }

    struct Input {
        let run: Run
        let segment: Segment
        /// All lines of the segment are held out (its hour is); otherwise the records say so themselves.
        let isHeldOut: Bool
    }

    /// A binary heap, the least record first.
    private var heap: [Cursor] = []

    init(_ inputs: some Sequence<Input>) throws(DatasetError) {
        for input in inputs {
            if let cursor = try Cursor(input) { heap.append(cursor) }
        }
        for index in (0..<heap.count / 2).reversed() { siftDown(from: index) }
    }

    /// Calls `body` with each template once. Its text is lent for the call.
    mutating func forEach(_ body: (TemplateRecord) throws(DatasetError) -> Void) throws(DatasetError) {
        var same: [Cursor] = []
        while let first = popFirst() {
            same.append(first)
            var count = first.record.count
            var heldOut = first.record.heldOut
            while let next = heap.first, Merge.isSame(next.record, first.record), let equal = popFirst() {
                count += equal.record.count
                heldOut += equal.record.heldOut
                same.append(equal)
            }
            try body(
                TemplateRecord(hash: first.record.hash, masked: first.record.masked, count: count, heldOut: heldOut))
            for cursor in same where try cursor.advance() { push(cursor) }
            same.removeAll(keepingCapacity: true)
        }
    }

    private static func isSame(_ left: TemplateRecord, _ right: TemplateRecord) -> Bool {
        left.hash == right.hash && !bytesPrecede(left.masked, right.masked) && !bytesPrecede(right.masked, left.masked)
    }

    private static func precedes(_ left: Cursor, _ right: Cursor) -> Bool {
        if left.record.hash != right.record.hash { return left.record.hash < right.record.hash }
        return bytesPrecede(left.record.masked, right.record.masked)
    }

    private mutating func popFirst() -> Cursor? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown(from: 0)
        }
        return first
    }

    private mutating func push(_ cursor: Cursor) {
        heap.append(cursor)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Merge.precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(from index: Int) {
        var parent = index
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if Merge.precedes(heap[child], heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
