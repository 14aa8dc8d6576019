/// `<GO_FILE_PATH>`: `[^\s]+\.go : [0-9]+`, a file and its line after the spacing.
///
/// `.go` is followed by a space, so it ends a run without white space, and the match starts where that run does, but
/// not before the last match. One character at least must stand before `.go`.
///
/// Linear: the run is walked back only once a match is certain, and the match then takes it whole.
struct GoFilePathScan: MaskScan {
    static var mask: StaticString { "<GO_FILE_PATH>" }

    static func mayMatch(_ seen: ByteSummary) -> Bool { seen.has([.dot, .colon, .digit]) }

    mutating func next(in text: inout MaskText, from: Int) -> (start: Int, end: Int)? {
        var index = from
        while let dot = text.find(UInt8(ascii: "."), from: index) {
            index = dot + 1
            let suffix: StaticString = ".go : "
            guard text.matches(suffix, at: dot) else { continue }
            let line = dot + suffix.utf8CodeUnitCount
            guard text.isByte(ByteClasses.digit, at: line) else { continue }
            let start = Self.startOfRun(in: &text, before: dot, limit: from)
            if start < dot { return (start, text.endOfBytes(ByteClasses.digit, from: line)) }
        }
        return nil
    }

    private static func startOfRun(in text: inout MaskText, before end: Int, limit: Int) -> Int {
        var start = end
        while start > limit {
            let character = text.startOfCharacter(before: start, limit: limit)
            if text.length(of: .space, at: character) > 0 { break }
            start = character
        }
        text.steps &+= end - start + 1
        return start
    }
}
