import LogMasking

@testable import LogGenerator

/// Masked texts in memory, one behind the other: what workers hand to a table.
struct MaskedLines {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }
    var bytesPerLine: Double { Double(bytes.count) / Double(count) }

    /// Lines of the generator, frequent and rare ones as they come.
    static func generated(_ count: Int) -> MaskedLines {
        let generator = LogGenerator(seed: 7)
        return masked(count) { generator.append(at: UInt64($0), to: &$1) }
    }

    /// Each rare template of the generator once: `count` distinct texts.
    static func distinct(_ count: Int) -> MaskedLines {
        var random = RandomBits(state: 1)
        return masked(count) { index, line in
            let words = TailWords(rank: UInt64(index + 1))
            TailTemplates.all.append(words.shape, LogFields(index: UInt64(index)), words, &random, to: &line)
        }
    }

    private static func masked(_ count: Int, _ append: (Int, inout [UInt8]) -> Void) -> MaskedLines {
        let masker = LogMasker()
        var lines = MaskedLines()
        lines.ends.reserveCapacity(count)
        var line: [UInt8] = []
        for index in 0..<count {
            line.removeAll(keepingCapacity: true)
            append(index, &line)
            line.withUnsafeBytes { masker.withMasked($0) { lines.bytes.append(contentsOf: $0) } }
            lines.ends.append(lines.bytes.count)
        }
        return lines
    }

    func forEach(_ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes { bytes in
            var start = 0
            for end in ends {
                body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                start = end
            }
        }
    }

    /// The line at `index`.
    func with(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        let start = index == 0 ? 0 : ends[index - 1]
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<ends[index]])) }
    }
}
