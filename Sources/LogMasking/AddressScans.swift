/// The first `<IP>`: four numbers of one to three digits and the length of a prefix.
struct PrefixScan: MaskScan {
    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.slash) && AddressScan.mayMatch(seen) }

    static func triggers(in block: TextBlock) -> UInt64 { AddressParts.triggers(in: block) }

    mutating func match(in text: inout MaskText, at dot: Int, from: Int) -> Match? {
        AddressParts.match(in: text, at: dot, from: from) { text, last in
            guard let slash = AddressParts.endOfNumber(in: text, from: last, before: UInt8(ascii: "/")) else {
                return nil
            }
            return AddressParts.endOfLast(in: text, from: slash)
        }
    }
}

/// The second `<IP>`: four numbers of one to three digits.
struct AddressScan: MaskScan {
    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.dot) && seen.mayHaveDecimal }

    static func triggers(in block: TextBlock) -> UInt64 { AddressParts.triggers(in: block) }

    mutating func match(in text: inout MaskText, at dot: Int, from: Int) -> Match? {
        AddressParts.match(in: text, at: dot, from: from) { text, last in AddressParts.endOfLast(in: text, from: last) }
    }
}

/// What the two kinds of address share.
///
/// A number before a `.` is all the digits up to it, so it is never given back; only the last number, before a border,
/// is the longest of at most three digits that has one after it. What follows the first `.` does not depend on where
/// the match starts, which is therefore the leftmost of the three digits before it that has a border. Such a border
/// may stand between two digits, since a digit of another script is no `[A-Za-z0-9]`.
///
/// Linear: each `.` looks at a bounded stretch.
enum AddressParts {
    /// A `.` between digits, with another behind one to three digits; of those that are not ASCII only the first byte
    /// is looked for.
    static func triggers(in block: TextBlock) -> UInt64 {
        let number =
            block.ahead(2, .dot) | block.ahead(3, .dot) | block.ahead(4, .dot) | block.ahead(1, .nonASCII)
            | block.ahead(2, .nonASCII) | block.ahead(3, .nonASCII)
        return block[.dot] & block.decimalBehind(1) & block.decimalAhead(1) & number
    }

    static func match(in text: MaskText, at dot: Int, from: Int, endOfRest: (MaskText, Int) -> Int?) -> Match? {
        guard let second = endOfNumber(in: text, from: dot + 1, before: UInt8(ascii: ".")),
            let third = endOfNumber(in: text, from: second, before: UInt8(ascii: ".")),
            let start = start(in: text, before: dot, limit: from),
            let end = endOfRest(text, third)
        else { return nil }
        return Match(start: start, end: end, mask: .ip)
    }

    private static func start(in text: MaskText, before dot: Int, limit: Int) -> Int? {
        var start = dot
        var leftmost: Int?
        for _ in 0..<3 {
            let length = text.length(of: .decimal, before: start, limit: limit)
            if length == 0 { break }
            start -= length
            if text.isBorderBefore(start) { leftmost = start }
        }
        return leftmost
    }

    /// Behind one to three digits and `delimiter`.
    static func endOfNumber(in text: MaskText, from start: Int, before delimiter: UInt8) -> Int? {
        var end = start
        for _ in 0..<3 {
            let length = text.length(of: .decimal, at: end)
            if length == 0 { break }
            end += length
        }
        return end > start && text[end] == delimiter ? end + 1 : nil
    }

    /// Behind the most of one to three digits that a border follows.
    static func endOfLast(in text: MaskText, from start: Int) -> Int? {
        var end = start
        var longest: Int?
        for _ in 0..<3 {
            let length = text.length(of: .decimal, at: end)
            if length == 0 { break }
            end += length
            if text.isBorderAfter(end) { longest = end }
        }
        return longest
    }
}
