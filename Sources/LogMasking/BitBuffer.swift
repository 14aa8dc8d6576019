import CBytes

/// The bitmaps of one text after another, with a block of zeros before and behind them.
struct BitBuffer: ~Copyable {
    private static var firstCapacity: Int { 64 }
    private static var keptCapacity: Int { MaskBuffer.keptCapacity / Int(OPNILOG_BYTES_BLOCK) }

    private var memory: UnsafeMutablePointer<UInt64>
    private var capacity = firstCapacity
    private let tables = BitClass.tables

    init() { memory = Self.allocated(Self.firstCapacity) }

    deinit { memory.deallocate() }

    private static func allocated(_ blocks: Int) -> UnsafeMutablePointer<UInt64> {
        let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: (blocks + 2) * MaskText.wordsPerBlock)
        memory.initialize(repeating: 0, count: MaskText.wordsPerBlock)
        return memory
    }

    private mutating func reserve(_ blocks: Int) {
        guard blocks > capacity else { return }
        capacity = max(blocks, 2 * capacity)
        memory.deallocate()
        memory = Self.allocated(capacity)
    }

    /// Gives the memory back if a huge line made it grow.
    mutating func shrink() {
        guard capacity > Self.keptCapacity else { return }
        self = BitBuffer()
    }

    /// Makes the bitmaps of a sealed text.
    mutating func classify(_ text: borrowing MaskBuffer) -> MaskText {
        let blocks = (text.count + Int(OPNILOG_BYTES_BLOCK) - 1) / Int(OPNILOG_BYTES_BLOCK)
        reserve(blocks)
        let words = memory + MaskText.wordsPerBlock
        let seen = SeenClasses(bits: opnilog_bytes_classify(tables, text.base, blocks, words))
        (words + blocks * MaskText.wordsPerBlock).initialize(repeating: 0, count: MaskText.wordsPerBlock)
        return MaskText(text.base, count: text.count, words: words, seen: seen)
    }
}
