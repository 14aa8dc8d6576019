/// Terminal escapes: U+009B or ESC `[`, then `[0-?]*`, `[ -/]*` and one of `[@-~]`; they are deleted.
///
/// The three classes have no byte in common, so nothing is ever taken back. None of them holds the start of an escape,
/// so what a failed try looked at is not looked at again: linear. What two deletions leave side by side is no escape.
enum EscapeScan {
    /// Takes the escapes out of what `buffer` holds, which has zeros behind it.
    static func deleteAll(from buffer: inout MaskBuffer) {
        let bytes = buffer.base
        var index = 0
        var kept = 0
        while index < buffer.count {
            if let end = end(bytes, from: index) {
                index = end
            } else {
                bytes[kept] = bytes[index]
                kept += 1
                index += 1
            }
        }
        buffer.advance(to: kept)
    }

    /// End of the escape at `index`.
    private static func end(_ bytes: UnsafeMutablePointer<UInt8>, from start: Int) -> Int? {
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
