import Glibc

/// Terminal escapes: U+009B or ESC `[`, then `[0-?]*`, `[ -/]*` and one of `[@-~]`; they are deleted.
///
/// The three classes have no byte in common, so nothing is ever taken back. None of them holds the start of an escape,
/// so what a failed try looked at is not looked at again: linear. What two deletions leave side by side is no escape.
enum EscapeScan {
    /// Takes the escapes out of what `buffer` holds, which has zeros behind it.
    static func deleteAll(from buffer: inout MaskBuffer) {
        let bytes = buffer.base
        var kept = 0
        var done = 0
        forEach(in: bytes, count: buffer.count) { escape in
            memmove(bytes + kept, bytes + done, escape.lowerBound - done)
            kept += escape.lowerBound - done
            done = escape.upperBound
        }
        guard done > 0 else { return }
        memmove(bytes + kept, bytes + done, buffer.count - done)
        buffer.advance(to: kept + buffer.count - done)
    }

    /// The bytes of each escape among `count` bytes with zeros behind them.
    static func ranges(in bytes: UnsafePointer<UInt8>, count: Int) -> [Range<Int>] {
        var found: [Range<Int>] = []
        forEach(in: bytes, count: count) { found.append($0) }
        return found
    }

    /// Goes on behind each escape; `body` may move what lies before that.
    @inline(__always)
    private static func forEach(in bytes: UnsafePointer<UInt8>, count: Int, _ body: (Range<Int>) -> Void) {
        var index = 0
        while index < count {
            if let end = end(bytes, from: index) {
                body(index..<end)
                index = end
            } else {
                index += 1
            }
        }
    }

    /// End of the escape at `index`.
    private static func end(_ bytes: UnsafePointer<UInt8>, from start: Int) -> Int? {
        let isEscape =
            switch bytes[start] {
            case 0x1B: bytes[start + 1] == UInt8(ascii: "[")
            case 0xC2: bytes[start + 1] == 0x9B
            default: false
            }
        guard isEscape else { return nil }
        var index = start + 2
        while (0x30...0x3F).contains(bytes[index]) { index += 1 }
        while (0x20...0x2F).contains(bytes[index]) { index += 1 }
        return (0x40...0x7E).contains(bytes[index]) ? index + 1 : nil
    }
}
