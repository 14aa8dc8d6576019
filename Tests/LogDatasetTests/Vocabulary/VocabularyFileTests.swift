import FoundationEssentials
import Testing

@testable import LogDataset

@Suite struct VocabularyFileTests {
    private let head = "7\n6\n<PAD>\n<CLS>\n<MASK>\n<UNK>\n<NUM>\n"

    private func parse(_ text: String) throws -> Vocabulary {
        try VocabularyFile.parse(Array(text.utf8), path: "v.txt")
    }

    @Test func readsCountsWordsAndUnusedIds() throws {
        let vocabulary = try parse(head + "info\n<TMP6>\n")
        #expect(vocabulary.words == ["<PAD>", "<CLS>", "<MASK>", "<UNK>", "<NUM>", "info", "<TMP6>"])
        #expect(vocabulary.assigned == 6)
        #expect(VocabularyFile.serialize(vocabulary) == Array((head + "info\n<TMP6>\n").utf8))
    }

    @Test func readsLineEndsAsPythonDoes() throws {
        #expect(try parse((head + "a\nb").replacing("\n", with: "\r\n")).words.suffix(2) == ["a", "b"])
        #expect(try parse((head + "a\nb\n").replacing("\n", with: "\r")).words.suffix(2) == ["a", "b"])
        #expect(try parse(" 7\t" + head.dropFirst() + "a\n\n").words.suffix(2) == ["a", ""])
    }

    @Test(arguments: [
        ("", "v.txt, line 1: the file ends where the number of ids should stand."),
        ("abc\n", "v.txt, line 1: a number of ids from 5 to 10000000 should stand here."),
        ("4\n4\n", "v.txt, line 1: a number of ids from 5 to 10000000 should stand here."),
        ("99999999999999999999\n", "v.txt, line 1: a number of ids from 5 to 10000000 should stand here."),
        ("7\n8\n", "v.txt, line 2: the next free id, from 5 to 7, should stand here."),
        ("7\n6\n<PAD>\n<cls>\n", "v.txt, line 4: <CLS> should stand here."),
        ("7\n6\n<PAD>\n<CLS>\n<MASK>\n<UNK>\n<NUM>\na", "v.txt, line 9: the file ends where the name of id 6 of 7"),
        ("6\n6\n<PAD>\n<CLS>\n<MASK>\n<UNK>\n<NUM>\na\nb\n", "v.txt, line 9: more lines than the 6 ids"),
    ])
    func aMalformedLineIsNamed(_ text: String, _ message: String) {
        let error = #expect(throws: DatasetError.self) { try parse(text) }
        #expect(error?.code == .corruptFile)
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasSuffix("take the one saved with it.") == true)
    }

    @Test func invalidUTF8IsNamed() {
        let bytes = Array(head.utf8) + [0x61, 0xFF, 0x0A, 0x62, 0x0A]
        let error = #expect(throws: DatasetError.self) { try VocabularyFile.parse(bytes, path: "v.txt") }
        #expect(error?.message.hasPrefix("v.txt, line 8: not UTF-8.") == true)
    }

    @Test func aMissingFileAndFolderAreNamed() throws {
        try withTemporaryFolder { folder in
            let missing = #expect(throws: DatasetError.self) { try Vocabulary(readingFrom: folder + "/none") }
            #expect(missing?.code == .unreadableFile)
            #expect(
                missing?.message
                    == "Cannot read \(folder)/none: No such file or directory. Check the path and its rights.")
            let target = folder + "/no/v.txt"
            let unwritable = #expect(throws: DatasetError.self) { try Vocabulary(words: []).write(to: target) }
            #expect(unwritable?.code == .unwritable)
            #expect(unwritable?.message.hasPrefix("Cannot write \(target): No such file or directory.") == true)
        }
    }

    @Test func aFailedWriteLeavesNothingBehind() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/v.txt", withIntermediateDirectories: false)
            let error = #expect(throws: DatasetError.self) { try WholeFile.write([1, 2], to: folder + "/v.txt") }
            #expect(error?.code == .unwritable)
            #expect(error?.message.hasPrefix("Cannot write \(folder)/v.txt: Is a directory.") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["v.txt"])
        }
    }

    @Test func theFileIsItsOwnersAlone() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/vocab.txt"
            try Vocabulary(words: ["old"]).write(to: path)
            try Vocabulary(words: ["a"]).write(to: path)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["vocab.txt"])
            #expect(try Vocabulary(readingFrom: path) == Vocabulary(words: ["a"]))
        }
    }

    /// Words that line splitting or stripping in Python could harm, all but `\n` and `\r`, which get no id.
    static let oddWords = [
        "a\u{2028}b", "\u{2029}", "\u{0B}", "x\u{0C}", "\u{85}y", "\u{1C}\u{1D}\u{1E}\u{1F}", "\u{A0}", "\u{FEFF}",
        "nul\u{0}", "\u{1A}", "i\u{307}", "é", "日本", "\u{10FFFF}", "<EMPTY>", "\u{200B}", "e\u{301}",
    ]

    @Test(.enabled(if: Prerequisites.runsWithPython, "needs OPNILOG_PYTHON"))
    func pythonReadsTheSameWords() throws {
        let script = """
            import sys
            with open(sys.argv[1]) as file:
                sizes = [int(file.readline()), int(file.readline())]
                names = [line[:-1] for line in file]
            print(*sizes)
            for name in names: print(name.encode().hex())
            """
        try withTemporaryFolder { folder in
            let vocabulary = Vocabulary(words: VocabularyFileTests.oddWords)
            try vocabulary.write(to: folder + "/vocab.txt")
            let lines = try runPython(script, folder + "/vocab.txt").split(separator: "\n").map(String.init)
            let hex = vocabulary.words.map { word in
                word.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            }
            #expect(lines == ["\(vocabulary.count) \(vocabulary.count)"] + hex)
        }
    }

    @Test func oddWordsAreReadBack() throws {
        let vocabulary = Vocabulary(words: VocabularyFileTests.oddWords)
        let read = try VocabularyFile.parse(VocabularyFile.serialize(vocabulary), path: "v.txt")
        #expect(read.words.map { Array($0.utf8) } == vocabulary.words.map { Array($0.utf8) })
    }
}
