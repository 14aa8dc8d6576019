/// Replaces what is no UTF-8: one U+FFFD for each maximal part of a sequence (Unicode 15, section 3.9, table 3-7), as
/// Python and Swift's `String` do. In what a server has stored, what its own parser takes for UTF-8 stays what that
/// makes of it.
enum UTF8Repair {
    /// A padded copy for the parser.
    ///
    /// - Parameter stored: whether it is JSON of a server, which is broken inside of strings alone.
    /// - Returns: the copy, and where the replacements stand in it, ascending.
    static func copy(of bytes: UnsafeRawBufferPointer, stored: Bool) -> (text: AnswerBody, replaced: [Int]) {
        let text = AnswerBody()
        var replaced: [Int] = []
        var good = 0
        var at = 0
        while at < bytes.count {
            at = endOfASCII(bytes, from: at)
            guard at < bytes.count else { break }
            var (length, isValid) = sequence(bytes, at)
            if !isValid {
                append(bytes, good..<at, to: text)
                replaced.append(text.count)
                if stored, let units = units(bytes, at) {
                    append(units.text, to: text)
                    length = units.length
                } else {
                    append(replacement, to: text)
                }
                good = at + length
            }
            at += length
        }
        append(bytes, good..<bytes.count, to: text)
        return (text, replaced)
    }

    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    private static func append(_ bytes: [UInt8], to text: AnswerBody) {
        bytes.withUnsafeBytes { append($0, 0..<$0.count, to: text) }
    }

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

    // MARK: What a server's parser takes

    /// What Jackson, OpenSearch's parser, takes for a character though it is none: overlong forms, halves of surrogate
    /// pairs, points past the last. Measured on 2.19 and 3.8: with the field asked for alone the server sends what it
    /// made of them, which has to be what we make of the whole document.
    ///
    /// - Returns: the units of UTF-16, written as a string of JSON has them, so that halves find each other; nil where
    ///   Jackson would not take it either.
    private static func units(
        _ bytes: UnsafeRawBufferPointer, _ start: Int
    ) -> (text: [UInt8], length: Int)? {
        let lead = bytes[start]
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        guard (0xC0...0xF7).contains(lead), start + length <= bytes.count else { return nil }
        var point = Int32(lead) & 0x7F >> Int32(length)
        for place in start + 1..<start + length {
            guard bytes[place] & 0xC0 == 0x80 else { return nil }
            point = point << 6 | Int32(bytes[place] & 0x3F)
        }
        guard length == 4 else { return (escape(point), length) }
        // As it computes a pair, also of a point that needs none.
        let rest = point - 0x10000
        return (escape(0xD800 | rest >> 10) + escape(0xDC00 | rest & 0x3FF), length)
    }

    private static func escape(_ unit: Int32) -> [UInt8] {
        let digits = String(unit & 0xFFFF, radix: 16)
        return Array("\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8)
    }
}
