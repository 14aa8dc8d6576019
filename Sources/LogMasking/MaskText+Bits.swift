extension MaskText {
    /// The word of a class for the block that holds the byte at `index`.
    @inline(__always)
    private func word(_ bitClass: BitClass, _ block: Int) -> UInt64 {
        words[block * MaskText.wordsPerBlock + bitClass.rawValue]
    }

    /// Whether the byte at `index` is in the class.
    @inline(__always)
    func has(_ bitClass: BitClass, at index: Int) -> Bool {
        word(bitClass, index >> 6) &>> UInt64(index & 63) & 1 != 0
    }

    /// The first bit at or after `index` of the words that `bits` makes of each block; `count` if there is none.
    @inline(__always)
    private mutating func first(from index: Int, _ bits: (Int) -> UInt64) -> Int {
        var block = index >> 6
        guard block < blocks else { return count }
        var found = bits(block) & ~0 &<< UInt64(index & 63)
        steps &+= 1
        while found == 0 {
            block += 1
            if block == blocks { return count }
            found = bits(block)
            steps &+= 1
        }
        return min(block << 6 + found.trailingZeroBitCount, count)
    }

    /// The first byte at or after `index` that is in the class; `count` if there is none.
    @inline(__always)
    mutating func next(_ bitClass: BitClass, from index: Int) -> Int {
        let text = self
        return first(from: index) { text.word(bitClass, $0) }
    }

    /// End of the run of bytes of the class that starts at `index`.
    @inline(__always)
    mutating func end(ofBits bitClass: BitClass, from index: Int) -> Int {
        let text = self
        return first(from: index) { ~text.word(bitClass, $0) }
    }

    /// End of the mask that starts at `index`.
    @inline(__always)
    mutating func endOfMask(at index: Int) -> Int {
        let text = self
        return first(from: index + 1) { ~text.word(.masked, $0) | text.word(.start, $0) }
    }

    /// Behind the last bit before `index` of the words that `bits` makes of each block; `limit` if it is not after it.
    @inline(__always)
    private mutating func last(before index: Int, limit: Int, _ bits: (Int) -> UInt64) -> Int {
        guard index > limit else { return limit }
        var block = (index - 1) >> 6
        var found = bits(block) & ~0 &>> UInt64(63 - (index - 1) & 63)
        steps &+= 1
        while found == 0 {
            if block << 6 <= limit { return limit }
            block -= 1
            found = bits(block)
            steps &+= 1
        }
        return max(block << 6 + 64 - found.leadingZeroBitCount, limit)
    }

    /// Start of the run of bytes of the class that ends before `index`, not before `limit`.
    @inline(__always)
    mutating func start(ofBits bitClass: BitClass, before index: Int, limit: Int) -> Int {
        let text = self
        return last(before: index, limit: limit) { ~text.word(bitClass, $0) }
    }

    /// Behind the last letter or digit before `index`; `limit` if there is none after it.
    @inline(__always)
    mutating func endOfAlphanumerics(before index: Int, limit: Int) -> Int {
        let text = self
        return last(before: index, limit: limit) { text.word(.letter, $0) | text.word(.digit, $0) }
    }
}

extension MaskText {
    /// Puts a mask over the bytes of a match: they lose their classes.
    mutating func mask(_ match: Match) {
        let firstBlock = match.start >> 6
        let lastBlock = (match.end - 1) >> 6
        for block in firstBlock...lastBlock {
            var bits = ~0 as UInt64
            if block == firstBlock { bits &= ~0 &<< UInt64(match.start & 63) }
            if block == lastBlock { bits &= ~0 &>> UInt64(63 - (match.end - 1) & 63) }
            let words = words + block * MaskText.wordsPerBlock
            // Also the starts of masks: a match may hold those of rules before.
            let masked = words[BitClass.masked.rawValue]
            let raw = UnsafeMutableRawPointer(words)
            let kept = raw.loadUnaligned(as: SIMD16<UInt64>.self) & SIMD16(repeating: ~bits)
            raw.storeBytes(of: kept, as: SIMD16<UInt64>.self)
            words[BitClass.masked.rawValue] = masked | bits
        }
        words[firstBlock * MaskText.wordsPerBlock + BitClass.start.rawValue] |= 1 &<< UInt64(match.start & 63)
        let length = match.end - match.start
        (base + match.start).update(repeating: Mask.filler, count: length)
        base[match.start] = match.mask.rawValue
        nameBytes &+= MaskText.longestName
        steps &+= length
    }

    /// Takes every byte out of the class.
    func clear(_ bitClass: BitClass) {
        for block in 0..<blocks { words[block * MaskText.wordsPerBlock + bitClass.rawValue] = 0 }
    }

    /// At least the bytes of any mask's name.
    private static var longestName: Int { 20 }
}
