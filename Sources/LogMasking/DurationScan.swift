/// `<DURATION>`: digits, `.`, digits, perhaps white space, and a unit of seconds.
///
/// All digits on both sides of the `.` and all the white space are taken, since what follows each is of another kind;
/// the unit is told by its first letter. What follows the `.` does not depend on where the match starts, which is
/// therefore the leftmost digit of the run before the `.` that has a border before it.
///
/// Linear: each run of digits is looked at once from the `.` before it and once from the `.` behind it, each run of
/// white space once.
struct DurationScan: MaskScan {
    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.dot) && seen.has(.letter) && seen.mayHaveDecimal }

    /// A `.` between digits.
    static func triggers(in block: TextBlock) -> UInt64 {
        block[.dot] & block.decimalBehind(1) & block.decimalAhead(1)
    }

    mutating func match(in text: inout MaskText, at dot: Int, from: Int) -> Match? {
        guard text.length(of: .decimal, before: dot, limit: from) > 0,
            let end = Self.end(in: &text, from: dot + 1),
            let start = Self.start(in: &text, before: dot, limit: from)
        else { return nil }
        return Match(start: start, end: end, mask: .duration)
    }

    private static func end(in text: inout MaskText, from start: Int) -> Int? {
        let digits = text.end(of: .decimal, from: start)
        guard digits > start else { return nil }
        let unit = text.end(of: .space, from: digits)
        guard let end = endOfUnit(in: text, from: unit), text.isBorderAfter(end) else { return nil }
        return end
    }

    private static func endOfUnit(in text: MaskText, from start: Int) -> Int? {
        let letter: Int
        switch text[start] {
        case UInt8(ascii: "s"): return start + 1
        case UInt8(ascii: "d"), UInt8(ascii: "c"), UInt8(ascii: "m"), UInt8(ascii: "n"), UInt8(ascii: "p"),
            UInt8(ascii: "f"), UInt8(ascii: "a"), UInt8(ascii: "z"), UInt8(ascii: "y"):
            letter = start + 1
        case 0xC2 where text[start + 1] == 0xB5: letter = start + 2
        default: return nil
        }
        return text[letter] == UInt8(ascii: "s") ? letter + 1 : nil
    }

    private static func start(in text: inout MaskText, before dot: Int, limit: Int) -> Int? {
        var start = dot
        var leftmost: Int?
        while true {
            let length = text.length(of: .decimal, before: start, limit: limit)
            if length == 0 { break }
            start -= length
            if text.isBorderBefore(start) { leftmost = start }
        }
        text.steps &+= dot - start + 1
        return leftmost
    }
}
