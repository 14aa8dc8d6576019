import Testing

@testable import LogMasking

/// Work is counted in bytes looked at, not in seconds.
@Suite struct LinearityTests {
    /// Shapes that a backtracking matcher may take quadratic time or worse for, as units to be repeated.
    static let shapes: [String] = [
        // Runs.
        "1", "a", "A", "Z", ".", "/", "-", "@", "'", "\"", "{", "}", "[", "]", "(", ")", " ", "=", "|", ":", "\\",
        "\t", "\n", "\r", "\u{0}", "_", "+", ",", "<", "%", "s", "\u{1B}", "\u{9B}", "\u{1B}[", "\u{1B}[0", "\u{1B}[ ",
        "\u{663}", "\u{1D7D7}", "\u{2003}", "\u{A0}", "é", "\u{65E5}", "\u{301}", "Σ", "Σ.", "Σ\u{301}", "İ",
        "\u{1F600}",
        // Half-matches of each rule.
        "http://", "http://a", "http://a.", "http://a..", "https://ab.,", "http:/", "ftp://\u{663}",
        "2021-", "2021-04-", "2021-04-14T20:17:14", "2021-04-14T20:17:14.1", "2021-04-14T20:17:14.12x",
        "I", "I0414", "I0414 20:17:14", "I0414 20:17:1", "\u{663}\u{663}\u{663}\u{663}-",
        "Jan", "Jan ", "January", "January  ", "Dec 31 23:59:", "Dec 31 23:59:59", "Mar 1", "May 1 ",
        ".go", ".go : ", ".go:", ".go:1", "x.go:", "a.go:1b", "x", "a@", "a.a", "a_a@b", "a@b", "aa@b.", "aa@b.c",
        "@b.cc",
        "1.", "1.1", "1.1.1.1", "1.1.1.1/", "1.1.1.1/1", "1.1.1.1a", "\u{663}.\u{663}.", "1\u{663}", "\u{663}1",
        "\u{663}1a",
        "1.5 ", "1.5  x", "1.5m", "1.5\u{B5}", "1.5ms", "1.5msx", "\u{663}.\u{663}s",
        "/a", "/ab", "//a", "/-", "/.", "/(", "a1)", "a)", "1)", "a1)]", "/_", "/ab/", "a1",
        "1a", "a-", "-1", "!1", "1!", "+1", "+.", "-.1", "..1", "1..", "+\u{663}", "\u{663}a", "\u{663}.1a", ".\u{663}",
        "{ ", "[ ", "{\u{2003}", "{}", "[]", "{ }", "<NUM>", "\\(", "\\ ", "''",
    ]

    /// The most bytes looked at for each byte of a line. One byte may become three, three the 18 of a mask, which
    /// later passes look at again.
    static let mostSteps = 32

    private static func steps(of line: String) -> Int {
        let masker = LogMasker()
        _ = masker.mask(line)
        return masker.steps
    }

    private static func repeated(_ unit: String, toBytes count: Int) -> String {
        String(repeating: unit, count: count / unit.utf8.count)
    }

    @Test("A mebibyte of each shape takes a bounded number of steps a byte", arguments: shapes)
    func shape(unit: String) {
        let line = Self.repeated(unit, toBytes: 1 << 20)
        let steps = Self.steps(of: line)
        #expect(steps >= line.utf8.count)
        #expect(steps <= Self.mostSteps * line.utf8.count, "\(steps / line.utf8.count) a byte")
    }

    @Test("A run between a start and an end that do not fit each other takes no more", arguments: shapes)
    func run(unit: String) {
        let run = Self.repeated(unit, toBytes: 1 << 10)
        let ends = [
            "", "a", "1", "/", "@", ".", "http://", "Jan", "{", "\u{1B}[", "1.5", "a1", " : 1", ".go:1", "\u{663}", "]",
        ]
        for start in ends {
            for end in ends {
                let line = start + run + end
                let steps = Self.steps(of: line)
                #expect(
                    steps <= Self.mostSteps * line.utf8.count, "\(start) … \(end): \(steps / line.utf8.count) a byte")
            }
        }
    }

    @Test("Two shapes in turn take no more")
    func pairs() {
        var worst = 0.0
        for (index, first) in Self.shapes.enumerated() {
            let second = Self.shapes[(index * 37 + 11) % Self.shapes.count]
            let line = Self.repeated(first + second, toBytes: 1 << 14) + Self.repeated(second, toBytes: 1 << 14)
            worst = max(worst, Double(Self.steps(of: line)) / Double(line.utf8.count))
        }
        #expect(worst <= Double(Self.mostSteps))
    }

    @Test("Twice the length takes twice the steps, for every shape")
    func doubling() {
        for unit in Self.shapes {
            let once = Self.steps(of: Self.repeated(unit, toBytes: 1 << 14))
            let twice = Self.steps(of: Self.repeated(unit, toBytes: 1 << 15))
            #expect(Double(twice) < 2.1 * Double(once) + 1000, "\(unit.debugDescription): \(once), then \(twice)")
        }
    }
}
