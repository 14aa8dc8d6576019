/// `<CUSTOM_DATE>`: a month's name, white space, a day, one space and a clock.
///
/// Each part is told from the next by its first character, so what is taken is never given back; only the numbers of
/// the clock choose between one and two digits, by the `:` that must follow. Linear: the white space is the only run
/// without a bound, and it holds no month's name.
struct CustomDateScan: MaskScan {
    static var mask: StaticString { "<CUSTOM_DATE>" }

    static func mayMatch(_ seen: ByteSummary) -> Bool { seen.has([.month, .colon]) }

    mutating func next(in text: inout MaskText, from: Int) -> (start: Int, end: Int)? {
        var start = text.findByte(ByteClasses.month, from: from)
        while start < text.count {
            if let name = Self.endOfMonth(in: text, from: start),
                let day = Self.endOfDay(in: &text, from: name),
                let end = Self.endOfClock(in: text, from: day)
            {
                return (start, end)
            }
            start = text.findByte(ByteClasses.month, from: start + 1)
        }
        return nil
    }

    /// End of the full name, or else of its first three letters.
    private static func endOfMonth(in text: MaskText, from start: Int) -> Int? {
        switch (text[start], text[start + 1]) {
        case (UInt8(ascii: "J"), UInt8(ascii: "a")): return end(in: text, of: "January", from: start)
        case (UInt8(ascii: "J"), _):
            return end(in: text, of: "June", from: start) ?? end(in: text, of: "July", from: start)
        case (UInt8(ascii: "F"), _): return end(in: text, of: "February", from: start)
        case (UInt8(ascii: "M"), _):
            return end(in: text, of: "March", from: start) ?? end(in: text, of: "May", from: start)
        case (UInt8(ascii: "A"), _):
            return end(in: text, of: "April", from: start) ?? end(in: text, of: "August", from: start)
        case (UInt8(ascii: "S"), _): return end(in: text, of: "September", from: start)
        case (UInt8(ascii: "O"), _): return end(in: text, of: "October", from: start)
        case (UInt8(ascii: "N"), _): return end(in: text, of: "November", from: start)
        case (UInt8(ascii: "D"), _): return end(in: text, of: "December", from: start)
        default: return nil
        }
    }

    private static func end(in text: MaskText, of name: StaticString, from start: Int) -> Int? {
        if text.matches(name, at: start) { return start + name.utf8CodeUnitCount }
        for offset in 0..<3 where text[start + offset] != name.utf8Start[offset] { return nil }
        return start + 3
    }

    /// White space, a day of one or two digits, one space.
    private static func endOfDay(in text: inout MaskText, from start: Int) -> Int? {
        let day = text.end(of: .space, from: start)
        guard day > start, var end = text.endOfDigits(1, from: day) else { return nil }
        end = text.endOfDigits(1, from: end) ?? end
        return text[end] == UInt8(ascii: " ") ? end + 1 : nil
    }

    private static func endOfClock(in text: MaskText, from start: Int) -> Int? {
        guard let hours = endOfHours(in: text, from: start), text[hours] == UInt8(ascii: ":"),
            let minutes = endOfSixty(in: text, from: hours + 1), text[minutes] == UInt8(ascii: ":")
        else { return nil }
        return endOfSixty(in: text, from: minutes + 1)
    }

    /// `2[0-3]|[01]?[0-9]`, of which a `:` follows only the longest.
    private static func endOfHours(in text: MaskText, from start: Int) -> Int? {
        guard text.isByte(ByteClasses.digit, at: start) else { return nil }
        let isTwo =
            switch text[start] {
            case UInt8(ascii: "0"), UInt8(ascii: "1"): text.isByte(ByteClasses.digit, at: start + 1)
            case UInt8(ascii: "2"): (UInt8(ascii: "0")...UInt8(ascii: "3")).contains(text[start + 1])
            default: false
            }
        return isTwo ? start + 2 : start + 1
    }

    /// `[0-5]?[0-9]`
    private static func endOfSixty(in text: MaskText, from start: Int) -> Int? {
        guard text.isByte(ByteClasses.digit, at: start) else { return nil }
        let isTwo = text[start] <= UInt8(ascii: "5") && text.isByte(ByteClasses.digit, at: start + 1)
        return isTwo ? start + 2 : start + 1
    }
}
