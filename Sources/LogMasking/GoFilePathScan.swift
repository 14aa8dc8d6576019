/// `<GO_FILE_PATH>`: `[^\s]+\.go : [0-9]+`, a file and its line after the spacing.
///
/// Where nothing has been spaced, that is `.go:` and a digit: any other space there would be one more than the pattern
/// has. The match starts where the run before `.go` does, which ends at white space or at what gets spaces around it,
/// but not before the last match. One character at least must stand before `.go`.
///
/// Linear: the run is walked back only once a match is certain, and the match then takes it whole.
struct GoFilePathScan: MaskScan {
    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.dot) && seen.has(.kept) && seen.has(.digit) }

    /// The `:` between the file and its line.
    static func triggers(in block: TextBlock) -> UInt64 {
        block[.kept] & block.ahead(1, .digit) & block.behind(3, .dot)
    }

    mutating func match(in text: inout MaskText, at colon: Int, from: Int) -> Match? {
        let dot = colon - 3
        guard dot > from, text.matches(".go:", at: dot) else { return nil }
        let start = Self.startOfRun(in: &text, before: dot, limit: from)
        guard start < dot else { return nil }
        return Match(start: start, end: text.end(ofBits: .digit, from: colon + 1), mask: .goFilePath)
    }

    private static func startOfRun(in text: inout MaskText, before end: Int, limit: Int) -> Int {
        var start = end
        while start > limit {
            let character = text.startOfCharacter(before: start, limit: limit)
            if text.isByte(ByteClasses.spaced, at: character) || text.length(of: .space, at: character) > 0 { break }
            start = character
        }
        text.steps &+= end - start + 1
        return start
    }
}
