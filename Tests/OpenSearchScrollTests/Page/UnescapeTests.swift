import CSimdjson
import Testing

@Suite("Unescaping")
struct UnescapeTests {
    private typealias Unescape = (UnsafePointer<CChar>, Int, UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int>) ->
        Int

    private struct Result: Equatable {
        /// Nil when an escape is wrong.
        var text: [UInt8]?
        var replaced = 0
    }

    /// In place, as pages are, with bytes behind the string that must stay as they are.
    private func run(_ text: [UInt8], _ unescape: Unescape) -> Result {
        let behind: [UInt8] = Array(repeating: UInt8(ascii: "\\"), count: 64)
        var bytes = text + behind
        var replaced = 0
        let length = bytes.withUnsafeMutableBytes { buffer in
            let start = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
            return unescape(start, text.count, start, &replaced)
        }
        #expect(Array(bytes[text.count...]) == behind)
        return length == -1 ? Result() : Result(text: Array(bytes[..<length]), replaced: replaced)
    }

    @Test("Every escape, wherever it stands in a block of 64 bytes")
    func escapes() {
        let cases: [(String, String)] = [
            (#"\""#, "\""), (#"\\"#, "\\"), (#"\/"#, "/"), (#"\b"#, "\u{8}"), (#"\f"#, "\u{c}"), (#"\n"#, "\n"),
            (#"\r"#, "\r"), (#"\t"#, "\t"), (#"\u0041"#, "A"), (#"\u00e9"#, "é"), (#"\u20AC"#, "€"),
            (#"\ud83d\ude00"#, "😀"), (#"\\\\n"#, #"\\n"#), (#"\\\""#, #"\""#),
        ]
        for (escaped, plain) in cases {
            for before in 0..<130 {
                let (start, end) = (String(repeating: "a", count: before), String(repeating: "é", count: before % 7))
                let result = run(Array((start + escaped + end).utf8), opnilog_json_unescape)
                #expect(result == Result(text: Array((start + plain + end).utf8)), "\(escaped) after \(before)")
            }
        }
    }

    @Test(
        "Wrong escapes are refused, wherever they stand",
        arguments: [#"\x"#, #"\"#, #"\u12"#, #"\u12g4"#, "\\é", "\\\u{2}"])
    func wrong(_ escape: String) {
        for before in 0..<130 {
            let text = Array((String(repeating: "a", count: before) + escape).utf8)
            #expect(run(text, opnilog_json_unescape) == Result(), "\(escape) after \(before)")
            #expect(run(text, opnilog_json_unescape_portably) == Result())
        }
    }

    @Test("By vectors as byte by byte, on any text")
    func same() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "\\", "\\\\", "\\\"", "\\n", "\\u00e9", "\\ud800", "\\udc00", "\\ud83d\\ude00", "a", "bc", "é", " ",
            "0123456789abcdefghij",
        ]
        for _ in 0..<20_000 {
            var text: [UInt8] = []
            // Lone backslashes are seldom, or nearly every text would be refused.
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                let at = Int.random(in: 0..<pieces.count * 20, using: &random)
                text += pieces[at == 0 ? 0 : at % (pieces.count - 1) + 1].utf8
            }
            let fast = run(text, opnilog_json_unescape)
            #expect(fast == run(text, opnilog_json_unescape_portably), "\(text)")
        }
    }
}
