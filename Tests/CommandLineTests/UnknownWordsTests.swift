import LogDataset
import Testing

@testable import opnilog_train

@Suite("Words without an id")
struct UnknownWordsTests {
    private func remedies(_ ids: Int, of command: Command = .train, _ options: [String: String]) throws -> [String] {
        let given = options.map { GivenOption(name: $0.key, text: $0.value, origin: .flag) }
        return UnknownWords.remedies(ids, try Settings(of: command, from: [given]))
    }

    private let larger = "give a larger --vocabulary-size"
    private let masks = "give --masks for what varies"

    @Test("a larger vocabulary is advised only where it would help")
    func size() throws {
        let input = ["input": "in.log"]
        let small = ["input": "in.log", "vocabulary-size": "500"]
        #expect(try remedies(500, small) == [larger, masks])
        #expect(try remedies(Vocabulary.largestCount, input) == [masks])
        let rare = ["input": "in.log", "minimum-word-count": "3"]
        #expect(try remedies(500, rare) == ["give a smaller --minimum-word-count", masks])
        #expect(try remedies(Vocabulary.largestCount, rare) == [masks])
    }

    @Test("the texts of a table are masked already, and the logs of a demo by rules of its own")
    func origin() throws {
        let table = ["table": "templates.table", "vocabulary-size": "500"]
        #expect(try remedies(500, table) == [larger, "read the logs anew with --masks for what varies"])
        #expect(try remedies(Vocabulary.largestCount, of: .demo, [:]).isEmpty)
    }
}
