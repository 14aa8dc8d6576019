/// Terminal escapes: U+009B or ESC `[`, then `[0-?]*`, `[ -/]*` and one of `[@-~]`; they are deleted.
///
/// The three classes have no byte in common, so nothing is ever taken back. None of them holds the start of an escape,
/// so what a failed try looked at is not looked at again: linear.
struct EscapeScan: MaskScan {
    static var mask: StaticString { "" }

    static func mayMatch(_ seen: ByteSummary) -> Bool { seen.hasAny([.escape, .nonASCII]) }

    mutating func next(in text: inout MaskText, from: Int) -> (start: Int, end: Int)? {
        var index = from
        while index < text.count {
            let start = index
            switch text[index] {
            case 0x1B where text[index + 1] == UInt8(ascii: "["): index += 2
            case 0xC2 where text[index + 1] == 0x9B: index += 2
            default:
                index += 1
                text.steps &+= 1
                continue
            }
            while (0x30...0x3F).contains(text[index]) { index += 1 }
            while (0x20...0x2F).contains(text[index]) { index += 1 }
            text.steps &+= index - start + 1
            if (0x40...0x7E).contains(text[index]) { return (start, index + 1) }
        }
        return nil
    }
}
