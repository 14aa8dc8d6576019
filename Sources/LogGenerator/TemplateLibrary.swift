/// Templates compiled once into short programs: a literal copied, a field written, a word looked up.
///
/// In a pattern `%` and a letter stand for a field, `%` and a digit for the word of that slot of the tail:
///
/// | | field | | field |
/// |---|---|---|---|
/// | `%k` | klog time | `%i` | IPv4 address |
/// | `%t` | ISO 8601 time | `%p` | port |
/// | `%u` | Unix time with fraction | `%h` | 10 hexadecimal digits |
/// | `%a` | access-log time | `%g` | UUID |
/// | `%n` | number below 10⁶ | `%s` | pod suffix `-7d9687c77d-h6x78` |
/// | `%d` | number below 1,000 | `%m` | milliseconds `12.345678ms` |
struct TemplateLibrary: Sendable {
    enum Step: Sendable {
        case literal(Int, Int)
        case field(UInt8)
        case word(Int)
    }

    private let literals: [UInt8]
    private let steps: [Step]
    private let starts: [Int]

    init(patterns: [String]) {
        var literals: [UInt8] = []
        var steps: [Step] = []
        var starts = [0]
        for pattern in patterns {
            Self.compile(Array(pattern.utf8), &steps, &literals)
            starts.append(steps.count)
        }
        self.literals = literals
        self.steps = steps
        self.starts = starts
    }

    private static func compile(_ pattern: [UInt8], _ steps: inout [Step], _ literals: inout [UInt8]) {
        var position = 0
        while position < pattern.count {
            if pattern[position] == UInt8(ascii: "%") {
                let code = pattern[position + 1]
                steps.append(code < 65 ? .word(Int(code) - 48) : .field(code))
                position += 2
                continue
            }
            let end = pattern[position...].firstIndex(of: UInt8(ascii: "%")) ?? pattern.count
            steps.append(.literal(literals.count, literals.count + end - position))
            literals.append(contentsOf: pattern[position..<end])
            position = end
        }
    }

    /// Appends one line of `template` with fresh fields.
    func append(
        _ template: Int, _ fields: LogFields, _ words: TailWords, _ random: inout RandomBits, to buffer: inout [UInt8]
    ) {
        for position in starts[template]..<starts[template + 1] {
            switch steps[position] {
            case .literal(let from, let to):
                literals.withUnsafeBufferPointer {
                    buffer.append(contentsOf: UnsafeBufferPointer(rebasing: $0[from..<to]))
                }
            case .word(let slot): WordLists.pool.append(slot: slot, word: words.word(slot), to: &buffer)
            case .field(let code): Self.appendField(code, fields, &random, to: &buffer)
            }
        }
    }

    private static func appendField(
        _ code: UInt8, _ fields: LogFields, _ random: inout RandomBits, to buffer: inout [UInt8]
    ) {
        switch code {
        case UInt8(ascii: "k"): fields.appendKlogTime(&random, to: &buffer)
        case UInt8(ascii: "t"): fields.appendISOTime(to: &buffer)
        case UInt8(ascii: "u"): fields.appendUnixTime(&random, to: &buffer)
        case UInt8(ascii: "a"): fields.appendAccessTime(to: &buffer)
        case UInt8(ascii: "n"): appendNumber(random.below(1_000_000), to: &buffer)
        case UInt8(ascii: "d"): appendNumber(random.below(1000), to: &buffer)
        case UInt8(ascii: "p"): appendNumber(30_000 + random.below(30_000), to: &buffer)
        case UInt8(ascii: "i"): appendAddress(&random, to: &buffer)
        case UInt8(ascii: "h"): appendHash(10, &random, to: &buffer)
        case UInt8(ascii: "g"): appendUUID(&random, to: &buffer)
        case UInt8(ascii: "s"): appendPodSuffix(&random, to: &buffer)
        case UInt8(ascii: "m"): appendMilliseconds(&random, to: &buffer)
        default: preconditionFailure("a pattern names a field that does not exist")
        }
    }

    private static func appendAddress(_ random: inout RandomBits, to buffer: inout [UInt8]) {
        let bits = random.next()
        buffer.append(UInt8(ascii: "1"))
        buffer.append(UInt8(ascii: "0"))
        for shift in stride(from: UInt64(8), through: 24, by: 8) {
            buffer.append(UInt8(ascii: "."))
            appendNumber(UInt32(truncatingIfNeeded: (bits >> shift) & 255), to: &buffer)
        }
    }

    private static func appendMilliseconds(_ random: inout RandomBits, to buffer: inout [UInt8]) {
        appendNumber(1 + random.below(500), to: &buffer)
        buffer.append(UInt8(ascii: "."))
        appendDigits(UInt64(random.below(1_000_000)), 6, to: &buffer)
        buffer.append(UInt8(ascii: "m"))
        buffer.append(UInt8(ascii: "s"))
    }

    /// A digit, a letter, then what comes: so it is always masked, and always as one token.
    private static func appendHash(_ length: Int, _ random: inout RandomBits, to buffer: inout [UInt8]) {
        var bits = random.next()
        buffer.append(UInt8(ascii: "2") + UInt8(truncatingIfNeeded: bits & 7))
        buffer.append(UInt8(ascii: "a") + UInt8(truncatingIfNeeded: (bits >> 3) & 3))
        bits >>= 5
        for _ in 2..<length {
            let digit = UInt8(truncatingIfNeeded: bits & 15)
            buffer.append(digit < 10 ? 48 + digit : 87 + digit)
            bits >>= 4
        }
    }

    private static func appendUUID(_ random: inout RandomBits, to buffer: inout [UInt8]) {
        appendHash(8, &random, to: &buffer)
        for position in 0..<4 {
            buffer.append(UInt8(ascii: "-"))
            appendHash(position < 3 ? 4 : 12, &random, to: &buffer)
        }
    }

    private static func appendPodSuffix(_ random: inout RandomBits, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "-"))
        appendHash(10, &random, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        appendHash(5, &random, to: &buffer)
    }
}
