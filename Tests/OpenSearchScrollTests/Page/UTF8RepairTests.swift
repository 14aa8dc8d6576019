import Testing

@testable import OpenSearchScroll

@Suite("UTF-8 repair")
struct UTF8RepairTests {
    private func repair(_ bytes: [UInt8], stored: Bool = false) -> (text: [UInt8], replaced: [Int]) {
        bytes.withUnsafeBytes { bytes in
            let (text, replaced) = UTF8Repair.copy(of: bytes, stored: stored)
            return (Array(text.bytes), replaced)
        }
    }

    @Test("Random bytes become what Swift's String makes of them, and each replacement is where it is said to be")
    func random() {
        var random = SeededRandom(state: 7)
        // Bytes around the edges of the table, ASCII among them.
        let bytes: [UInt8] = [
            0x20, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0,
            0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for _ in 0..<20_000 {
            let input = (0..<Int.random(in: 0...24, using: &random)).map { _ in bytes.randomElement(using: &random) ?? 0
            }
            let (text, replaced) = repair(input)
            #expect(text == Array(String(decoding: input, as: UTF8.self).utf8), "\(input)")
            #expect(replaced.allSatisfy { Array(text[$0..<$0 + 3]) == [0xEF, 0xBF, 0xBD] }, "\(input)")
            #expect(replaced == replaced.sorted())
        }
    }

    @Test(
        "What a server takes for characters becomes what it takes them for",
        arguments: [
            ([0xC0, 0xAF], "\\u002f"), ([0xC0, 0xA2], "\\u0022"), ([0xE0, 0x80, 0xAF], "\\u002f"),
            ([0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], "\\ud83d\\ude00"), ([0xED, 0xA0, 0x80], "\\ud800"),
            ([0xF0, 0x80, 0x80, 0xAF], "\\uffc0\\udc2f"), ([0xF4, 0x90, 0x80, 0x80], "\\udc00\\udc00"),
            ([0xF8, 0x88, 0x80, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"), ([0xC0], "\u{FFFD}"),
            ([0xE0, 0x80, 0x41], "\u{FFFD}\u{FFFD}A"), ([0xF0, 0x9F, 0x98, 0x80], "😀"),
        ] as [([UInt8], String)])
    func stored(bytes: [UInt8], text: String) {
        let (repaired, replaced) = repair(Array("a".utf8) + bytes + Array("b".utf8), stored: true)
        #expect(String(decoding: repaired, as: UTF8.self) == "a\(text)b")
        #expect(replaced.first == (text == "😀" ? nil : 1))
    }

    @Test("What is good stays, a U+FFFD that was there among it")
    func good() {
        let text = Array("aé\u{FFFD}漢😀 and a long tail of plain text".utf8)
        #expect(repair(text).text == text && repair(text).replaced.isEmpty)
        let broken = text + [0xE2, 0x82] + text
        #expect(repair(broken).replaced == [text.count])
    }
}
