import Testing

@testable import OpenSearchScroll

@Suite("UTF-8 repair")
struct UTF8RepairTests {
    private func repair(_ bytes: [UInt8]) -> (text: [UInt8], replaced: [Int]) {
        bytes.withUnsafeBytes { bytes in
            let (text, replaced) = UTF8Repair.copy(of: bytes)
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

    @Test("What is good stays, a U+FFFD that was there among it")
    func good() {
        let text = Array("aé\u{FFFD}漢😀 and a long tail of plain text".utf8)
        #expect(repair(text).text == text && repair(text).replaced.isEmpty)
        let broken = text + [0xE2, 0x82] + text
        #expect(repair(broken).replaced == [text.count])
    }
}
