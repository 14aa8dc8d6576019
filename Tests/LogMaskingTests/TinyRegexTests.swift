import Testing

@testable import LogMasking

/// The judge's matcher, by what is known of Python's `re`: the parts that the vectors might miss.
@Suite struct TinyRegexTests {
    private static func matches(_ pattern: String, _ text: String) -> [String] {
        let units = LiteralText(text).units
        var found: [String] = []
        TinyRegex(pattern).forEachMatch(in: units) { start, end in
            found.append(LiteralText(units: Array(units[start..<end])).string)
        }
        return found
    }

    @Test(
        "Matches as in Python",
        arguments: [
            ("a|ab", "ab", ["a"]), ("(?:ab|a)b", "ab abb", ["ab", "abb"]), ("a+a", "aaa a", ["aaa"]),
            ("a*b", "aab b", ["aab", "b"]), ("a?ab", "ab aab", ["ab", "aab"]), ("a{2}", "aaaaa", ["aa", "aa"]),
            ("a{1,3}b", "aaaab", ["aaab"]), ("{[\\s]*}", "{} { } {a}", ["{}", "{ }"]), ("x{y", "x{y", ["x{y"]),
            ("[^\\s]+", "a\u{2003}b c", ["a", "b", "c"]), ("[\\w_-]+", "a-_\u{65E5}.b", ["a-_\u{65E5}", "b"]),
            ("[.,a-c]+", "a.c,d-", ["a.c,"]), ("[+#-]+", "+-#,", ["+-#"]), ("[\\.\\d+]*x", "1.+x", ["1.+x"]),
            ("[?:Z|(]", "(a)", ["("]), ("\\x9B[0-?]", "\u{9B}1 \u{9B}a", ["\u{9B}1"]),
            ("((?<=[^a])|^)b", "bab cb", ["b", "b"]), ("b((?=[^a])|$)", "ba b. b", ["b", "b"]),
            ("a$", "a\n", ["a"]), ("(?:\\.\\d+|)[x\\d]", ".12 .1x 3", [".12", ".1x", "3"]),
            ("\\d\\d", "\u{663}1\u{B2}2", ["\u{663}1"]), ("µs|\\(", "µs (", ["µs", "("]),
        ] as [(String, String, [String])])
    func python(pattern: String, text: String, expected: [String]) {
        #expect(Self.matches(pattern, text) == expected)
    }

    @Test("The judge tells one rule from another")
    func steps() {
        let literal = LiteralMasker([
            .replace(pattern: "[0-9]+", mask: "<N>"), .surround(pattern: "[=]"),
            .split(pattern: "[ ,]", dropped: " ,b"), .lowercase,
        ])
        #expect(literal.mask("A=12,b,B c") == "a = <n> b c")
    }
}
