/// What a rotation appends to a log's name: a number behind a dot, or a date with or without a time.
enum RotationSuffix {
    /// Characters at the end of a name that a rotation appended.
    static func length(in name: Substring) -> Int {
        let bytes = Array(name.utf8)
        return bytes.count - (dateStart(bytes) ?? numberStart(bytes) ?? bytes.count)
    }

    /// Where a date begins that reaches to the end: `-20260131`, `.2026-01-31T12:00`, `-20260131.1`.
    private static func dateStart(_ name: [UInt8]) -> Int? {
        let tail = name.reversed().prefix { isDigit($0) || "-._T:".utf8.contains($0) }
        // A name is never all suffix.
        let first = max(1, name.count - tail.count)
        return name.indices.dropFirst(first).first { isSeparator(name[$0]) && isDate(name[($0 + 1)...]) }
    }

    /// Where a last `.N` begins that is not the end of an address or a version: `name.log.1`, but not `10.0.0.1`.
    private static func numberStart(_ name: [UInt8]) -> Int? {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return nil }
        let number = name[(dot + 1)...]
        guard (1...4).contains(number.count), number.allSatisfy(isDigit) else { return nil }
        let before = name[..<dot].reversed().drop(while: isDigit)
        let followsNumber = before.count < dot && (before.first ?? UInt8(ascii: ".")) == UInt8(ascii: ".")
        return followsNumber ? nil : dot
    }

    /// Whether a text begins with year, month and day, or is a year and a month or the seconds since 1970.
    private static func isDate(_ text: ArraySlice<UInt8>) -> Bool {
        if text.count == 10, text.first == UInt8(ascii: "1"), text.allSatisfy(isDigit) { return true }
        var rest = text
        guard let year = number(4, &rest), (1970...2099).contains(year) else { return false }
        guard let month = number(2, &rest), (1...12).contains(month) else { return false }
        if rest.isEmpty { return true }
        guard let day = number(2, &rest) else { return false }
        return (1...31).contains(day)
    }

    /// Takes a number of so many digits, and a separator before it.
    private static func number(_ count: Int, _ text: inout ArraySlice<UInt8>) -> Int? {
        if let first = text.first, isSeparator(first) { text = text.dropFirst() }
        let digits = text.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        text = text.dropFirst(count)
        return digits.reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isSeparator(_ byte: UInt8) -> Bool { "-._".utf8.contains(byte) }
}
