import Testing

@testable import LogMasking

@Suite struct UnicodeTests {
    /// What Python says of some code points in a row: a line of `unicode-classes.txt`.
    private struct Run {
        let points: ClosedRange<UInt32>
        let classes: PointClass
        /// The lower case of a point less the point, then what follows it.
        let lowercase: [Int]

        init?(_ line: Substring) {
            let fields = line.split(separator: " ")
            guard fields.count >= 4, let first = UInt32(fields[0], radix: 16),
                let last = UInt32(fields[1], radix: 16)
            else { return nil }
            points = first...last
            let letters: [Character: PointClass] = [
                "w": UnicodeClasses.word, "d": UnicodeClasses.decimal, "s": UnicodeClasses.space,
                "c": UnicodeClasses.cased, "i": UnicodeClasses.ignorable, "-": 0,
            ]
            classes = fields[2].reduce(0) { $0 | (letters[$1] ?? 0xFF) }
            lowercase = fields[3...].compactMap { Int($0) }
        }
    }

    private static func runs() throws -> [Run] {
        let lines = try TestFiles.lines(TestFiles.unicodeClasses)
        let runs = lines.compactMap(Run.init)
        #expect(runs.count == lines.count)
        return runs
    }

    @Test("All 1,114,112 code points have the classes that Python 3.11 gives them, read from UTF-8")
    func classes() throws {
        var wrong: [UInt32] = []
        var seen = 0
        var bits = BitBuffer()
        var buffer = MaskBuffer()
        let classes: [(CharacterClass, PointClass)] = [
            (.word, UnicodeClasses.word), (.decimal, UnicodeClasses.decimal), (.space, UnicodeClasses.space),
        ]
        for run in try Self.runs() {
            for point in run.points {
                guard let scalar = Unicode.Scalar(point) else { continue }
                seen += 1
                buffer.clear()
                for byte in scalar.utf8 { withUnsafePointer(to: byte) { buffer.append($0, 1) } }
                buffer.seal()
                let length = buffer.count
                let text = bits.classify(buffer)
                for (characters, bit) in classes {
                    let expected = run.classes & bit != 0 ? length : 0
                    if text.length(of: characters, at: 0) != expected { wrong.append(point) }
                }
                let around = UnicodeClasses.cased | UnicodeClasses.ignorable
                if text.pointClasses(text.point(at: 0).point) & around != run.classes & around { wrong.append(point) }
            }
        }
        // Surrogates are no characters; the table must say nothing of them.
        for point in 0xD800...0xDFFF {
            seen += 1
            if UnicodeClasses.table[point] != 0 { wrong.append(UInt32(point)) }
        }
        #expect(seen == 1_114_112)
        #expect(wrong == [])
    }

    @Test("All code points have the lower case that Python 3.11 gives them")
    func lowercase() throws {
        var wrong: [UInt32] = []
        for run in try Self.runs() {
            for point in run.points where run.lowercase != [0] {
                guard UnicodeClasses.table[Int(point)] & UnicodeClasses.raised != 0 else {
                    wrong.append(point)
                    continue
                }
                if point == UnicodeClasses.dottedCapitalI { continue }
                if Int(UnicodeClasses.lowercase(point)) != Int(point) + run.lowercase[0] { wrong.append(point) }
            }
            for point in run.points where run.lowercase == [0] {
                if UnicodeClasses.table[Int(point)] & UnicodeClasses.raised != 0 { wrong.append(point) }
            }
        }
        #expect(wrong == [])
    }

    @Test("What was assigned by Unicode 14 is as the standard library has it")
    func standardLibrary() {
        var wrong: [UInt32] = []
        for point in 0..<UInt32(UnicodeClasses.count) {
            guard let scalar = Unicode.Scalar(point), let age = scalar.properties.age, age.major <= 14 else { continue }
            let kinds = LiteralText.kinds(of: scalar)
            let classes = UnicodeClasses.table[Int(point)]
            if (kinds & LiteralText.wordKind != 0) != (classes & UnicodeClasses.word != 0)
                || (kinds & LiteralText.decimalKind != 0) != (classes & UnicodeClasses.decimal != 0)
                || (kinds & LiteralText.spaceKind != 0) != (classes & UnicodeClasses.space != 0)
            {
                wrong.append(point)
            }
        }
        #expect(wrong.map { String($0, radix: 16) } == [])
    }

    @Test(
        "Lower case by Unicode's full rules",
        arguments: [
            ("\u{130}", "i\u{307}"), ("ÀÉÎ", "àéî"), ("\u{1E9E}", "ß"), ("\u{212A}", "k"), ("\u{23A}", "\u{2C65}"),
            ("\u{10400}", "\u{10428}"), ("ΟΔΟΣ", "οδος"), ("Σ", "σ"), ("ΑΣΑ", "ασα"), ("ΑΣ ΑΣ.", "ας ας."),
            ("ΑΣ.Α", "ασ.α"), ("Α\u{301}Σ\u{301}", "α\u{301}ς\u{301}"), ("ΣΣ", "σς"), (".Σ", ".σ"),
            ("Α:Σ", "α : σ"), ("Α'Σ", "α σ"), ("ΑΣ'Α", "ας α"), ("ǅ", "ǆ"), ("İİΣ", "i\u{307}i\u{307}ς"),
        ])
    func fullLowercase(message: String, expected: String) {
        #expect(Array(LogMasker().mask(message).utf8) == Array(expected.utf8))
    }
}
