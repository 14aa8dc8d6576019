/// Which of the bytes that rules hang on occur in a message, a bit a kind.
///
/// Masks and spaces put in later bring none of these bytes, so the summary of the message stays true (if no longer
/// exact) for all later passes.
struct ByteSummary: OptionSet {
    let rawValue: UInt32

    static var escape: Self { Self(rawValue: 1 << 0) }
    static var colon: Self { Self(rawValue: 1 << 1) }
    static var slash: Self { Self(rawValue: 1 << 2) }
    static var at: Self { Self(rawValue: 1 << 3) }
    static var dot: Self { Self(rawValue: 1 << 4) }
    static var dash: Self { Self(rawValue: 1 << 5) }
    static var braces: Self { Self(rawValue: 1 << 6) }
    static var brackets: Self { Self(rawValue: 1 << 7) }
    static var parenthesis: Self { Self(rawValue: 1 << 8) }
    static var digit: Self { Self(rawValue: 1 << 9) }
    static var month: Self { Self(rawValue: 1 << 10) }
    static var severity: Self { Self(rawValue: 1 << 11) }
    /// `=`, `|`, and the white space that becomes a space; with `colon`, what the spacing changes.
    static var spaced: Self { Self(rawValue: 1 << 12) }
    static var smallS: Self { Self(rawValue: 1 << 13) }
    static var nonASCII: Self { Self(rawValue: 1 << 14) }

    private static let members: [(Self, StaticString)] = [
        (escape, "\u{1B}"), (colon, ":"), (slash, "/"), (at, "@"), (dot, "."), (dash, "-"), (braces, "}"),
        (brackets, "]"), (parenthesis, ")"), (digit, "0123456789"), (month, "JFMASOND"), (severity, "IWEF"),
        (spaced, "=|\n\r\t"), (smallS, "s"),
    ]

    /// What each of the 256 bytes brings.
    // Written once here, never freed and only read afterwards, so any thread may look.
    nonisolated(unsafe) private static let table: UnsafePointer<UInt32> = {
        let table = UnsafeMutablePointer<UInt32>.allocate(capacity: 256)
        table.initialize(repeating: 0, count: 128)
        (table + 128).initialize(repeating: nonASCII.rawValue, count: 128)
        for (kind, members) in members {
            for index in 0..<members.utf8CodeUnitCount {
                table[Int(members.utf8Start[index])] |= kind.rawValue
            }
        }
        return UnsafePointer(table)
    }()

    /// Summary of some bytes.
    static func of(_ bytes: UnsafePointer<UInt8>, count: Int) -> Self {
        let table = table
        var seen: UInt32 = 0
        for index in 0..<count { seen |= table[Int(bytes[index])] }
        return Self(rawValue: seen)
    }

    /// Whether all of `kinds` occur.
    func has(_ kinds: Self) -> Bool { rawValue & kinds.rawValue == kinds.rawValue }

    /// Whether any of `kinds` occurs.
    func hasAny(_ kinds: Self) -> Bool { rawValue & kinds.rawValue != 0 }
}
