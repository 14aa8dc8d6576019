/// ISO 8601 dates to epoch milliseconds and back, in the forms that `strict_date_optional_time` takes.
enum DateText {
    /// Epoch milliseconds of `2023-11-14`, `2023-11-14T22:13:20Z`, `…20.123456+01:00`; nil where it is no such text.
    static func milliseconds(_ text: String) -> Int64? {
        var scan = Scan(bytes: Array(text.utf8))
        guard let year = scan.digits(4), scan.take("-"), let month = scan.digits(2), scan.take("-"),
            let day = scan.digits(2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let days = daysSinceEpoch(year, month, day)
        if scan.isAtEnd { return days * 86_400_000 }
        guard scan.take("T"), let time = timeOfDay(&scan), let offset = zone(&scan), scan.isAtEnd else { return nil }
        return days * 86_400_000 + time - offset
    }

    /// `2023-11-14T22:00:00.000Z`.
    static func text(_ milliseconds: Int64) -> String {
        let day = milliseconds >= 0 ? milliseconds / 86_400_000 : (milliseconds - 86_399_999) / 86_400_000
        let time = milliseconds - day * 86_400_000
        let (year, month, dayOfMonth) = civil(day)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T\(padded(time / 3_600_000, 2)):"
            + "\(padded(time / 60_000 % 60, 2)):\(padded(time / 1000 % 60, 2)).\(padded(time % 1000, 3))Z"
    }

    private static func timeOfDay(_ scan: inout Scan) -> Int64? {
        guard let hour = scan.digits(2), hour < 24 else { return nil }
        var result = hour * 3_600_000
        guard scan.take(":") else { return result }
        guard let minute = scan.digits(2), minute < 60 else { return nil }
        result += minute * 60_000
        guard scan.take(":") else { return result }
        guard let second = scan.digits(2), second < 60 else { return nil }
        result += second * 1000
        if scan.take(".") || scan.take(",") {
            guard let fraction = scan.fraction() else { return nil }
            result += fraction
        }
        return result
    }

    private static func zone(_ scan: inout Scan) -> Int64? {
        if scan.isAtEnd || scan.take("Z") { return 0 }
        let sign: Int64
        if scan.take("+") { sign = 1 } else if scan.take("-") { sign = -1 } else { return nil }
        guard let hours = scan.digits(2) else { return nil }
        _ = scan.take(":")
        return sign * (hours * 3_600_000 + (scan.digits(2) ?? 0) * 60_000)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days from 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}

private struct Scan {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        guard position + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for offset in 0..<count {
            let digit = bytes[position + offset]
            guard digit >= 48, digit <= 57 else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        position += count
        return value
    }

    /// One to nine digits after the point, cut to milliseconds.
    mutating func fraction() -> Int64? {
        let start = position
        var value: Int64 = 0
        while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
            if position < start + 3 { value = value * 10 + Int64(bytes[position] - 48) }
            position += 1
        }
        let count = position - start
        guard count >= 1, count <= 9 else { return nil }
        return count >= 3 ? value : count == 2 ? value * 10 : value * 100
    }
}
