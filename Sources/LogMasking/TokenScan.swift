/// `<TOKEN_WITH_DIGIT>`: digits and then a letter or mark, or letters or marks and then a digit, and the whole rest;
/// and what of `<NUM>` follows from it.
///
/// Its three classes are digits, marks (letters among them) and both together. So of a run of both it takes the whole
/// if there is a digit and a mark in it, wherever the first change is, and nothing otherwise.
///
/// The digits that are left then are runs of digits alone. The signs and the `.` of a `<NUM>` are marks, so in a text
/// of nothing but ASCII each of those runs is a `<NUM>`, and there is no other; borders stand on both its sides.
///
/// Linear: each run is looked at once.
struct TokenScan: MaskScan {
    /// End of the last run that was not taken.
    private var runEnd = 0

    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.digit) }

    /// The first of some digits.
    static func triggers(in block: TextBlock) -> UInt64 { block[.digit] & ~block.behind(1, .digit) }

    mutating func match(in text: inout MaskText, at digit: Int, from: Int) -> Match? {
        let start = text.start(ofBits: .token, before: digit, limit: max(from, runEnd))
        let end = text.end(ofBits: .token, from: digit)
        guard start == digit, text.end(ofBits: .digit, from: digit) == end else {
            return Match(start: start, end: end, mask: .tokenWithDigit)
        }
        if text.isASCII { return Match(start: start, end: end, mask: .num) }
        runEnd = end
        return nil
    }
}
