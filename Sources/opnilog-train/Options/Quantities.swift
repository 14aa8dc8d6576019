/// Byte counts as people write them.
enum ByteSize {
    private static let units: [(names: [String], bytes: Double)] = [
        (["", "b"], 1),
        (["kb"], 1e3), (["mb"], 1e6), (["gb"], 1e9), (["tb"], 1e12),
        (["k", "ki", "kib"], 1024), (["m", "mi", "mib"], 1_048_576), (["g", "gi", "gib"], 1_073_741_824),
        (["t", "ti", "tib"], 1_099_511_627_776),
    ]

    static func parse(_ text: String) throws(ValueFault) -> Int {
        let number = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        let unit = text.dropFirst(number.count).lowercased()
        guard let value = Double(number), let match = units.first(where: { $0.names.contains(unit) }) else {
            throw ValueFault("a size such as 384MiB or 2GB")
        }
        let bytes = value * match.bytes
        guard bytes >= 1, bytes < 9e18 else { throw ValueFault("a size of at least one byte") }
        return Int(bytes)
    }

    /// `384 MiB`, `1.5 GiB`: three digits at the most.
    static func describe(_ bytes: Int) -> String {
        var value = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1000 { return number(value, unit) }
            value /= 1024
        }
        return number(value, "TiB")
    }

    private static func number(_ value: Double, _ unit: String) -> String {
        (value < 10 && unit != "B" ? Figures.text(value, places: 1) : Figures.text(value, places: 0)) + " " + unit
    }
}

/// Lengths of time as people write them.
enum TimeSpan {
    private static let units: [String: Double] = [
        "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
    ]

    /// Milliseconds of `90s`, `1.5h`; nil without a unit.
    static func milliseconds(_ text: Substring) -> Int64? {
        let number = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        guard let value = Double(number), let unit = units[text.dropFirst(number.count).lowercased()] else {
            return nil
        }
        let milliseconds = value * unit
        return milliseconds < 1e15 ? Int64(milliseconds) : nil
    }

    /// `8 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`.
    static func describe(seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "unknown" }
        let whole = Int(min(seconds, 1e12))
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
        if whole < 86_400 { return "\(whole / 3600) h \(padded(whole / 60 % 60)) min" }
        return "\(whole / 86_400) d \(whole / 3600 % 24) h"
    }

    private static func padded(_ value: Int) -> String { (value < 10 ? "0" : "") + "\(value)" }
}

/// Numbers with a fixed count of decimal places, without locale.
enum Figures {
    static func text(_ value: Double, places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let digits = String(scaled)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = value < 0 && scaled != 0 ? "-" : ""
        return places == 0 ? sign + padded : sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    /// `1.25%`.
    static func percent(_ share: Double) -> String { text(share * 100, places: 2) + "%" }

    /// `1,234,567`.
    static func grouped(_ value: Int) -> String {
        var text = ""
        for (offset, digit) in String(value.magnitude).reversed().enumerated() {
            if offset > 0, offset % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + String(text.reversed())
    }
}
