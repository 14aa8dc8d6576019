import Glibc

/// Finds the id of a word by its bytes, without a `String`: open addressing with linear probing over an arena.
struct WordIndex: Sendable {
    /// One word; `id` below 0 marks a free slot.
    private struct Slot {
        var hash: UInt64 = 0
        var start = 0
        var count: Int32 = 0
        var id: Int32 = -1
    }

    private var slots: [Slot]
    private var arena: [UInt8] = []

    /// Indexes `words[first...]` under their positions. Of a word given twice the last one counts, as in the original.
    init(_ words: [String], from first: Int) {
        slots = Array(repeating: Slot(), count: WordIndex.capacity(for: words.count))
        for id in words.indices.dropFirst(first) { insert(Array(words[id].utf8), id: Int32(id)) }
    }

    /// The id of a word, or nil if it is unknown.
    ///
    /// - Parameters:
    ///   - word: The word's bytes.
    ///   - hash: `WordIndex.hash` of them.
    func id(of word: UnsafeRawBufferPointer, hash: UInt64) -> Int32? {
        slots.withUnsafeBufferPointer { slots in
            arena.withUnsafeBytes { arena in
                let mask = slots.count - 1
                var position = Int(truncatingIfNeeded: hash) & mask
                while slots[position].id >= 0 {
                    let slot = slots[position]
                    if slot.hash == hash, slot.count == word.count {
                        let own = UnsafeRawBufferPointer(rebasing: arena[slot.start..<slot.start + word.count])
                        if areEqual(own, word) {
                            return slot.id
                        }
                    }
                    position = (position + 1) & mask
                }
                return nil
            }
        }
    }

    private mutating func insert(_ word: [UInt8], id: Int32) {
        let hash = word.withUnsafeBytes { WordIndex.hash($0) }
        let mask = slots.count - 1
        var position = Int(truncatingIfNeeded: hash) & mask
        while slots[position].id >= 0 {
            let slot = slots[position]
            if slot.hash == hash, arena[slot.start..<slot.start + Int(slot.count)].elementsEqual(word) { break }
            position = (position + 1) & mask
        }
        slots[position] = Slot(hash: hash, start: arena.count, count: Int32(word.count), id: id)
        arena += word
    }

    /// A power of two that leaves at least half of the slots free.
    static func capacity(for words: Int) -> Int {
        var capacity = 16
        while capacity < words * 2 { capacity *= 2 }
        return capacity
    }
}

extension WordIndex {
    /// Start, step and end of a word's hash, a byte at a time so that it costs nothing beside the search for the
    /// space: FNV-1a, then the finalizer of MurmurHash3 because FNV's low bits are weak.
    static let hashSeed: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }

    @inline(__always)
    static func finish(_ hash: UInt64) -> UInt64 {
        var hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }

    /// The hash of a whole word.
    static func hash(_ word: UnsafeRawBufferPointer) -> UInt64 {
        var hash = hashSeed
        for byte in word { hash = mix(hash, byte) }
        return finish(hash)
    }
}

/// Whether two buffers of one size hold the same bytes.
@inline(__always)
func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard let leftStart = left.baseAddress, let rightStart = right.baseAddress else { return left.count == right.count }
    return memcmp(leftStart, rightStart, left.count) == 0
}
