/// Turns a pattern into the operations of a `TinyRegex`. A pattern that it does not know in full ends the test run.
struct TinyRegexParser {
    private typealias Operation = TinyRegex.Operation
    private typealias CharacterSet = TinyRegex.CharacterSet

    private let pattern: [Unicode.Scalar]
    private var index = 0

    init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

    mutating func parse() -> [TinyRegex.Operation] {
        let operations = alternatives() + [.match]
        precondition(index == pattern.count, "TinyRegex: unread rest of a pattern at \(index)")
        return operations
    }

    private var next: Unicode.Scalar? { index < pattern.count ? pattern[index] : nil }

    private mutating func take(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard pattern[index...].starts(with: scalars) else { return false }
        index += scalars.count
        return true
    }

    private mutating func takeScalar() -> Unicode.Scalar {
        precondition(index < pattern.count, "TinyRegex: a pattern ends too early")
        index += 1
        return pattern[index - 1]
    }

    private mutating func alternatives() -> [Operation] {
        var operations = sequence()
        guard take("|") else { return operations }
        let other = alternatives()
        operations = Self.moved(operations, by: 1)
        let end = operations.count + other.count + 2
        return [.split(1, operations.count + 2)] + operations + [.jump(end)]
            + Self.moved(other, by: operations.count + 2)
    }

    private mutating func sequence() -> [Operation] {
        var operations: [Operation] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let part = repeated(atom())
            operations += Self.moved(part, by: operations.count)
        }
        return operations
    }

    private mutating func atom() -> [Operation] {
        if take("(?<=") { return [.behind(lookedAt())] }
        if take("(?=") { return [.ahead(lookedAt())] }
        if take("(?:") || take("(") {
            let inner = alternatives()
            precondition(take(")"), "TinyRegex: a group is not closed")
            return inner
        }
        if take("^") { return [.start] }
        if take("$") { return [.end] }
        if take("[") { return [.set(characterClass())] }
        return [.set(single())]
    }

    private mutating func lookedAt() -> CharacterSet {
        precondition(take("["), "TinyRegex: only a class may be looked at")
        let set = characterClass()
        precondition(take(")"), "TinyRegex: only one class may be looked at")
        return set
    }

    private mutating func repeated(_ part: [Operation]) -> [Operation] {
        if take("*") { return Self.any(part) }
        if take("+") { return part + Self.moved(Self.any(part), by: part.count) }
        if take("?") { return Self.optional(part) }
        guard next == "{", let bounds = bounds() else { return part }
        var operations: [Operation] = []
        for _ in 0..<bounds.lowerBound { operations += Self.moved(part, by: operations.count) }
        var optional: [Operation] = []
        for _ in bounds.lowerBound..<bounds.upperBound {
            optional = Self.optional(part + Self.moved(optional, by: part.count))
        }
        return operations + Self.moved(optional, by: operations.count)
    }

    /// `{n}` or `{m,n}`; anything else in braces stands for itself.
    private mutating func bounds() -> ClosedRange<Int>? {
        guard let close = pattern[index...].firstIndex(of: "}") else { return nil }
        let numbers = String(String.UnicodeScalarView(pattern[(index + 1)..<close]))
            .split(separator: ",").map { Int($0) }
        guard let low = numbers.first ?? nil, let high = numbers.last ?? nil else { return nil }
        index = close + 1
        return low...high
    }

    private static func optional(_ part: [Operation]) -> [Operation] {
        [.split(1, part.count + 1)] + moved(part, by: 1)
    }

    private static func any(_ part: [Operation]) -> [Operation] {
        [.split(1, part.count + 2)] + moved(part, by: 1) + [.jump(0)]
    }

    private static func moved(_ operations: [Operation], by offset: Int) -> [Operation] {
        operations.map { operation in
            switch operation {
            case .split(let first, let second): .split(first + offset, second + offset)
            case .jump(let place): .jump(place + offset)
            default: operation
            }
        }
    }
}

extension TinyRegexParser {
    private mutating func single() -> CharacterSet {
        var set = CharacterSet()
        insertSingle(into: &set)
        return set
    }

    /// One character or class escape; the code point if it was one character.
    @discardableResult
    private mutating func insertSingle(into set: inout CharacterSet) -> UInt32? {
        var scalar = takeScalar()
        if scalar == "\\" {
            scalar = takeScalar()
            switch scalar {
            case "d": set.kinds |= LiteralText.decimalKind
            case "w": set.kinds |= LiteralText.wordKind
            case "s": set.kinds |= LiteralText.spaceKind
            case "n": return insert(10, into: &set)
            case "r": return insert(13, into: &set)
            case "t": return insert(9, into: &set)
            case "x":
                let digits = [takeScalar(), takeScalar()]
                return insert(UInt32(String(String.UnicodeScalarView(digits)), radix: 16) ?? 0, into: &set)
            default:
                precondition(!LiteralText.isAlphanumeric(scalar.properties), "TinyRegex: unknown escape \(scalar)")
                return insert(scalar.value, into: &set)
            }
            return nil
        }
        precondition(scalar != ".", "TinyRegex: an unescaped dot")
        return insert(scalar.value, into: &set)
    }

    private func insert(_ point: UInt32, into set: inout CharacterSet) -> UInt32 {
        set.insert(point)
        return point
    }

    /// What stands behind a `[`.
    private mutating func characterClass() -> CharacterSet {
        var set = CharacterSet()
        set.isNegated = take("^")
        while !take("]") {
            // A dot in a class is a dot.
            if take(".") {
                set.insert(46)
                continue
            }
            guard let first = insertSingle(into: &set) else { continue }
            if next == "-", index + 1 < pattern.count, pattern[index + 1] != "]" {
                index += 1
                let last = takeScalar().value
                precondition(first <= last, "TinyRegex: a range runs backwards")
                for point in first...last { set.insert(point) }
            }
        }
        return set
    }
}
