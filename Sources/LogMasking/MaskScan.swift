/// One mask rule as a hand-written scanner.
///
/// A scanner finds the match that a backtracking matcher would: the one with the leftmost start, and of the ways to
/// match from there the one tried first. It must do so in time linear in the text over all its calls, which holds if
/// each byte is looked at a bounded number of times; every file of a rule argues why.
protocol MaskScan {
    /// What is written instead of a match.
    static var mask: StaticString { get }
    /// Whether the rule can match at all in a text with these bytes in it.
    static func mayMatch(_ seen: ByteSummary) -> Bool

    init()

    /// The next match.
    ///
    /// - Parameters:
    ///   - text: The same text at every call of a pass.
    ///   - from: Where the last match ended; 0 at first. No match may start before.
    /// - Returns: The bytes of the match, which is never empty; nil if there is no other.
    mutating func next(in text: inout MaskText, from: Int) -> (start: Int, end: Int)?
}

extension MaskScan {
    /// Writes the text with every match replaced into `output`, which must be empty.
    ///
    /// - Returns: False, and `output` stays empty, if nothing matches: the text is then its own result.
    static func replaceAll(in text: inout MaskText, into output: inout MaskBuffer) -> Bool {
        var scan = Self()
        var done = 0
        while let match = scan.next(in: &text, from: done) {
            output.append(text.base + done, match.start - done)
            output.append(mask)
            done = match.end
        }
        guard done > 0 else { return false }
        output.append(text.base + done, text.count - done)
        return true
    }
}
