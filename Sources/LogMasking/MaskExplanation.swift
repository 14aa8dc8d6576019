/// Which rule took which bytes of a message.
public struct MaskExplanation: Sendable, Equatable {
    /// What one match of one rule took.
    public struct Part: Sendable, Equatable {
        /// The name of an operator's rule; of a built-in one its mask without brackets, or `escape` for what was
        /// deleted.
        public let rule: String
        /// The bytes: of the message, or of the masked text (as it was before that rule) where `isOfMaskedText`.
        public let bytes: Range<Int>
        /// What an operator's rule took after the split; nil for bytes of the message.
        public let text: String?

        /// Whether the bytes are of the masked text.
        public var isOfMaskedText: Bool { text != nil }
    }

    /// The masked text.
    public let masked: String
    /// In the order of the message, then of the masked text. Where a later built-in rule took the mask of an earlier
    /// one together with more, only the later is told.
    public let parts: [Part]
}

extension LogMasker {
    /// Masks one message and tells how. Many times slower than `mask`.
    public func explain(_ message: UnsafeRawBufferPointer) -> MaskExplanation {
        let message = message.count <= longestMessage ? message : cut(message)
        return withPipeline { pipeline, custom in pipeline.explain(message, custom) }
    }
}

extension MaskPipeline {
    mutating func explain(_ message: UnsafeRawBufferPointer, _ custom: CustomScanner?) -> MaskExplanation {
        var traced = TracedText(repairing: message)
        traced.deleteEscapes()
        if let custom {
            for mask in custom.rules.before { traced.replace(mask, custom) }
        }
        for (mask, bytes) in maskEverything(traced.bytes) {
            traced.note(String(describing: mask.name).trimmingBrackets, bytes)
        }
        var parts = traced.parts.sorted {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        if let custom {
            for mask in custom.rules.after {
                output.withBytes { text in
                    custom.forEachMatch(of: mask, in: text) { bytes in
                        let taken = String(decoding: text[bytes], as: UTF8.self)
                        parts.append(.init(rule: mask.name, bytes: bytes, text: taken))
                    }
                }
                _ = custom.replace([mask], in: &output)
            }
        }
        return MaskExplanation(masked: output.withBytes { String(decoding: $0, as: UTF8.self) }, parts: parts)
    }
}

/// A text together with where in the message each of its bytes comes from.
private struct TracedText {
    private(set) var bytes: [UInt8] = []
    private(set) var parts: [MaskExplanation.Part] = []
    private var origins: [Range<Int>] = []

    init(repairing message: UnsafeRawBufferPointer) {
        guard let base = message.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var index = 0
        while index < message.count {
            let length = UTF8Repair.character(base, at: index, count: message.count)
            if length > 0 {
                for offset in index..<index + length { append(base[offset], offset..<offset + 1) }
            } else {
                for byte in "\u{FFFD}".utf8 { append(byte, index..<index - length) }
            }
            index += abs(length)
        }
    }

    private mutating func append(_ byte: UInt8, _ origin: Range<Int>) {
        bytes.append(byte)
        origins.append(origin)
    }

    /// Notes that a rule took some bytes of the text.
    mutating func note(_ rule: String, _ taken: Range<Int>) {
        parts.append(.init(rule: rule, bytes: origin(of: taken), text: nil))
    }

    private func origin(of taken: Range<Int>) -> Range<Int> {
        origins[taken.lowerBound].lowerBound..<origins[taken.upperBound - 1].upperBound
    }

    mutating func deleteEscapes() {
        let padded = bytes + [UInt8](repeating: 0, count: MaskBuffer.padding)
        let escapes = padded.withUnsafeBufferPointer { padded in
            padded.baseAddress.map { EscapeScan.ranges(in: $0, count: padded.count - MaskBuffer.padding) } ?? []
        }
        replace(escapes, rule: "escape", with: [])
    }

    mutating func replace(_ mask: CompiledMask, _ custom: CustomScanner) {
        var matches: [Range<Int>] = []
        bytes.withUnsafeBufferPointer { custom.forEachMatch(of: mask, in: $0) { matches.append($0) } }
        replace(matches, rule: mask.name, with: mask.token)
    }

    private mutating func replace(_ matches: [Range<Int>], rule: String, with token: [UInt8]) {
        var replaced = TracedText(repairing: UnsafeRawBufferPointer(start: nil, count: 0))
        replaced.parts = parts
        var done = 0
        for match in matches {
            let origin = origin(of: match)
            replaced.parts.append(.init(rule: rule, bytes: origin, text: nil))
            for index in done..<match.lowerBound { replaced.append(bytes[index], origins[index]) }
            for byte in token { replaced.append(byte, origin) }
            done = match.upperBound
        }
        for index in done..<bytes.count { replaced.append(bytes[index], origins[index]) }
        self = replaced
    }
}

extension String {
    /// `<num>` without its brackets.
    fileprivate var trimmingBrackets: String { String(dropFirst().dropLast()) }
}
