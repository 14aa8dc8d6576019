/// Replaces what is no UTF-8: one U+FFFD for each maximal part of a sequence (Unicode 15, section 3.9, table 3-7), as
/// Python and Swift's `String` do.
enum UTF8Repair {
    /// A padded copy for the parser.
    ///
    /// - Returns: the copy, and where the replacements stand in it, ascending.
    static func copy(of bytes: UnsafeRawBufferPointer) -> (text: AnswerBody, replaced: [Int]) {
        let text = AnswerBody()
        var replaced: [Int] = []
        var good = 0
        var at = 0
        while at < bytes.count {
            at = endOfASCII(bytes, from: at)
            guard at < bytes.count else { break }
            let (length, isValid) = sequence(bytes, at)
            if !isValid {
                append(bytes, good..<at, to: text)
                replaced.append(text.count)
                replacement.withUnsafeBytes { append($0, 0..<3, to: text) }
                good = at + length
            }
            at += length
        }
        append(bytes, good..<bytes.count, to: text)
        return (text, replaced)
    }

    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    private static func append(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, to text: AnswerBody) {
        guard let start = bytes.baseAddress, !range.isEmpty else { return }
        // Only memory can be missing, and then there is nothing to be done.
        precondition(text.append(start + range.lowerBound, count: range.count), "no memory for a page's repair")
    }

    private static func endOfASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        while at + 8 <= bytes.count,
            bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        { at += 8 }
        while at < bytes.count, bytes[at] < 0x80 { at += 1 }
        return at
    }

    /// The sequence that begins with a byte beyond ASCII; of one that is broken, the part that could have begun one.
    private static func sequence(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> (length: Int, isValid: Bool) {
        let lead = bytes[start]
        let second: ClosedRange<UInt8>
        let wanted: Int
        switch lead {
        case 0xC2...0xDF: (second, wanted) = (0x80...0xBF, 2)
        case 0xE0: (second, wanted) = (0xA0...0xBF, 3)
        case 0xED: (second, wanted) = (0x80...0x9F, 3)
        case 0xE1...0xEF: (second, wanted) = (0x80...0xBF, 3)
        case 0xF0: (second, wanted) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, wanted) = (0x80...0xBF, 4)
        case 0xF4: (second, wanted) = (0x80...0x8F, 4)
        default: return (1, false)
        }
        for place in 1..<wanted {
            let allowed = place == 1 ? second : 0x80...0xBF
            guard start + place < bytes.count, allowed.contains(bytes[start + place]) else { return (place, false) }
        }
        return (wanted, true)
    }
}
