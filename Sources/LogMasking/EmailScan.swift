/// `<EMAIL_ADDRESS>`: `[a-z0-9]+[\._]?[a-z0-9]+[@]\w+[.]\w{2,3}`.
///
/// What may stand before `@` holds no `@`, so each `@` has a stretch of its own: a run of `[a-z0-9]`, before it perhaps
/// one `.` or `_` and another run. Without these the one run serves both parts and needs two characters. After `@` the
/// whole run of `\w` is taken, since `.` must follow, and then at most three more.
///
/// Linear: a try looks back no further than the last `@` or match, and forward no further than the next `@`.
struct EmailScan: MaskScan {
    private static var local: ByteClass { ByteClasses.lower | ByteClasses.digit }

    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.at) && seen.has(.dot) }

    static func triggers(in block: TextBlock) -> UInt64 { block[.at] }

    mutating func match(in text: inout MaskText, at trigger: Int, from: Int) -> Match? {
        guard let start = Self.start(in: &text, before: trigger, limit: from),
            let end = Self.end(in: &text, from: trigger + 1)
        else { return nil }
        return Match(start: start, end: end, mask: .emailAddress)
    }

    private static func start(in text: inout MaskText, before at: Int, limit: Int) -> Int? {
        let second = text.startOfBytes(local, before: at, limit: limit)
        guard second < at else { return nil }
        if second > limit, text[second - 1] == UInt8(ascii: ".") || text[second - 1] == UInt8(ascii: "_") {
            let first = text.startOfBytes(local, before: second - 1, limit: limit)
            if first < second - 1 { return first }
        }
        return at - second >= 2 ? second : nil
    }

    private static func end(in text: inout MaskText, from start: Int) -> Int? {
        let dot = text.end(of: .word, from: start)
        guard dot > start, text[dot] == UInt8(ascii: ".") else { return nil }
        var end = dot + 1
        for count in 0..<3 {
            let length = text.length(of: .word, at: end)
            if length == 0 { return count == 2 ? end : nil }
            end += length
        }
        return end
    }
}
