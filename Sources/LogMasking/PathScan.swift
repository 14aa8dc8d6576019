/// `<PATH>`: either `/[a-zA-Z_\-\./(?:[0-9]+[a-zA-Z0-9]`, or `[a-zA-Z]+[0-9]\)]*[\s]?`.
///
/// The first goes to the end of its run and back to the last letter or digit of the run, which must be at least the
/// second character after the `/`. The second starts where the letters before a digit and a `)` do, but not before the
/// last match. It holds no `/`, so going through the `/` and `)` in order finds the leftmost match.
///
/// Linear: all `/` of one run share its end and its last letter or digit, so these are found once a run and kept;
/// letters before a `)` are walked back once, there being no other `)` between.
struct PathScan: MaskScan {
    /// End of the run last looked at, and what is behind its last letter or digit; 0 if it has none.
    private var runEnd = 0
    private var alphanumericEnd = 0

    static func mayMatch(_ seen: SeenClasses) -> Bool {
        seen.has(.slash) || seen.has(.parenthesis) && seen.has(.digit) && seen.has(.letter)
    }

    /// A `/` with two of its run behind it, or a `)` behind a letter and a digit.
    static func triggers(in block: TextBlock) -> UInt64 {
        block[.slash] & block.ahead(1, .path) & block.ahead(2, .path)
            | block[.parenthesis] & block.behind(1, .digit) & block.behind(2, .letter)
    }

    mutating func match(in text: inout MaskText, at trigger: Int, from: Int) -> Match? {
        if text[trigger] == UInt8(ascii: "/") {
            guard let end = endOfSlashed(in: &text, from: trigger) else { return nil }
            return Match(start: trigger, end: end, mask: .path)
        }
        let digit = trigger - 1
        let start = text.start(ofBits: .letter, before: digit, limit: from)
        guard start < digit else { return nil }
        return Match(start: start, end: Self.endOfLettered(in: &text, from: trigger + 1), mask: .path)
    }

    private mutating func endOfSlashed(in text: inout MaskText, from slash: Int) -> Int? {
        if slash >= runEnd {
            runEnd = text.end(ofBits: .path, from: slash)
            alphanumericEnd = text.endOfAlphanumerics(before: runEnd, limit: slash)
        }
        return alphanumericEnd >= slash + 3 ? alphanumericEnd : nil
    }

    private static func endOfLettered(in text: inout MaskText, from start: Int) -> Int {
        let end = text.endOfRun(UInt8(ascii: "]"), from: start)
        return end + text.length(of: .space, at: end)
    }
}
