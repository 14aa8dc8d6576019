/// Points in time as OpenSearch reads them from documents: its format `strict_date_optional_time||epoch_millis`.
///
/// That is ISO 8601 from the year alone (`2021`) over `2021-08-03` to `2021-08-03T09:15:59.228694Z`, each part optional
/// from the end, the fraction of up to nine digits after a point or comma, the offset `Z`, `+02`, `+0200` or `+02:00`
/// (UTC without one), or milliseconds since 1970 as digits.
enum Timestamp {
    /// The milliseconds since 1970 (rounded down) that a JSON token says: a string without its quotes, or a number.
    static func milliseconds(of text: UnsafeRawBufferPointer, isNumber: Bool) -> Int64? {
        if !isNumber, let time = calendarTime(text) { return time }
        return epochMilliseconds(text)
    }

    private static func epochMilliseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        var cursor = Cursor(rest: text[...])
        let negative = cursor.skip("-")
        guard let digits = cursor.digits(atLeast: 1, atMost: 18) else { return exponentMilliseconds(text) }
        var fraction: Int64 = 0
        if cursor.skip(".") {
            guard let nanos = cursor.fraction() else { return exponentMilliseconds(text) }
            fraction = nanos
        }
        guard cursor.isAtEnd else { return exponentMilliseconds(text) }
        return negative ? -digits - (fraction > 0 ? 1 : 0) : digits
    }

    /// Numbers such as 1.6E12, which a JSON writer may choose.
    private static func exponentMilliseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) else { return nil }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.magnitude < 1e18 else { return nil }
        let whole = Int64(value)
        return Double(whole) > value ? whole - 1 : whole
    }

    private static func calendarTime(_ text: UnsafeRawBufferPointer) -> Int64? {
        var cursor = Cursor(rest: text[...])
        guard let year = cursor.digits(atLeast: 4, atMost: 4) else { return nil }
        var month: Int64 = 1
        var day: Int64 = 1
        if cursor.skip("-") {
            guard let found = cursor.two(1...12) else { return nil }
            month = found
            if cursor.skip("-") {
                guard let found = cursor.two(1...daysIn(month: month, year: year)) else { return nil }
                day = found
            }
        }
        let midnight = daysSince1970(year: year, month: month, day: day) * 86_400_000
        if cursor.isAtEnd { return midnight }
        guard cursor.skip("T"), let time = timeOfDay(&cursor), cursor.isAtEnd else { return nil }
        return midnight + time
    }

    /// What follows the `T`, less the offset from UTC.
    private static func timeOfDay(_ cursor: inout Cursor) -> Int64? {
        if cursor.isAtEnd { return 0 }
        guard let hours = cursor.two(0...23) else { return nil }
        var milliseconds = hours * 3_600_000
        if cursor.skip(":") {
            guard let minutes = cursor.two(0...59) else { return nil }
            milliseconds += minutes * 60_000
            if cursor.skip(":") {
                guard let seconds = cursor.two(0...59) else { return nil }
                milliseconds += seconds * 1_000
                if cursor.skip(".") || cursor.skip(",") {
                    guard let nanoseconds = cursor.fraction() else { return nil }
                    milliseconds += nanoseconds / 1_000_000
                }
            }
        }
        guard let offset = offsetFromUTC(&cursor) else { return nil }
        return milliseconds - offset
    }

    private static func offsetFromUTC(_ cursor: inout Cursor) -> Int64? {
        if cursor.isAtEnd || cursor.skip("Z") { return 0 }
        let west = cursor.skip("-")
        guard west || cursor.skip("+"), let hours = cursor.two(0...18) else { return nil }
        var minutes: Int64 = 0
        if !cursor.isAtEnd {
            _ = cursor.skip(":")
            guard let found = cursor.two(0...59) else { return nil }
            minutes = found
        }
        let offset = (hours * 60 + minutes) * 60_000
        return west ? -offset : offset
    }

    private static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar: years begin in March, so that the leap day is the
    /// last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// Reads forward over ASCII.
private struct Cursor {
    var rest: Slice<UnsafeRawBufferPointer>

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func digits(atLeast minimum: Int, atMost maximum: Int) -> Int64? {
        var value: Int64 = 0
        var count = 0
        while count < maximum, let byte = rest.first, byte &- 48 < 10 {
            value = value * 10 + Int64(byte - 48)
            count += 1
            rest.removeFirst()
        }
        return count >= minimum ? value : nil
    }

    mutating func two(_ range: ClosedRange<Int64>) -> Int64? {
        guard let value = digits(atLeast: 2, atMost: 2), range.contains(value) else { return nil }
        return value
    }

    /// One to nine digits after a point, as billionths.
    mutating func fraction() -> Int64? {
        let before = rest.count
        guard var value = digits(atLeast: 1, atMost: 9) else { return nil }
        for _ in (before - rest.count)..<9 { value *= 10 }
        return value
    }
}
