import FoundationEssentials
import Testing

@testable import LogDataset

@Suite struct VocabularyTests {
    private func encode(_ vocabulary: Vocabulary, _ text: String) -> (tokens: [Int32], encoding: Vocabulary.Encoding) {
        var tokens: [Int32] = [99]
        let encoding = Array(text.utf8).withUnsafeBytes { vocabulary.encode($0, into: &tokens) }
        return (tokens, encoding)
    }

    @Test func wordsTakeTheirIdsAndOthersAreUnknown() {
        let (tokens, encoding) = encode(Vocabulary(words: ["a", "bb", ":"]), "bb  : c a ")
        #expect(tokens == [1, 6, 7, 3, 5])
        #expect(encoding == Vocabulary.Encoding(words: 4, unknown: 1, cut: 0))
    }

    @Test func aWordWithTwoDigitsIsANumberEvenIfItHasAnId() {
        #expect(encode(Vocabulary(words: ["x1", "x12"]), "x1 x12 7 77 ٣٤").tokens == [1, 5, 4, 3, 4, 4])
    }

    @Test(arguments: ["", " ", "   "])
    func aTextWithoutWordsIsEmpty(_ text: String) {
        #expect(encode(Vocabulary(words: ["a", "<EMPTY>"]), text).tokens == [1, 6])
        let (tokens, encoding) = encode(Vocabulary(words: ["a"]), text)
        #expect(tokens == [1, 3])
        #expect(encoding == Vocabulary.Encoding(words: 1, unknown: 1, cut: 0))
    }

    @Test(arguments: [62, 63, 64, 200])
    func aRowEndsAtSixtyFourTokens(_ words: Int) {
        let (tokens, encoding) = encode(
            Vocabulary(words: ["a"]), Array(repeating: "a", count: words).joined(separator: " "))
        #expect(tokens.count == min(64, words + 1))
        #expect(encoding == Vocabulary.Encoding(words: words, unknown: 0, cut: max(0, words - 63)))
    }

    @Test(arguments: Vocabulary.Reserved.names)
    func aReservedNameInATextIsUnknown(_ name: String) {
        #expect(encode(Vocabulary(words: ["a"]), "\(name) a").tokens == [1, 3, 5])
    }

    @Test func spellingsOfOneCharacterAreTwoWords() {
        let vocabulary = Vocabulary(words: ["\u{E9}", "e\u{301}"])
        #expect(encode(vocabulary, "e\u{301} \u{E9}").tokens == [1, 6, 5])
        #expect(vocabulary != Vocabulary(words: ["e\u{301}", "\u{E9}"]))
    }

    @Test func tenThousandWordsAreAllFound() {
        let words = (0..<9_995).map { number in
            "w" + String(number, radix: 2).map { $0 == "0" ? "o" : "i" }.joined()
        }
        let vocabulary = Vocabulary(words: words)
        #expect(vocabulary.count == 10_000)
        for (index, word) in words.enumerated() { #expect(encode(vocabulary, word).tokens == [1, Int32(index) + 5]) }
        #expect(encode(vocabulary, "w").tokens == [1, 3])
    }
}

/// The original's own vocabulary and what it made of real lines.
@Suite(.enabled(if: Prerequisites.runsWithShared, "needs ../shared or OPNILOG_SHARED"))
struct OriginalVocabularyTests {
    struct Line: Decodable {
        var masked: String
        var tokens: [Int32]
    }

    private func path(_ name: String) throws -> String {
        try #require(Prerequisites.shared, "no ../shared") + "/vectors/model-hdfs-zookeeper/" + name
    }

    @Test func tokensEqualTheOriginalsOnAllLines() throws {
        let vocabulary = try Vocabulary(readingFrom: path("vocab.txt"))
        #expect(vocabulary.count == 384)
        #expect(vocabulary.assigned == 152)
        let lines = try Data(contentsOf: URL(filePath: path("scores.ndjson"))).split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 305)
        var tokens: [Int32] = []
        for line in lines {
            let wanted = try JSONDecoder().decode(Line.self, from: Data(line))
            let encoding = Array(wanted.masked.utf8).withUnsafeBytes { vocabulary.encode($0, into: &tokens) }
            #expect(tokens == Array(wanted.tokens.prefix(64)), "\(wanted.masked)")
            #expect(encoding.words == wanted.tokens.count - 1)
            #expect(encoding.cut == max(0, wanted.tokens.count - 64))
        }
    }

    @Test func theFileIsWrittenBackByteForByte() throws {
        let original = try path("vocab.txt")
        try withTemporaryFolder { folder in
            try Vocabulary(readingFrom: original).write(to: folder + "/vocab.txt")
            let written = try Data(contentsOf: URL(filePath: folder + "/vocab.txt"))
            #expect(try written == Data(contentsOf: URL(filePath: original)))
        }
    }
}
