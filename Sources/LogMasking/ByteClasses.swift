/// A set of byte classes, a bit a class.
typealias ByteClass = UInt16

/// The classes that the rules look for byte by byte, as far as ASCII goes. Bytes from 0x80 on are in none of them.
///
/// Every class is false for NUL, so that a run of any of them ends at the zeros behind a text.
enum ByteClasses {
    /// `[0-9]`
    static var digit: ByteClass { 1 << 0 }
    /// `[a-z]`
    static var lower: ByteClass { 1 << 1 }
    /// `[A-Z]`
    static var upper: ByteClass { 1 << 2 }
    /// `[a-zA-Z0-9]`
    static var alphanumeric: ByteClass { lower | upper | digit }
    /// `_`
    static var underscore: ByteClass { 1 << 3 }
    /// `\w`
    static var word: ByteClass { alphanumeric | underscore }
    /// `\s`
    static var space: ByteClass { 1 << 4 }
    /// `-`
    static var dash: ByteClass { 1 << 5 }
    /// What may stand in the tail of `<URL>` beside `\w` and `-`.
    static var urlTail: ByteClass { 1 << 6 }
    /// What gets a space before and after it: `=`, `|` and `:`.
    static var spaced: ByteClass { 1 << 7 }
    /// What the split cuts at, with what becomes a space before.
    static var delimiter: ByteClass { 1 << 8 }
    /// `[IWEF]`, the severities of a klog line.
    static var severity: ByteClass { 1 << 9 }
    /// `[.+-]`, which may start a `<NUM>`.
    static var sign: ByteClass { 1 << 10 }
    /// What the last class of `<UTC_DATE>` takes beside `\d`.
    static var zone: ByteClass { 1 << 11 }
    /// What the end of `<KLOG_DATE>` takes beside `\d`.
    static var fraction: ByteClass { 1 << 12 }

    /// The ASCII part of `\s`.
    static var whiteSpace: StaticString { "\t\n\u{0B}\u{0C}\r\u{1C}\u{1D}\u{1E}\u{1F} " }

    private static let members: [(ByteClass, StaticString)] = [
        (digit, "0123456789"),
        (lower, "abcdefghijklmnopqrstuvwxyz"),
        (upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (underscore, "_"),
        (space, whiteSpace),
        (dash, "-"),
        (urlTail, ".,@?^=%&:/~+#"),
        (spaced, "=|:"),
        (delimiter, "|: ()[]'{}\",=\n\r\t"),
        (severity, "IWEF"),
        (sign, ".+-"),
        (zone, "(?:Z|+-{})"),
        (fraction, ".+"),
    ]

    /// The classes of each of the 256 bytes.
    // Written once here, never freed and only read afterwards, so any thread may look.
    nonisolated(unsafe) static let table: UnsafePointer<ByteClass> = {
        let table = UnsafeMutablePointer<ByteClass>.allocate(capacity: 256)
        table.initialize(repeating: 0, count: 256)
        for (byteClass, members) in members {
            for index in 0..<members.utf8CodeUnitCount {
                table[Int(members.utf8Start[index])] |= byteClass
            }
        }
        return UnsafePointer(table)
    }()
}
