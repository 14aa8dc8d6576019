import Testing

@testable import LogDataset

@Suite struct KeywordListTests {
    private func isFound(_ list: KeywordList, _ message: String) -> Bool {
        Array(message.utf8).withUnsafeBytes { list.isFound(in: $0) }
    }

    @Test(arguments: [
        "error", "an ERROR: disk", "Connection refused", "connection:\t refused", "(out of disk)", "a timeout.",
        "high load on node", "fail", "FATAL", "code=deadlock",
    ])
    func linesWithOneOfTheOriginalsPhrases(_ line: String) {
        #expect(isFound(.original, line))
    }

    @Test(arguments: [
        "", "errors", "failed", "no_error", "error_code", "connection was refused", "refused connection", "out of",
        "out of diskettes", "terror", "highload", "fehlérror", "network",
    ])
    func linesWithout(_ line: String) {
        #expect(!isFound(.original, line))
    }

    @Test func phrasesAreTakenInOneSpelling() throws {
        let list = try KeywordList(["  Out-of  MEMORY ", "x", "X", "ÄB"])
        #expect(list.phrases == ["out of memory", "x", "Äb"])
        #expect(isFound(list, "kernel: out of memory (x1)"))
        #expect(isFound(list, "Äb") && !isFound(list, "äb"))
        #expect(try list == KeywordList(["x", "Äb", "out of memory"]))
        #expect(try KeywordList(["a"]).phrases == ["a"])
        let error = #expect(throws: DatasetError.self) { try KeywordList(["a", " - "]) }
        #expect(error?.code == .invalidSetting)
        #expect(throws: DatasetError.self) { try KeywordList([]) }
    }

    /// Against the rule as it is written: the words of the phrase, one behind the other, among those of the line.
    @Test func equalsAComparisonOfWholeWords() throws {
        let list = try KeywordList(["a", "b a", "aa b", "b b b"])
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            let line = String(
                (0..<Int.random(in: 0..<12, using: &generator)).map { _ in
                    "aAbB .:".randomElement(using: &generator) ?? "a"
                })
            let words = line.lowercased().split { $0 != "a" && $0 != "b" }.map(String.init)
            let expected = list.phrases.contains { phrase in
                let wanted = phrase.split(separator: " ").map(String.init)
                return words.indices.contains { Array(words[$0...].prefix(wanted.count)) == wanted }
            }
            #expect(isFound(list, line) == expected, "\(line)")
        }
    }
}
