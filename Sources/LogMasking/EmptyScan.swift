/// `<EMPTY_SET>` and `<EMPTY_LIST>`: braces or brackets with nothing but white space between them.
///
/// Neither can begin inside the other, so one pass serves both.
///
/// Linear: white space holds no opening sign, so each run of it is looked at once.
struct EmptyScan: MaskScan {
    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.open) && seen.has(.close) }

    /// An opening sign before a closing one or what may be white space.
    static func triggers(in block: TextBlock) -> UInt64 {
        block[.open] & (block.ahead(1, .close) | block.ahead(1, .nonASCII))
    }

    mutating func match(in text: inout MaskText, at start: Int, from: Int) -> Match? {
        let isSet = text[start] == UInt8(ascii: "{")
        let end = text.end(of: .space, from: start + 1)
        guard text[end] == UInt8(ascii: isSet ? "}" : "]") else { return nil }
        return Match(start: start, end: end + 1, mask: isSet ? .emptySet : .emptyList)
    }
}
