/// `<NUM>`: `[\-\+]?\d*\.?\d+` between borders, in texts that are not all ASCII (see `TokenScan` for those that are).
///
/// A sign that is there is taken. Then, in the order in which a backtracking matcher tries: all digits, a `.`, and of
/// the digits behind it the most that end at a border; else, without the `.`, of the first digits the most that end at
/// a border, of which the end before a `.` is one. Borders inside a run of digits stand before and behind digits of
/// other scripts, which are no `[A-Za-z0-9]`.
///
/// Linear: a try that fails in a run of digits found no border in it, so all its digits but the first are ASCII and no
/// other try can start behind its second. So a run is looked at from its sign, its `.` and its first two digits, and
/// from the number before its `.`: a bounded number of times.
struct NumberScan: MaskScan {
    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.nonASCII) }

    /// The first of some digits (no border stands between ASCII digits), marks, and what is not ASCII.
    static func triggers(in block: TextBlock) -> UInt64 {
        block[.digit] & ~block.behind(1, .digit) | block[.token] & ~block[.letter] & ~block[.digit] | block[.nonASCII]
    }

    mutating func match(in text: inout MaskText, at start: Int, from: Int) -> Match? {
        guard text.isByte(ByteClasses.digit | ByteClasses.sign, at: start) || text[start] >= 0xC0,
            text.isBorderBefore(start), let end = Self.end(in: &text, from: start)
        else { return nil }
        return Match(start: start, end: end, mask: .num)
    }

    private static func end(in text: inout MaskText, from start: Int) -> Int? {
        let isSigned = text[start] == UInt8(ascii: "-") || text[start] == UInt8(ascii: "+")
        let whole = isSigned ? start + 1 : start
        let wholeEnd = text.end(of: .decimal, from: whole)
        if text[wholeEnd] == UInt8(ascii: ".") {
            let fraction = wholeEnd + 1
            let fractionEnd = text.end(of: .decimal, from: fraction)
            if let end = lastBorder(in: &text, after: fraction, upTo: fractionEnd) { return end }
        }
        return lastBorder(in: &text, after: whole, upTo: wholeEnd)
    }

    /// The last end of one of the digits between `start` and `runEnd` that has a border after it.
    private static func lastBorder(in text: inout MaskText, after start: Int, upTo runEnd: Int) -> Int? {
        var end = runEnd
        while end > start, !text.isBorderAfter(end) {
            end = text.startOfCharacter(before: end, limit: start)
        }
        text.steps &+= runEnd - end + 1
        return end > start ? end : nil
    }
}
