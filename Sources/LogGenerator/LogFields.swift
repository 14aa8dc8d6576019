/// What varies between two logs of one template and vanishes under masking: times, numbers, addresses, identifiers.
///
/// Each field keeps one shape (a hash begins with a digit and a letter, a fraction has always as many digits), since a
/// mask depends on the shape: otherwise chance would split one template into several.
struct LogFields {
    /// 2026-11-24T10:00:00Z in milliseconds, the time of log 0; each log comes a millisecond later.
    private static let start: UInt64 = 1_795_514_400_000

    private let milliseconds: UInt64

    init(index: UInt64) {
        milliseconds = Self.start &+ index % 1_000_000_000_000
    }

    /// `1124 10:00:00.123456`, as klog writes after the level.
    func appendKlogTime(_ random: inout RandomBits, to buffer: inout [UInt8]) {
        let (_, month, day) = date
        appendDigits(month, 2, to: &buffer)
        appendDigits(day, 2, to: &buffer)
        buffer.append(UInt8(ascii: " "))
        appendClock(to: &buffer)
        buffer.append(UInt8(ascii: "."))
        appendDigits(milliseconds % 1000, 3, to: &buffer)
        appendDigits(UInt64(random.below(1000)), 3, to: &buffer)
    }

    /// `2026-11-24T10:00:00.123Z`.
    func appendISOTime(to buffer: inout [UInt8]) {
        let (year, month, day) = date
        appendDigits(year, 4, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        appendDigits(month, 2, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        appendDigits(day, 2, to: &buffer)
        buffer.append(UInt8(ascii: "T"))
        appendClock(to: &buffer)
        buffer.append(UInt8(ascii: "."))
        appendDigits(milliseconds % 1000, 3, to: &buffer)
        buffer.append(UInt8(ascii: "Z"))
    }

    /// `24/Nov/2026:10:00:00 +0000`, as web servers write it.
    func appendAccessTime(to buffer: inout [UInt8]) {
        let (year, month, day) = date
        appendDigits(day, 2, to: &buffer)
        buffer.append(UInt8(ascii: "/"))
        let start = Int(month - 1) * 3
        Self.months.withUnsafeBufferPointer {
            buffer.append(contentsOf: UnsafeBufferPointer(rebasing: $0[start..<start + 3]))
        }
        buffer.append(UInt8(ascii: "/"))
        appendDigits(year, 4, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        appendClock(to: &buffer)
    }

    /// `1795514400.1234567`, as zap writes by default.
    func appendUnixTime(_ random: inout RandomBits, to buffer: inout [UInt8]) {
        appendDigits(milliseconds / 1000, 10, to: &buffer)
        buffer.append(UInt8(ascii: "."))
        appendDigits(milliseconds % 1000, 3, to: &buffer)
        appendDigits(UInt64(random.below(10_000)), 4, to: &buffer)
    }

    private static let months = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)

    private func appendClock(to buffer: inout [UInt8]) {
        let second = milliseconds / 1000 % 86_400
        appendDigits(second / 3600, 2, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        appendDigits(second / 60 % 60, 2, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        appendDigits(second % 60, 2, to: &buffer)
    }

    /// Year, month and day of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private var date: (UInt64, UInt64, UInt64) {
        let shifted = milliseconds / 86_400_000 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

/// Appends `value` in decimal with exactly `width` digits (upper ones are lost where it is longer).
@inline(__always)
func appendDigits(_ value: UInt64, _ width: Int, to buffer: inout [UInt8]) {
    var divisor: UInt64 = 1
    for _ in 1..<width { divisor &*= 10 }
    while divisor > 0 {
        buffer.append(UInt8(truncatingIfNeeded: 48 &+ value / divisor % 10))
        divisor /= 10
    }
}

/// Appends `value` in decimal with as many digits as it needs.
@inline(__always)
func appendNumber(_ value: UInt32, to buffer: inout [UInt8]) {
    var width = 1
    var rest = value / 10
    while rest > 0 {
        width += 1
        rest /= 10
    }
    appendDigits(UInt64(value), width, to: &buffer)
}
