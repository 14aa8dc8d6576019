/// The passes over one message after another, between two buffers that are used again and again.
struct MaskPipeline: ~Copyable {
    private var text = MaskBuffer()
    private var spare = MaskBuffer()
    private var seen = ByteSummary()
    /// Bytes that all loops of the last message looked at: a measure of work, which tests hold against its length.
    private(set) var steps = 0

    /// Masks a message.
    ///
    /// - Returns: The masked text, which is good until the next call of any method.
    mutating func mask(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        takeIn(message)
        apply(EscapeScan.self)
        apply(URLScan.self)
        apply(UTCDateScan.self)
        apply(KlogDateScan.self)
        apply(CustomDateScan.self)
        if Spacing.mayChange(seen) { rewrite { Spacing.write(&$0, into: &$1) } }
        apply(GoFilePathScan.self)
        apply(EmailScan.self)
        apply(PrefixScan.self)
        apply(AddressScan.self)
        apply(DurationScan.self)
        apply(PathScan.self)
        apply(TokenScan.self)
        apply(NumberScan.self)
        apply(EmptySetScan.self)
        apply(EmptyListScan.self)
        rewrite { WordSplit.write(&$0, into: &$1) }
        return UnsafeRawBufferPointer(start: text.base, count: text.count)
    }

    /// Gives back what a huge message made the buffers grow by.
    mutating func giveBack() {
        text.shrink()
        spare.shrink()
    }

    private mutating func takeIn(_ message: UnsafeRawBufferPointer) {
        text.clear()
        steps = message.count
        seen = []
        if let bytes = message.baseAddress?.assumingMemoryBound(to: UInt8.self) {
            seen = ByteSummary.of(bytes, count: message.count)
            if seen.has(.nonASCII) {
                UTF8Repair.append(bytes, count: message.count, to: &text)
            } else {
                text.append(bytes, message.count)
            }
        }
        text.seal()
    }

    /// Runs a rule over the text, unless a look at the message's bytes tells that it cannot match.
    private mutating func apply<Scan: MaskScan>(_ scan: Scan.Type) {
        guard Scan.mayMatch(seen) else { return }
        rewrite { Scan.replaceAll(in: &$0, into: &$1) }
    }

    private mutating func rewrite(_ pass: (inout MaskText, inout MaskBuffer) -> Void) {
        rewrite { text, output in
            pass(&text, &output)
            return true
        }
    }

    /// Puts what `pass` writes in the place of the text, if it says so.
    private mutating func rewrite(_ pass: (inout MaskText, inout MaskBuffer) -> Bool) {
        var view = MaskText(text.base, count: text.count)
        spare.clear()
        let isChanged = pass(&view, &spare)
        steps &+= view.steps
        guard isChanged else { return }
        spare.seal()
        swap(&text, &spare)
    }
}
