/// A moment given by a user: absolute, or relative to the start of the run.
enum Instant: Sendable, Equatable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    case absolute(Int64)
    /// Milliseconds before the start of the run.
    case beforeStart(Int64)

    /// 1990: an earlier moment, 0 aside, that is given by its bare number was meant in seconds, or as a year.
    static let earliestNumber: Int64 = 631_152_000_000

    /// Reads ISO 8601 (`2026-01-31`, `2026-01-31T12:00[:00[.123]][Z|+02:00]`, UTC where no zone is given), epoch
    /// milliseconds, `-24h`, or `now`.
    init?(_ text: String) {
        if text == "now" {
            self = .beforeStart(0)
        } else if text.hasPrefix("-"), let milliseconds = TimeSpan.milliseconds(text.dropFirst()) {
            self = .beforeStart(milliseconds)
        } else if let milliseconds = Int64(text), milliseconds >= 0 {
            self = .absolute(milliseconds)
        } else if let milliseconds = ISO8601.milliseconds(text) {
            self = .absolute(milliseconds)
        } else {
            return nil
        }
    }

    /// Milliseconds since 1970, given those of the start of the run.
    func milliseconds(start: Int64) -> Int64 {
        switch self {
        case .absolute(let milliseconds): milliseconds
        case .beforeStart(let milliseconds): start - milliseconds
        }
    }
}

/// ISO 8601 dates in UTC, as far as options and reports need them.
enum ISO8601 {
    static func milliseconds(_ text: String) -> Int64? {
        var scanner = DigitScanner(text.utf8)
        guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"),
            let day = scanner.number(2), (1...12).contains(month), (1...days(month, year)).contains(day)
        else { return nil }
        var total = Int64(daysSince1970(year, month, day)) * 86_400_000
        guard !scanner.isAtEnd else { return total }
        guard scanner.skip("T") || scanner.skip(" ") || scanner.skip("t"), let hour = scanner.number(2), hour < 24,
            scanner.skip(":"), let minute = scanner.number(2), minute < 60
        else { return nil }
        total += Int64(hour * 3600 + minute * 60) * 1000
        if scanner.skip(":") {
            guard let second = scanner.number(2), second < 60 else { return nil }
            total += Int64(second) * 1000
            if scanner.skip(".") {
                guard let fraction = scanner.fraction() else { return nil }
                total += fraction
            }
        }
        guard let offset = scanner.zone(), scanner.isAtEnd else { return nil }
        return total - offset
    }

    /// `2026-01-31T12:00:00.123Z`.
    static func text(_ milliseconds: Int64) -> String {
        let (day, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        let dayNumber = rest < 0 ? day - 1 : day
        let inDay = Int(rest < 0 ? rest + 86_400_000 : rest)
        let (year, month, date) = civil(Int(dayNumber))
        let clock = "\(two(inDay / 3_600_000)):\(two(inDay / 60_000 % 60)):\(two(inDay / 1000 % 60))"
        let thousandths = String(String(1000 + inDay % 1000).dropFirst())
        return "\(year)-\(two(month))-\(two(date))T\(clock).\(thousandths)Z"
    }

    private static func two(_ value: Int) -> String { (value < 10 ? "0" : "") + String(value) }

    private static func days(_ month: Int, _ year: Int) -> Int {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days of the proleptic Gregorian calendar since 1970-01-01; years begin in March, so that leap days come last.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The inverse of `daysSince1970`, for days from year 0 on.
    private static func civil(_ days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let index = (5 * dayOfYear + 2) / 153
        let month = index < 10 ? index + 3 : index - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * index + 2) / 5 + 1)
    }
}

/// Takes fixed runs of digits and single characters off the front of a text.
private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String.UTF8View) { rest = text[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(_ digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let first = rest.first, (48...57).contains(first) else { return nil }
            value = value * 10 + Int(first - 48)
            rest.removeFirst()
        }
        return value
    }

    /// Thousandths from one or more digits; what is finer is cut off.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var digits = 0
        while let digit = number(1) {
            if digits < 3 { value = value * 10 + Int64(digit) }
            digits += 1
        }
        guard digits > 0 else { return nil }
        for _ in min(digits, 3)..<3 { value *= 10 }
        return value
    }

    /// Milliseconds east of UTC: `Z`, nothing, `+02:00`, `+0200` or `+02`.
    mutating func zone() -> Int64? {
        if isAtEnd || skip("Z") || skip("z") { return 0 }
        let sign: Int64
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(2), hours < 24 else { return nil }
        var minutes = 0
        if !isAtEnd {
            _ = skip(":")
            guard let value = number(2), value < 60 else { return nil }
            minutes = value
        }
        return sign * Int64(hours * 60 + minutes) * 60_000
    }
}
