import FoundationEssentials
import Glibc
import Testing

@testable import opnilog_train

@Suite("sample", .timeLimit(.minutes(2)))
struct SampleCommandTests {
    private struct Line: Decodable, Equatable {
        let text: String
        let count: Int
        let drawn: Int
    }

    private let folder = TestFolder()

    /// 100 lines of one template, 10 of another, and 20 that occur once each.
    private func logs() throws {
        var text = ""
        for number in 0..<100 { text += "often \(number)\n" }
        for number in 0..<10 { text += "seldom a\\b \(number)\n" }
        for letter in "abcdefghijklmnopqrst" { text += "once \(letter)\n" }
        try folder.write("in.log", text)
    }

    private func sample(_ options: [String]) async throws -> (run: ProgramRun, lines: [Line]) {
        let run = try await ProgramRun.of(
            ["sample", "--progress", "none"] + options, environment: ["TMPDIR": folder.root])
        let lines = try run.output.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        return (run, lines)
    }

    @Test("writes what was drawn; the counts of the table and the draws add up")
    func drawn() async throws {
        try logs()
        let (run, lines) = try await sample(["--input", folder.path("in.log"), "--samples", "40"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.hasPrefix("opnilog-train: 40 draws by coverage, seed 0, from 22 templates, table digest "))
        #expect(lines.map(\.drawn).reduce(0, +) == 40)
        #expect(lines.allSatisfy { $0.drawn > 0 })
        #expect(lines.contains { $0.text == "seldom a\\b <num>" && $0.count == 10 })
        // √100, √10 and 20 times √1 make p = 10/33.2 for the first, so K·p = 12.06.
        let often = try #require(lines.first { $0.text == "often <num>" })
        #expect([12, 13].contains(often.drawn))
    }

    @Test("all shows what was drawn 0 times")
    func all() async throws {
        try logs()
        let (_, lines) = try await sample(["--input", folder.path("in.log"), "--samples", "3", "--all"])
        #expect(lines.count == 22)
        #expect(lines.map(\.count).reduce(0, +) == 130)
        #expect(lines.map(\.drawn).reduce(0, +) == 3)
    }

    @Test("rare texts are withheld where that is asked for, and counted")
    func minimumCount() async throws {
        try logs()
        let (run, lines) = try await sample(
            ["--input", folder.path("in.log"), "--samples", "3", "--all", "--minimum-count", "10"])
        #expect(lines.map(\.count).sorted() == [10, 100])
        #expect(run.errors.contains("20 templates of fewer than 10 lines are not shown (--minimum-count)"))
    }

    @Test("a table gives the same as its logs; another seed and another epoch do not")
    func table() async throws {
        try logs()
        let collected = try await ProgramRun.of(
            ["collect", "--input", folder.path("in.log"), "--output", folder.path("out")])
        #expect(collected.code == 0)
        let table = folder.path("out/templates.table")
        let first = try await sample(["--input", folder.path("in.log"), "--samples", "10"]).run.output
        #expect(try await sample(["--table", table, "--samples", "10"]).run.output == first)
        #expect(try await sample(["--table", table, "--samples", "10", "--workers", "3"]).run.output == first)
        let parity = ["--table", table, "--samples", "1000", "--draw", "parity"]
        let other = try await sample(parity).run.output
        #expect(try await sample(parity + ["--seed", "1"]).run.output != other)
        #expect(try await sample(parity + ["--epoch", "1"]).run.output != other)
    }

    @Test("a file that is no table")
    func noTable() async throws {
        try logs()
        let (run, _) = try await sample(["--table", folder.path("in.log")])
        #expect(run.code == 65)
        #expect(run.errors.contains("in.log is no template table; give one that"))
    }

    @Test("nothing is left behind where it works")
    func scratch() async throws {
        try logs()
        _ = try await sample(["--input", folder.path("in.log")])
        #expect(TestFiles.names(folder.root) == ["in.log"])
    }
}
