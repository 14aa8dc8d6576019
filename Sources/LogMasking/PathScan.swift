/// `<PATH>`: either `/[a-zA-Z_\-./(?:[0-9]+[a-zA-Z0-9]`, or `[a-zA-Z]+[0-9]\)]*[\s]?`.
///
/// The first goes to the end of its run and back to the last letter or digit of the run, which must be at least the
/// second character after the `/`. The second starts where the letters before a digit and a `)` do, but not before the
/// last match. It holds no `/`, so going through the `/` and `)` in order finds the leftmost match.
///
/// Linear: all `/` of one run share its end and its last letter or digit, so these are found once a run and kept;
/// letters before a `)` are walked back once, there being no other `)` between.
struct PathScan: MaskScan {
    static var mask: StaticString { "<PATH>" }

    private static var run: ByteClass {
        ByteClasses.alphanumeric | ByteClasses.underscore | ByteClasses.dash | ByteClasses.path
    }

    /// End of the run last looked at, and the place of its last letter or digit; -1 if it has none.
    private var runEnd = 0
    private var lastAlphanumeric = -1

    static func mayMatch(_ seen: ByteSummary) -> Bool {
        seen.has([.slash]) || seen.has([.parenthesis, .digit])
    }

    mutating func next(in text: inout MaskText, from: Int) -> (start: Int, end: Int)? {
        var index = text.findByte(ByteClasses.pathEdge, from: from)
        while index < text.count {
            if text[index] == UInt8(ascii: "/") {
                if let end = endOfSlashed(in: &text, from: index) { return (index, end) }
            } else if let start = Self.startOfLettered(in: &text, before: index, limit: from) {
                return (start, Self.endOfLettered(in: &text, from: index + 1))
            }
            index = text.findByte(ByteClasses.pathEdge, from: index + 1)
        }
        return nil
    }

    private mutating func endOfSlashed(in text: inout MaskText, from slash: Int) -> Int? {
        if slash >= runEnd {
            runEnd = text.endOfBytes(Self.run, from: slash)
            var last = runEnd - 1
            while last >= slash, !text.isByte(ByteClasses.alphanumeric, at: last) { last -= 1 }
            text.steps &+= runEnd - last
            lastAlphanumeric = last >= slash ? last : -1
        }
        return lastAlphanumeric >= slash + 2 ? lastAlphanumeric + 1 : nil
    }

    private static func startOfLettered(in text: inout MaskText, before parenthesis: Int, limit: Int) -> Int? {
        let digit = parenthesis - 1
        guard digit > limit, text.isByte(ByteClasses.digit, at: digit) else { return nil }
        let start = text.startOfBytes(ByteClasses.letter, before: digit, limit: limit)
        return start < digit ? start : nil
    }

    private static func endOfLettered(in text: inout MaskText, from start: Int) -> Int {
        let end = text.endOfRun(UInt8(ascii: "]"), from: start)
        return end + text.length(of: .space, at: end)
    }
}
