import LogMasking
import Testing

/// The slips and borders of each rule, one by one. Each expectation is what the original's patterns give.
@Suite struct RuleTests {
    private static func expect(_ message: String, _ expected: String, _ location: SourceLocation = #_sourceLocation) {
        let masked = LogMasker().mask(message)
        #expect(
            masked.utf8.elementsEqual(expected.utf8), "\(message.debugDescription) became \(masked)",
            sourceLocation: location)
    }

    @Test("Nothing, blanks, NUL, line ends")
    func blanks() {
        Self.expect("", "")
        Self.expect(" \t\r\n ", "")
        Self.expect("a\r\nb\n", "a b")
        Self.expect("\u{0}", "\u{0}")
        Self.expect("a\u{0}1\u{0}", "a\u{0}<num>\u{0}")
        Self.expect("\u{2003}a", "\u{2003}a")
    }

    @Test("Terminal escapes are deleted, whole or not at all")
    func escapes() {
        Self.expect("\u{1B}[31mred\u{1B}[0m", "red")
        Self.expect("\u{9B}1;2mred", "red")
        Self.expect("a\u{1B}[ /Kb", "ab")
        Self.expect("\u{1B}[", "\u{1B}")
        Self.expect("\u{1B}[1\u{1B}[2mx", "\u{1B}<token_with_digit>")
        // What two deletions leave side by side is not looked at again.
        Self.expect("\u{1B}\u{1B}[m[mx", "\u{1B} mx")
    }

    @Test("<URL>")
    func url() {
        Self.expect("see http://a.b/c?d=e#f.", "see <url>.")
        Self.expect("http://ab", "<url>")
        Self.expect("http://a", "http : <path>")
        Self.expect("http://a.b", "<url>")
        Self.expect("http://a...b,,", "<url>")
        Self.expect("xhttps://ab:80/.,:", "x<url>. :")
        Self.expect("ftp://\u{65E5}\u{672C}/\u{663}", "<url>")
        Self.expect("shttp://ab https:/ab", "s<url> https : <path>")
    }

    @Test("<UTC_DATE> ends in one character of its class, taken from the fraction if need be")
    func utcDate() {
        Self.expect("2021-04-14T20:17:14Z", "<utc_date>")
        Self.expect("2021-04-14|20:17:14+02:00", "<utc_date><num> : <num>")
        Self.expect("2021-04-14 20:17:14.123 x", "<utc_date> x")
        Self.expect("2021-04-14 20:17:14.123Z", "<utc_date>")
        Self.expect("2021-04-14 20:17:14.1Z", "<utc_date>")
        Self.expect("2021-04-14 20:17:14.1 x", "<token_with_digit> <num> : <num> : <token_with_digit> x")
        Self.expect("2021-04-14 20:17:14 x", "<token_with_digit> <num> : <num> : <num> x")
        Self.expect("2021-13-14 20:17:14Z", "<token_with_digit> <num> : <num> : <token_with_digit>")
        Self.expect("12021-04-31\u{2003}20:17:14?", "<num><utc_date>")
        Self.expect("\u{662}\u{660}\u{662}\u{661}-04-1\u{661} 0\u{661}:1\u{661}:14Z", "<utc_date>")
    }

    @Test("<KLOG_DATE> and <CUSTOM_DATE>")
    func otherDates() {
        Self.expect("I0414 20:17:14.123456 1 x", "<klog_date> <num> x")
        Self.expect("E1231\u{A0}23:59:59+..\u{663}-", "<klog_date>-")
        Self.expect("XW0101 1:00:00", "<token_with_digit> <num> : <num> : <num>")
        Self.expect("Jan 1 00:00:00", "<custom_date>")
        Self.expect("September \u{2003}19 9:5:7x", "<custom_date>x")
        Self.expect("Sept 9 1:02:03", "sept <num> <num> : <num> : <num>")
        Self.expect("May  3 24:00:00", "may <num> <num> : <num> : <num>")
        Self.expect("Feb 3 4:5:67", "<custom_date><num>")
        Self.expect("XDec 123 1:1:1", "xdec <num> <num> : <num> : <num>")
    }

    @Test("<GO_FILE_PATH>")
    func goFilePath() {
        Self.expect("main.go:12] x", "<go_file_path> x")
        Self.expect("a/b c.go:1x.go:2", "a/b <go_file_path><go_file_path>")
        Self.expect(".go:1", ".go : <num>")
        Self.expect("x.go:1.go:2", "<go_file_path>.go : <num>")
        Self.expect("\u{65E5}.go:\u{663}", "\u{65E5}.go : <num>")
    }

    @Test("<EMAIL_ADDRESS>")
    func email() {
        Self.expect("to some.body@c.de!", "to <email_address>!")
        Self.expect("a@c.de", "a@c.de")
        Self.expect("ab@c.d", "ab@c.d")
        Self.expect("A.b@c.deXYZ", "a.b@c.dexyz")
        Self.expect("x.a_b@\u{65E5}.c\u{663}\u{663}4", "x.<email_address><num>")
        Self.expect("x@ab@c.de", "x@<email_address>")
    }

    @Test("<IP>")
    func address() {
        Self.expect("127.0.0.1/24 10.0.0.1", "<ip> <ip>")
        Self.expect("x10.0.0.1", "<token_with_digit>")
        Self.expect("(10.0.0.1)", "<ip>")
        Self.expect("1.2.3.4.5", "<ip><token_with_digit>")
        Self.expect("1.2.3.4567", "<token_with_digit>")
        Self.expect("1.2.3.4/x", "<ip>/x")
        Self.expect("\u{663}12.2.3.4 \u{663}123.2.3.4", "<ip> <num><ip>")
    }

    @Test("<DURATION>")
    func duration() {
        Self.expect("1.5ms 12.5 s", "<duration> <duration>")
        Self.expect("1.5\u{B5}s", "<duration>")
        Self.expect("1.5\u{3BC}s", "<token_with_digit>\u{3BC}s")
        Self.expect("1.5\u{2003}\tys.", "<duration>.")
        Self.expect("1.5sec 5s", "<token_with_digit> <token_with_digit>")
        Self.expect("1.1.5s", "<token_with_digit><duration>")
    }

    @Test("<PATH> in its two halves")
    func path() {
        Self.expect("/bin/bash", "<path>")
        Self.expect("/a", "/a")
        Self.expect("/ab/-", "<path>/-")
        Self.expect("//////", "//////")
        Self.expect("fn1) x", "<path>x")
        Self.expect("fn1)]]\u{2003}x", "<path>x")
        Self.expect("fn12)", "<token_with_digit>")
    }

    @Test("<TOKEN_WITH_DIGIT>, <NUM>, <EMPTY_SET>, <EMPTY_LIST>")
    func small() {
        Self.expect("a1 1a a- 12 -1", "<token_with_digit> <token_with_digit> a- <num> <token_with_digit>")
        Self.expect("\u{663} +\u{663} \u{663}.\u{663} .\u{663}", "<num> <num> <num> <num>")
        Self.expect("é1 1é \u{663}a", "é<num> <num>é \u{663}a")
        Self.expect("1\u{663}a", "<num>\u{663}a")
        Self.expect("<1>", "<<num>>")
        Self.expect("{} { } [ ] [\u{A0}] {x}", "<empty_set> <empty_set> <empty_list> <empty_list> x")
    }

    @Test("Pieces that carry nothing are dropped")
    func pieces() {
        Self.expect("a\\b \\ \\\\ \\(", "a\\b \\\\")
        Self.expect("x=|y\"z\",'w'", "x = y z w")
        Self.expect("::==", ": : = =")
    }
}
