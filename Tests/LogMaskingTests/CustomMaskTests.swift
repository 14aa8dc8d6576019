import LogMasking
import Testing

/// Rules of an operator's own beside the built-in ones.
@Suite struct CustomMaskTests {
    private static func masker(_ masks: [CustomMask]) throws -> LogMasker {
        var settings = MaskSettings()
        settings.rules = try MaskRuleSet(adding: masks)
        return LogMasker(settings)
    }

    private static func refusal(_ masks: [CustomMask]) -> MaskingError? {
        do throws(MaskingError) {
            _ = try MaskRuleSet(adding: masks)
            return nil
        } catch {
            return error
        }
    }

    private static let pod = CustomMask(name: "pod", pattern: "[a-z]+-[0-9a-f]{8,10}-[a-z0-9]{5}", token: "<POD>")

    @Test("A rule before the built-in ones takes the message as it was logged")
    func before() throws {
        let masker = try Self.masker([Self.pod])
        #expect(masker.mask("pod web-5d4f8c7b9d-x2x4z: started 3") == "pod <pod> : started <num>")
        #expect(masker.mask("I0803 09:31:44 a.go:1 no pod") == "<klog_date> <go_file_path> no pod")
        #expect(masker.mask("\u{1B}[1mweb\u{1B}[0m-5d4f8c7b9d-x2x4z") == "<pod>")
        #expect(masker.mask("") == "")
    }

    @Test("What stands beside a token is masked as beside a built-in mask")
    func neighbours() throws {
        let masker = try Self.masker([CustomMask(name: "x", pattern: "X", token: "<X_Y>")])
        #expect(
            masker.mask("X1 1X X.go:1 aX@b.cc http://X /X/ab 1.5Xs")
                == "<x_y><num> <num><x_y> <go_file_path> a<x_y>@b.cc http : //<x_y> /<x_y><path> <token_with_digit><x_y>s"
        )
    }

    @Test("A rule after the split takes the masked text")
    func after() throws {
        let masker = try Self.masker([
            CustomMask(name: "pair", pattern: "<num> <num>", token: "<PAIR>", place: .after),
            CustomMask(name: "level", pattern: #"\binfo\b"#, token: "<LEVEL>", place: .after),
        ])
        #expect(masker.mask("INFO, 1 2 3 information") == "<level> <pair> <num> information")
    }

    @Test("Rules of one place run in their order")
    func order() throws {
        let one = CustomMask(name: "one", pattern: "ab", token: "<ONE>")
        let two = CustomMask(name: "two", pattern: "bc|<ONE>", token: "<TWO>")
        #expect(try Self.masker([one, two]).mask("abc bc") == "<two>c <two>")
        #expect(try Self.masker([two, one]).mask("abc bc ab") == "a<two> <two> <one>")
    }

    @Test("Classes are those of Unicode, matches of nothing are none")
    func unicode() throws {
        let masker = try Self.masker([
            CustomMask(name: "word", pattern: #"\w*é\d*"#, token: "<WORD>"),
            CustomMask(name: "nothing", pattern: "q*", token: "<Q>"),
        ])
        #expect(masker.mask("日é\u{663} aqqb") == "<word> a<q>b")
    }

    @Test("Invalid bytes are repaired before a rule sees them")
    func invalid() throws {
        let masker = try Self.masker([CustomMask(name: "bad", pattern: "\u{FFFD}+", token: "<BAD>")])
        let masked = ([0x61, 0xFF, 0xC2, 0x20, 0xED, 0xA0, 0x80] as [UInt8]).withUnsafeBytes { bytes in
            masker.withMasked(bytes) { String(decoding: $0, as: UTF8.self) }
        }
        #expect(masked == "a<bad> <bad>")
    }

    @Test("A pattern that backtracks without end is given up on, counted, and the other rules still run")
    func backtracking() throws {
        let masker = try Self.masker([
            CustomMask(name: "slow", pattern: "(?:a+)+$", token: "<SLOW>"),
            CustomMask(name: "b", pattern: "b", token: "<B>"),
        ])
        let line = String(repeating: "a", count: 5000) + "b 1"
        #expect(masker.mask(line) == String(repeating: "a", count: 5000) + "<b> <num>")
        #expect(masker.tally.givenUp == 1)
        #expect(masker.mask("aaa") == "<slow>")
        #expect(masker.tally.givenUp == 1)
    }

    @Test("A bad pattern is refused with the place of its fault, in characters")
    func badPattern() {
        let error = Self.refusal([Self.pod, CustomMask(name: "é", pattern: "éé(a", token: "<A>")])
        #expect(error?.code == .badPattern)
        #expect(error?.rule == 1)
        #expect(
            error?.message == "The pattern of the mask é is wrong after its character 4: missing closing parenthesis.")
        #expect(Self.refusal([CustomMask(name: "c", pattern: #"\C"#, token: "<C>")])?.code == .badPattern)
    }

    @Test(
        "A token that a built-in rule would take apart is refused",
        arguments: ["POD", "<POD1>", "<>", "<A B>", "", "<", "<A-B>", "<É>"])
    func badToken(token: String) {
        let error = Self.refusal([CustomMask(name: "pod", pattern: "a", token: token)])
        #expect(error?.code == .badToken)
        #expect(
            error?.message
                == "The token \(token) of the mask pod must be letters and _ in angle brackets, such as <POD>; the built-in rules would take another apart."
        )
    }

    @Test("Names are given, and each once")
    func names() {
        #expect(
            Self.refusal([Self.pod, Self.pod])?.message == "There are two masks named pod; give each its own name.")
        let nameless = CustomMask(name: "", pattern: "a", token: "<A>")
        #expect(Self.refusal([nameless])?.message == "A mask has no name; give each its own name.")
    }

    @Test("The canonical text tells rules apart by place, pattern and token, not by name")
    func canonicalText() throws {
        let builtIn = MaskRuleSet.builtIn.canonicalText
        #expect(builtIn == MaskRules.canonicalText)
        let masks = [
            Self.pod, CustomMask(name: "other", pattern: Self.pod.pattern, token: "<POD>"),
            CustomMask(name: "pod", pattern: "a", token: "<POD>"),
            CustomMask(name: "pod", pattern: Self.pod.pattern, token: "<P>"),
            CustomMask(name: "pod", pattern: Self.pod.pattern, token: "<POD>", place: .after),
        ]
        let texts = try masks.map { try MaskRuleSet(adding: [$0]).canonicalText }
        #expect(texts[0] == builtIn + "before\t[a-z]+-[0-9a-f]{8,10}-[a-z0-9]{5}\t<POD>\n")
        #expect(texts[0] == texts[1])
        #expect(Set(texts).count == 4)
    }
}
