/// Which characters count as digits in the original's rule for numbers: those whose Unicode `Numeric_Type` is `Decimal`
/// or `Digit` in Unicode 14, the version of the original's Python 3.11. Swift's own tables follow another version.
enum DigitCharacters {
    /// First code point and length of each run, ascending, without ASCII.
    private static let runs: [(first: UInt32, count: UInt32)] = [
        (0xB2, 2), (0xB9, 1), (0x660, 10), (0x6F0, 10), (0x7C0, 10), (0x966, 10), (0x9E6, 10), (0xA66, 10),
        (0xAE6, 10), (0xB66, 10), (0xBE6, 10), (0xC66, 10), (0xCE6, 10), (0xD66, 10), (0xDE6, 10), (0xE50, 10),
        (0xED0, 10), (0xF20, 10), (0x1040, 10), (0x1090, 10), (0x1369, 9), (0x17E0, 10), (0x1810, 10), (0x1946, 10),
        (0x19D0, 11), (0x1A80, 10), (0x1A90, 10), (0x1B50, 10), (0x1BB0, 10), (0x1C40, 10), (0x1C50, 10), (0x2070, 1),
        (0x2074, 6), (0x2080, 10), (0x2460, 9), (0x2474, 9), (0x2488, 9), (0x24EA, 1), (0x24F5, 9), (0x24FF, 1),
        (0x2776, 9), (0x2780, 9), (0x278A, 9), (0xA620, 10), (0xA8D0, 10), (0xA900, 10), (0xA9D0, 10), (0xA9F0, 10),
        (0xAA50, 10), (0xABF0, 10), (0xFF10, 10), (0x104A0, 10), (0x10A40, 4), (0x10D30, 10), (0x10E60, 9),
        (0x11052, 9), (0x11066, 10), (0x110F0, 10), (0x11136, 10), (0x111D0, 10), (0x112F0, 10), (0x11450, 10),
        (0x114D0, 10), (0x11650, 10), (0x116C0, 10), (0x11730, 10), (0x118E0, 10), (0x11950, 10), (0x11C50, 10),
        (0x11D50, 10), (0x11DA0, 10), (0x16A60, 10), (0x16AC0, 10), (0x16B50, 10), (0x1D7CE, 50), (0x1E140, 10),
        (0x1E2F0, 10), (0x1E950, 10), (0x1F100, 11), (0x1FBF0, 10),
    ]

    /// Whether a code point above ASCII is a digit.
    static func containsBeyondASCII(_ codePoint: UInt32) -> Bool {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].first <= codePoint { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return false }
        return codePoint - runs[low - 1].first < runs[low - 1].count
    }

    /// Whether UTF-8 text holds two digits or more; what is not UTF-8 in it is no digit.
    static func twoOrMore(in word: UnsafeRawBufferPointer) -> Bool {
        var digits = 0
        var index = 0
        while index < word.count {
            let (codePoint, width) = scalar(in: word, at: index)
            index += width
            let isDigit = codePoint < 0x80 ? codePoint &- 0x30 < 10 : containsBeyondASCII(codePoint)
            if isDigit {
                digits += 1
                if digits == 2 { return true }
            }
        }
        return false
    }

    /// The code point that starts at `index` and its width in bytes; a stray byte stands for itself as U+FFFD.
    private static func scalar(in word: UnsafeRawBufferPointer, at index: Int) -> (codePoint: UInt32, width: Int) {
        let lead = UInt32(word[index])
        let width = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        if width == 1 { return (lead, 1) }
        if width == 0 || index + width > word.count { return (0xFFFD, 1) }
        var codePoint = lead & (0x7F >> UInt32(width))
        for offset in 1..<width { codePoint = codePoint << 6 | UInt32(word[index + offset] & 0x3F) }
        return (codePoint, width)
    }
}
