/// A match of a rule.
struct Match {
    let start: Int
    let end: Int
    let mask: Mask
}

/// One mask rule as a hand-written scanner.
///
/// A scanner finds the match that a backtracking matcher would: the one with the leftmost start, and of the ways to
/// match from there the one tried first. Every match holds exactly one byte (of those that start another match, too)
/// that bits around it tell from most others: the trigger, at which the rule is tried. It must do so in time linear in
/// the text over all its triggers; every file of a rule argues why.
protocol MaskScan {
    /// Whether the rule can match at all in a text with these classes in it.
    static func mayMatch(_ seen: SeenClasses) -> Bool
    /// The bytes of a block at which a match is to be tried.
    static func triggers(in block: TextBlock) -> UInt64

    init()

    /// The match that has this trigger.
    ///
    /// - Parameters:
    ///   - text: The same text for all triggers of a pass, which come in order.
    ///   - from: Where the last match ended; 0 at first. No match may start before.
    mutating func match(in text: inout MaskText, at trigger: Int, from: Int) -> Match?
}

extension MaskText {
    /// Masks every match of a rule.
    mutating func apply<Scan: MaskScan>(_ scan: Scan.Type) {
        guard Scan.mayMatch(seen) else { return }
        var scan = Scan()
        var from = 0
        // What stands before a match is looked at as it was, so the last match is masked only once the next is found.
        var last: Match?
        for block in 0..<blocks {
            var bits = Scan.triggers(in: TextBlock(self, block))
            while bits != 0 {
                let trigger = block << 6 + bits.trailingZeroBitCount
                bits &= bits - 1
                if trigger < from { continue }
                guard let match = scan.match(in: &self, at: trigger, from: from) else { continue }
                if let last { mask(last) }
                last = match
                from = match.end
            }
        }
        steps &+= blocks
        if let last { mask(last) }
    }
}
