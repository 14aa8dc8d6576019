/// `<CUSTOM_DATE>`: a month's name, white space, a day, one space and a clock.
///
/// It is found by the first `:` of its clock. Each part is told from those beside it by its characters, so there is one
/// way to go back from there to the month; no name ends in another, so at most one ends before the white space. In the
/// clock only the minutes and seconds choose between one and two digits; of the minutes a `:` follows but one choice.
///
/// Linear: the white space is the only run without a bound, and one run has one day behind it.
struct CustomDateScan: MaskScan {
    private static var months: [StaticString] {
        [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ]
    }

    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.letter) && seen.has(.kept) && seen.has(.digit) }

    /// A `:` between digits with another one or two digits behind it.
    static func triggers(in block: TextBlock) -> UInt64 {
        block[.kept] & block.behind(1, .digit) & block.ahead(1, .digit)
            & (block.ahead(2, .kept) | block.ahead(3, .kept))
    }

    mutating func match(in text: inout MaskText, at colon: Int, from: Int) -> Match? {
        guard text[colon] == UInt8(ascii: ":"),
            let hours = Self.startOfHours(in: text, before: colon, limit: from),
            let name = Self.endOfMonth(in: &text, before: hours, limit: from),
            let start = Self.startOfMonth(in: text, before: name, limit: from),
            let end = Self.endOfMinutesAndSeconds(in: text, from: colon + 1)
        else { return nil }
        return Match(start: start, end: end, mask: .customDate)
    }

    /// `(2[0-3]|[01]?[0-9])` behind a space.
    private static func startOfHours(in text: MaskText, before colon: Int, limit: Int) -> Int? {
        let digit = colon - 1
        guard digit > limit else { return nil }
        if text[digit - 1] == UInt8(ascii: " ") { return digit }
        guard digit - 1 > limit, text[digit - 2] == UInt8(ascii: " ") else { return nil }
        let isHour =
            switch text[digit - 1] {
            case UInt8(ascii: "0"), UInt8(ascii: "1"): true
            case UInt8(ascii: "2"): text[digit] <= UInt8(ascii: "3")
            default: false
            }
        return isHour ? digit - 1 : nil
    }

    /// Before white space and a day of one or two digits that end at the space before `hours`.
    private static func endOfMonth(in text: inout MaskText, before hours: Int, limit: Int) -> Int? {
        guard var day = text.startOfDigits(1, before: hours - 1, limit: limit) else { return nil }
        day = text.startOfDigits(1, before: day, limit: limit) ?? day
        let end = text.start(of: .space, before: day, limit: limit)
        return end < day ? end : nil
    }

    /// Start of the name, or else of its first three letters, that ends before `end`.
    private static func startOfMonth(in text: MaskText, before end: Int, limit: Int) -> Int? {
        for name in months {
            if text.matches(name, endingAt: end, limit: limit) { return end - name.utf8CodeUnitCount }
            let start = end - 3
            if start >= limit, text.matchesFirst(3, of: name, at: start) { return start }
        }
        return nil
    }

    private static func endOfMinutesAndSeconds(in text: MaskText, from start: Int) -> Int? {
        guard let minutes = endOfSixty(in: text, from: start), text[minutes] == UInt8(ascii: ":") else { return nil }
        return endOfSixty(in: text, from: minutes + 1)
    }

    /// `[0-5]?[0-9]`
    private static func endOfSixty(in text: MaskText, from start: Int) -> Int? {
        guard text.isByte(ByteClasses.digit, at: start) else { return nil }
        let isTwo = text[start] <= UInt8(ascii: "5") && text.isByte(ByteClasses.digit, at: start + 1)
        return isTwo ? start + 2 : start + 1
    }
}
