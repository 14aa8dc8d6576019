/// A backtracking matcher for the regular expressions of the mask rules, made to be obviously right rather than quick.
///
/// Knows literals, `\d \w \s \n \r \t \xHH`, classes, groups (all alike), `|`, `* + ? {n} {m,n}`, `^`, `$` and looking
/// one class ahead or behind. Alternatives are tried in order, repeats greedily, as Python's `re` does.
struct TinyRegex {
    enum Operation {
        case set(CharacterSet)
        /// Goes on at the first place, and at the second if that fails.
        case split(Int, Int)
        case jump(Int)
        case behind(CharacterSet)
        case ahead(CharacterSet)
        case start
        case end
        case match
    }

    /// Characters of a class: any of ASCII, at most one other, and kinds. (No array, for the sake of debug builds.)
    struct CharacterSet {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var other = UInt32.max
        var kinds: UInt32 = 0
        var isNegated = false

        mutating func insert(_ point: UInt32) {
            switch point {
            case ..<64: low |= 1 << UInt64(point)
            case ..<128: high |= 1 << UInt64(point - 64)
            default:
                precondition(other == .max || other == point, "TinyRegex: two characters in a class that are not ASCII")
                other = point
            }
        }

        func contains(_ unit: UInt32) -> Bool {
            let point = unit & 0x1F_FFFF
            if unit & kinds != 0 { return !isNegated }
            if point >= 128 { return (point == other) != isNegated }
            let bits = point < 64 ? low : high
            return (bits & 1 << UInt64(point & 63) != 0) != isNegated
        }
    }

    let operations: [Operation]
    /// The ASCII characters that a match may start with; tries elsewhere are saved.
    private let firstASCII: [Bool]

    init(_ pattern: String) {
        var parser = TinyRegexParser(pattern)
        operations = parser.parse()
        firstASCII = Self.first(of: operations)
    }

    /// The text with every match replaced.
    func replacing(in text: LiteralText, with replacement: LiteralText) -> LiteralText {
        var output: [UInt32] = []
        let units = text.units
        var done = 0
        forEachMatch(in: units) { start, end in
            output.append(contentsOf: units[done..<start])
            output.append(contentsOf: replacement.units)
            done = end
        }
        if done == 0 { return text }
        output.append(contentsOf: units[done...])
        return LiteralText(units: output)
    }

    /// Calls `body` with start and end of each match, leftmost first, none inside another.
    func forEachMatch(in units: [UInt32], _ body: (Int, Int) -> Void) {
        units.withUnsafeBufferPointer { units in
            operations.withUnsafeBufferPointer { operations in
                var start = 0
                while start < units.count {
                    let point = units[start] & 0x1F_FFFF
                    if point >= 128 || firstASCII[Int(point)],
                        let end = Self.match(operations, units, from: start, at: 0)
                    {
                        body(start, end)
                        start = end
                    } else {
                        start += 1
                    }
                }
            }
        }
    }

    /// Calls itself once for each place that it may have to come back to.
    private static func match(
        _ operations: UnsafeBufferPointer<Operation>, _ units: UnsafeBufferPointer<UInt32>,
        from start: Int, at place: Int
    ) -> Int? {
        var next = place
        var position = start
        while true {
            switch operations[next] {
            case .set(let set):
                guard position < units.count, set.contains(units[position]) else { return nil }
                position += 1
            case .split(let first, let second):
                if let end = match(operations, units, from: position, at: first) { return end }
                next = second
                continue
            case .jump(let place):
                next = place
                continue
            case .behind(let set):
                guard position > 0, set.contains(units[position - 1]) else { return nil }
            case .ahead(let set):
                guard position < units.count, set.contains(units[position]) else { return nil }
            case .start:
                guard position == 0 else { return nil }
            case .end:
                let isLastNewline = position == units.count - 1 && units[position] & 0x1F_FFFF == 10
                guard position == units.count || isLastNewline else { return nil }
            case .match: return position
            }
            next += 1
        }
    }

    private static func first(of operations: [Operation]) -> [Bool] {
        var first = Array(repeating: false, count: 128)
        var visited: Set<Int> = []
        var open = [0]
        while let index = open.popLast() {
            guard visited.insert(index).inserted else { continue }
            switch operations[index] {
            case .set(let set):
                for point in 0..<128 {
                    let unit = UInt32(point) | LiteralText.kinds(of: Unicode.Scalar(UInt8(point)))
                    if set.contains(unit) { first[point] = true }
                }
            case .split(let one, let other): open += [one, other]
            case .jump(let place): open.append(place)
            case .behind, .ahead, .start, .end: open.append(index + 1)
            case .match: first = Array(repeating: true, count: 128)
            }
        }
        return first
    }
}
