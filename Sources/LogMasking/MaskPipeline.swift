/// The rules over one message after another, in buffers that are used again and again.
struct MaskPipeline: ~Copyable {
    private var message = MaskBuffer()
    private var bits = BitBuffer()
    var output = MaskBuffer()
    /// Bytes that all loops over the last message looked at: a measure of work, which tests hold against its length.
    private(set) var steps = 0

    /// Masks a message.
    ///
    /// - Returns: The masked text, which is good until the next call of any method.
    mutating func mask(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let text = takeIn(bytes)
        write(text)
        return UnsafeRawBufferPointer(start: output.base, count: output.count)
    }

    /// Masks a message by an operator's rules too.
    mutating func mask(_ bytes: UnsafeRawBufferPointer, _ custom: CustomScanner) -> UnsafeRawBufferPointer {
        var text = takeIn(bytes)
        if custom.replace(custom.rules.before, in: &message) {
            message.seal()
            text = bits.classify(message)
            text.clear(.masked)
        }
        write(text)
        _ = custom.replace(custom.rules.after, in: &output)
        return UnsafeRawBufferPointer(start: output.base, count: output.count)
    }

    /// Runs the built-in rules and writes what comes of them into `output`.
    private mutating func write(_ text: MaskText) {
        var text = text
        Self.applyRules(&text)
        WordSplit.write(&text, into: &output)
        steps &+= text.steps
    }

    private static func applyRules(_ text: inout MaskText) {
        text.apply(URLScan.self)
        text.apply(UTCDateScan.self)
        text.apply(KlogDateScan.self)
        text.apply(CustomDateScan.self)
        text.apply(GoFilePathScan.self)
        text.apply(EmailScan.self)
        text.apply(PrefixScan.self)
        text.apply(AddressScan.self)
        text.apply(DurationScan.self)
        text.apply(PathScan.self)
        text.apply(TokenScan.self)
        text.apply(NumberScan.self)
        text.apply(EmptyScan.self)
    }

    /// Masks valid UTF-8 without escapes into `output` and tells the masks and the bytes that they stand for.
    mutating func maskEverything(_ bytes: [UInt8]) -> [(mask: Mask, bytes: Range<Int>)] {
        message.clear()
        bytes.withUnsafeBufferPointer { bytes in
            if let base = bytes.baseAddress { message.append(base, bytes.count) }
        }
        message.seal()
        var text = bits.classify(message)
        text.clear(.masked)
        Self.applyRules(&text)
        var taken: [(mask: Mask, bytes: Range<Int>)] = []
        var start = text.next(.start, from: 0)
        while start < text.count {
            if let mask = Mask(rawValue: text[start]) { taken.append((mask, start..<text.endOfMask(at: start))) }
            start = text.next(.start, from: start + 1)
        }
        WordSplit.write(&text, into: &output)
        return taken
    }

    /// Gives back what a huge message made the buffers grow by.
    mutating func giveBack() {
        message.shrink()
        bits.shrink()
        output.shrink()
    }

    private mutating func takeIn(_ bytes: UnsafeRawBufferPointer) -> MaskText {
        message.clear()
        steps = bytes.count
        if let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) { message.append(base, bytes.count) }
        message.seal()
        let text = bits.classify(message)
        guard text.seen.has(.escape) || text.seen.has(.nonASCII) else { return text }
        return repaired(text, bytes)
    }

    /// The text once it is valid UTF-8 and the escapes are gone.
    private mutating func repaired(_ text: MaskText, _ bytes: UnsafeRawBufferPointer) -> MaskText {
        if !text.isASCII, UTF8Repair.validPrefix(text.base, count: text.count) < text.count,
            let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        {
            message.clear()
            UTF8Repair.append(base, count: bytes.count, to: &message)
            message.seal()
        }
        EscapeScan.deleteAll(from: &message)
        message.seal()
        steps &+= 3 * bytes.count
        let text = bits.classify(message)
        // What is no whole escape stays in the text; its bitmap is that of the masks from here on.
        text.clear(.masked)
        return text
    }
}
