import CPCRE2

/// What one masker runs an operator's rules with.
final class CustomScanner {
    /// Steps that PCRE2 may take from one start of a match. Few patterns need many; one that backtracks without end is
    /// given up on.
    static let stepLimit: UInt32 = 50_000

    let rules: MaskRuleSet
    private let matcher: OpaquePointer
    private var spare = MaskBuffer()
    /// How often a rule was given up on: the rest of that text was left to the other rules.
    private(set) var givenUp: UInt64 = 0

    init(_ rules: MaskRuleSet) {
        self.rules = rules
        guard let matcher = opnilog_matcher_new(Self.stepLimit) else {
            fatalError("LogMasking: no memory for a matcher of a few hundred bytes")
        }
        self.matcher = matcher
    }

    deinit { opnilog_matcher_free(matcher) }

    /// Replaces what the rules take in `text`, which is valid UTF-8.
    ///
    /// - Returns: Whether anything was.
    func replace(_ masks: [CompiledMask], in text: inout MaskBuffer) -> Bool {
        var isChanged = false
        for mask in masks where replace(mask, in: &text) { isChanged = true }
        return isChanged
    }

    private func replace(_ mask: CompiledMask, in text: inout MaskBuffer) -> Bool {
        spare.clear()
        var done = 0
        forEachMatch(of: mask, in: UnsafeBufferPointer(start: text.base, count: text.count)) { match in
            spare.append(text.base + done, match.lowerBound - done)
            mask.token.withUnsafeBufferPointer { token in
                if let base = token.baseAddress { spare.append(base, token.count) }
            }
            done = match.upperBound
        }
        guard done > 0 else { return false }
        spare.append(text.base + done, text.count - done)
        swap(&text, &spare)
        return true
    }

    /// Calls `body` with the bytes of each match, leftmost first, none inside another.
    func forEachMatch(of mask: CompiledMask, in text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        guard let base = text.baseAddress else { return }
        var start = 0
        var end = 0
        while end < text.count {
            switch opnilog_matcher_find(matcher, mask.pattern, base, text.count, end, &start, &end) {
            case opnilog_match_found: body(start..<end)
            case opnilog_match_gave_up:
                givenUp += 1
                return
            default: return
            }
        }
    }

    /// Gives back what a huge message made the buffer grow by.
    func giveBack() { spare.shrink() }
}
