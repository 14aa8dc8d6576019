import Testing

@testable import LogDataset

@Suite struct DigitCharactersTests {
    /// Digits that came after Unicode 14, which the original's Python 3.11 does not know.
    private func isNewer(_ scalar: Unicode.Scalar) -> Bool {
        guard let age = scalar.properties.age else { return false }
        return age.major >= 15
    }

    @Test func agreesWithSwiftsOwnTablesForAllOlderCodePoints() {
        var digits = 0
        for value in UInt32(0x80)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let type = scalar.properties.numericType
            let expected = (type == .decimal || type == .digit) && !isNewer(scalar)
            let found = DigitCharacters.containsBeyondASCII(value)
            if found { digits += 1 }
            if found != expected { Issue.record("U+\(String(value, radix: 16)): \(found), not \(expected)") }
        }
        #expect(digits == 778)
    }

    @Test(.enabled(if: Prerequisites.runsWithPython, "needs OPNILOG_PYTHON"))
    func agreesWithPythonForAllCodePoints() throws {
        let script = """
            for c in range(0x80, 0x110000):
                if chr(c).isdigit(): print(c)
            """
        let python = Set(try runPython(script).split(separator: "\n").compactMap { UInt32($0) })
        let ours = Set((UInt32(0x80)...0x10FFFF).filter(DigitCharacters.containsBeyondASCII))
        #expect(python == ours)
    }

    @Test(arguments: [
        ("ab", false), ("a1", false), ("a1b", false), ("1a2", true), ("12", true), ("²³", true), ("x٣y", false),
        ("x٣1", true), ("①②", true), ("½⅓", false), ("五六", false), ("𝟎a𝟗", true), ("𝟎a", false), ("é1é", false),
    ])
    func twoDigitsMakeANumber(_ word: String, _ isNumber: Bool) {
        let found = Array(word.utf8).withUnsafeBytes { DigitCharacters.twoOrMore(in: $0) }
        #expect(found == isNumber)
    }

    @Test func brokenTextHoldsNoDigits() {
        for bytes: [UInt8] in [[0xF0], [0xD9], [0x80, 0x81], [0xFF, 0xE0, 0xA0]] {
            #expect(!bytes.withUnsafeBytes { DigitCharacters.twoOrMore(in: $0) })
        }
    }
}
