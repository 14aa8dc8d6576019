/// `<UTC_DATE>`: `2021-04-14T20:17:14`, perhaps a fraction, and one character of a class that was meant to be a zone.
///
/// All but the fraction is of fixed length, so nothing is taken back there. The fraction `(?:\.\d+|)` takes its run of
/// digits; if no character of the last class follows, it gives one digit back for it, which it can if it has two.
/// Linear: each `-` looks at a bounded stretch and at one run of digits, which a match takes whole; a run of one digit
/// is all that a failed try saw.
struct UTCDateScan: MaskScan {
    private static var zone: CharacterClass {
        CharacterClass(bytes: ByteClasses.digit | ByteClasses.zone, points: UnicodeClasses.decimal)
    }

    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.dash) && seen.has(.kept) }

    /// The `-` between the year and a month of two digits.
    static func triggers(in block: TextBlock) -> UInt64 {
        block[.dash] & block.ahead(3, .dash) & block.ahead(1, .digit) & block.decimalBehind(1)
    }

    mutating func match(in text: inout MaskText, at dash: Int, from: Int) -> Match? {
        guard let start = text.startOfDigits(4, before: dash, limit: from),
            let clock = Self.day(in: text, from: dash + 1),
            let seconds = Self.clock(in: text, from: clock),
            let end = Self.fractionAndZone(in: &text, from: seconds)
        else { return nil }
        return Match(start: start, end: end, mask: .utcDate)
    }

    /// Month, dash, day and one of `[T|\s]`.
    private static func day(in text: MaskText, from start: Int) -> Int? {
        switch (text[start], text[start + 1]) {
        case (UInt8(ascii: "0"), UInt8(ascii: "1")...UInt8(ascii: "9")): break
        case (UInt8(ascii: "1"), UInt8(ascii: "0")...UInt8(ascii: "2")): break
        default: return nil
        }
        guard text[start + 2] == UInt8(ascii: "-") else { return nil }
        let day = start + 3
        let end: Int
        switch (text[day], text[day + 1]) {
        case (UInt8(ascii: "0"), UInt8(ascii: "1")...UInt8(ascii: "9")): end = day + 2
        case (UInt8(ascii: "3"), UInt8(ascii: "0")...UInt8(ascii: "1")): end = day + 2
        case (UInt8(ascii: "1")...UInt8(ascii: "2"), _):
            let length = text.length(of: .decimal, at: day + 1)
            guard length > 0 else { return nil }
            end = day + 1 + length
        default: return nil
        }
        if text[end] == UInt8(ascii: "T") || text[end] == UInt8(ascii: "|") { return end + 1 }
        let space = text.length(of: .space, at: end)
        return space > 0 ? end + space : nil
    }

    /// Hours, minutes and seconds.
    private static func clock(in text: MaskText, from start: Int) -> Int? {
        var index: Int
        switch (text[start], text[start + 1]) {
        case (UInt8(ascii: "2"), UInt8(ascii: "0")...UInt8(ascii: "3")): index = start + 2
        case (UInt8(ascii: "0")...UInt8(ascii: "1"), _):
            let length = text.length(of: .decimal, at: start + 1)
            guard length > 0 else { return nil }
            index = start + 1 + length
        default: return nil
        }
        for _ in 0..<2 {
            guard text[index] == UInt8(ascii: ":"),
                (UInt8(ascii: "0")...UInt8(ascii: "5")).contains(text[index + 1])
            else { return nil }
            let length = text.length(of: .decimal, at: index + 2)
            guard length > 0 else { return nil }
            index += 2 + length
        }
        return index
    }

    private static func fractionAndZone(in text: inout MaskText, from start: Int) -> Int? {
        guard text[start] == UInt8(ascii: ".") else {
            let length = text.length(of: zone, at: start)
            return length > 0 ? start + length : nil
        }
        let digits = text.end(of: .decimal, from: start + 1)
        guard digits > start + 1 else { return nil }
        let length = text.length(of: zone, at: digits)
        if length > 0 { return digits + length }
        let isOneDigit = start + 1 + text.length(of: .decimal, at: start + 1) == digits
        return isOneDigit ? nil : digits
    }
}

/// `<KLOG_DATE>`: a severity and a date as in `I0414 20:17:14.123456`.
///
/// Everything is of fixed length but the last run, which nothing follows: linear.
struct KlogDateScan: MaskScan {
    private static var fraction: CharacterClass {
        CharacterClass(bytes: ByteClasses.digit | ByteClasses.fraction, points: UnicodeClasses.decimal)
    }

    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.letter) && seen.has(.kept) && seen.mayHaveDecimal }

    /// A letter before four digits.
    static func triggers(in block: TextBlock) -> UInt64 {
        block[.letter] & block.decimalAhead(1) & block.decimalAhead(2) & block.decimalAhead(3) & block.decimalAhead(4)
    }

    mutating func match(in text: inout MaskText, at start: Int, from: Int) -> Match? {
        guard text.isByte(ByteClasses.severity, at: start), let seconds = Self.fixedPart(in: text, from: start + 1)
        else { return nil }
        return Match(start: start, end: text.end(of: Self.fraction, from: seconds), mask: .klogDate)
    }

    private static func fixedPart(in text: MaskText, from start: Int) -> Int? {
        guard let date = text.endOfDigits(4, from: start) else { return nil }
        let space = text.length(of: .space, at: date)
        guard space > 0, let hours = text.endOfDigits(2, from: date + space), text[hours] == UInt8(ascii: ":"),
            let minutes = text.endOfDigits(2, from: hours + 1), text[minutes] == UInt8(ascii: ":")
        else { return nil }
        return text.endOfDigits(2, from: minutes + 1)
    }
}
