import CBytes

/// Classes of bytes that a text has a bitmap for: the number of a word in each block of 64 bytes.
///
/// The rules are tried only where a few bits of these side by side say that they may match. `:`, `=` and `|` get spaces
/// around them before the second half of the rules, so no class of that half holds them (docs/decisions/0007).
enum BitClass: Int {
    /// `[0-9]`
    case digit
    /// `[a-zA-Z]`
    case letter
    /// What `<TOKEN_WITH_DIGIT>` takes.
    case token
    /// What `<PATH>` takes behind a `/`.
    case path
    /// What the split cuts at and drops; `\n`, `\r` and `\t` have become spaces by then.
    case dropped
    /// `:` and `=`, which the split keeps as words.
    case kept
    case dot
    case slash
    case dash
    case at
    /// `{` and `[`
    case open
    /// `}`, `]` and `\s`: what may stand behind `open` in an empty set or list.
    case close
    /// `)`
    case parenthesis
    /// ESC, while a text is taken in; afterwards every byte that a mask stands for.
    case masked
    /// The first byte of each mask.
    case start
    /// Bytes from 0x80 on.
    case nonASCII

    static var escape: Self { .masked }

    /// The classes that are looked up, and their ASCII members.
    private static let members: [(Self, [StaticString])] = [
        (.digit, [digits]),
        (.letter, [letters]),
        (.token, [digits, letters, "_-!().?[]`~;@#$%^&+*"]),
        (.path, [digits, letters, "_-./(?["]),
        (.dropped, ["| ()[]'{}\",\n\r\t"]),
        (.kept, [":="]),
        (.dot, ["."]),
        (.slash, ["/"]),
        (.dash, ["-"]),
        (.at, ["@"]),
        (.open, ["{["]),
        (.close, ["}]", ByteClasses.whiteSpace]),
        (.parenthesis, [")"]),
        (.escape, ["\u{1B}"]),
    ]

    private static var digits: StaticString { "0123456789" }
    private static var letters: StaticString { "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" }

    /// The tables by which a text is classified.
    // Written once here, never freed and only read afterwards, so any thread may look.
    nonisolated(unsafe) static let tables = makeTables(opnilog_bytes_best())

    static func makeTables(_ level: opnilog_bytes_level) -> UnsafePointer<opnilog_byte_classes> {
        var classes = [UInt16](repeating: 0, count: 128)
        for (bitClass, texts) in members {
            for text in texts {
                for index in 0..<text.utf8CodeUnitCount {
                    classes[Int(text.utf8Start[index])] |= 1 << UInt16(bitClass.rawValue)
                }
            }
        }
        let tables = UnsafeMutablePointer<opnilog_byte_classes>.allocate(capacity: 1)
        tables.initialize(to: opnilog_byte_classes())
        opnilog_byte_classes_fill(tables, classes, UInt32(members.count), level)
        return UnsafePointer(tables)
    }
}

/// Which classes occur in a text, a bit each.
struct SeenClasses {
    var bits: UInt16 = 0

    /// Whether the class occurs.
    func has(_ bitClass: BitClass) -> Bool { bits & 1 << UInt16(bitClass.rawValue) != 0 }

    /// Whether decimal digits may occur.
    var mayHaveDecimal: Bool { has(.digit) || has(.nonASCII) }
}
