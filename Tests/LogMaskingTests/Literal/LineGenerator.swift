/// Lines that aim at the borders of the mask rules, a pure function of the seed.
struct LineGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// Up to nine fragments (now and then up to 39), some of them repeated, cut or struck with another character. Half
    /// of the lines begin with some of one character, so that fragments meet the ends of blocks of 64 bytes everywhere.
    mutating func line() -> String {
        var scalars: [Unicode.Scalar] = []
        if below(2) == 0 {
            let filler = Self.fillers[below(Self.fillers.count)]
            scalars = Array(repeating: filler, count: below(132))
        }
        for _ in 0..<below(below(8) == 0 ? 40 : 10) {
            switch below(20) {
            case 0..<14: scalars += Self.fragments[below(Self.fragments.count)]
            case 14: scalars.append(" ")
            case 15: scalars.append(Unicode.Scalar(UInt8(below(128))))
            case 16: scalars.append(Self.others[below(Self.others.count)])
            case 17 where !scalars.isEmpty:
                let start = below(scalars.count)
                scalars += scalars[start..<min(scalars.count, start + 1 + below(6))]
            case 18 where !scalars.isEmpty: scalars.remove(at: below(scalars.count))
            case 19 where !scalars.isEmpty:
                scalars[below(scalars.count)] = Self.others[below(Self.others.count)]
            default: break
            }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private static let fillers: [Unicode.Scalar] = Array("     \"\",,<<''a1/\u{3A3}\u{65E5}".unicodeScalars)

    /// Digits, white space, letters and marks of one to four bytes, none of which changed since Unicode 14.
    private static let others: [Unicode.Scalar] = Array(
        ("\u{663}\u{664}\u{1D7D7}\u{CE7}\u{A0}\u{2003}\u{85}\u{1680}\u{3000}\u{1C}\u{1F}\u{9B}\u{200B}\u{301}\u{2019}"
            + "\u{AD}\u{3A3}\u{3C3}\u{3C2}\u{130}\u{131}\u{B5}\u{3BC}\u{C9}\u{E9}\u{DF}\u{1E9E}\u{23A}\u{212A}\u{2126}"
            + "\u{A640}\u{10A0}\u{10400}\u{65E5}\u{B2}\u{BD}\u{216B}\u{2B0}\u{2122}\u{1F600}\u{FFFD}\u{0}\\'\"_.-+:@/)]}")
            .unicodeScalars)

    private static let fragments: [[Unicode.Scalar]] = [
        "http://", "https://", "ftp://", "tp://", "h_o-s.t", "a.b", "..", "...", "2021-04-14", "2021-12-31T",
        "20:17:14", "2021-04-14T20:17:14", ".123", "Z", "+02:00", "2021-1", "0414", "I0414 20:17:14", "W123", "F0101",
        "E1231\u{2003}2\u{663}:59:59", ":", "=", "|", "\n", "\r", "\t", "\u{1B}[", "\u{1B}[31m", "\u{1B}[0 ",
        "\u{9B}1m",
        ".go", ".go:12", "x.go : 1", ".go : ", "@", "a.b@c.de", "a_b@c.def", "b@c", ".com", "@\u{663}.\u{663}\u{663}",
        "1.2.3.4", "1.2.3.4/24", "255.255.255.255", "\u{663}.2.3.\u{664}", "1.1.1.1/\u{663}\u{663}", ".1.1.1", ".", "/",
        "//", "/a", "/ab", "/a/b1", "/..", "a1)", "1)]]", "]]", "[]", "[", "]", "{", "}", "{}", "{ }", "[\u{2003}]",
        "(",
        ")", "12.5s", "12.5 ms", "1.5\u{B5}s", "1.5\u{3BC}s", "1.5\u{A0}ys", "ms", "s", "ds", "1", "12", "123", "1234",
        "-1", "+1", "+.5", "-\u{663}", "\u{663}", "\u{663}\u{664}", "\u{663}.\u{663}", ".\u{663}", "\u{1D7D7}1", "1.",
        "\u{3A3}", "A\u{3A3}", "\u{3A3}'", "\u{3A3}.\u{3A3}", "a\u{301}\u{3A3}\u{301}", "\\", "\\\\", "\\(", "'", "\"",
        ",", ";", "!", "?", "#", "$", "%", "^", "&", "*", "~", "`", "_", "-", "+", "a", "b", "T", "Jan", "January",
        "Feb 1 ", "May\u{2003}3 ", "Dec 31 23:59:59", "Janu", "September  9 1:02:03", "Oct\t09 ", "23:59:59", "2",
        "3:4:5",
        "24:0:0", "1:2", "x", "y0", "0x1f", "sha256:ab01", "<NUM>", "<", ">", "1_", "GET",
    ].map { Array($0.unicodeScalars) }
}
