/// Makes any bytes valid UTF-8: one U+FFFD for each maximal part of a character that is none, as Python's
/// `errors="replace"`.
enum UTF8Repair {
    /// Bytes at `index` that are a whole character, or the negative of those that one U+FFFD stands for.
    static func character(_ bytes: UnsafePointer<UInt8>, at index: Int, count: Int) -> Int {
        let first = bytes[index]
        if first < 0x80 { return 1 }
        let length: Int
        // What the second byte may be keeps out overlong forms, surrogates and points past the last.
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0:
            length = 3
            second = 0xA0...0xBF
        case 0xED:
            length = 3
            second = 0x80...0x9F
        case 0xE1...0xEF: length = 3
        case 0xF0:
            length = 4
            second = 0x90...0xBF
        case 0xF1...0xF3: length = 4
        case 0xF4:
            length = 4
            second = 0x80...0x8F
        default: return -1
        }
        guard index + 1 < count, second.contains(bytes[index + 1]) else { return -1 }
        for offset in 2..<max(length, 2) {
            guard index + offset < count, bytes[index + offset] & 0xC0 == 0x80 else { return -offset }
        }
        return length
    }

    /// Bytes before the first that is no part of a character; `count` if all are.
    static func validPrefix(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
        var index = 0
        while index < count {
            let length = character(bytes, at: index, count: count)
            if length < 0 { break }
            index += length
        }
        return index
    }

    /// Appends the bytes, repaired where they need it.
    static func append(_ bytes: UnsafePointer<UInt8>, count: Int, to output: inout MaskBuffer) {
        var index = 0
        while index < count {
            let valid = validPrefix(bytes + index, count: count - index)
            output.append(bytes + index, valid)
            index += valid
            guard index < count else { return }
            output.append("\u{FFFD}")
            index -= character(bytes, at: index, count: count)
        }
    }
}
