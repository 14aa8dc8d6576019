import FoundationEssentials
import Glibc
import Testing

@testable import opnilog_train

@Suite("sample", .timeLimit(.minutes(30)))
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
        #expect(try await sample(["--table", folder.path("out"), "--samples", "10"]).run.output == first)
        let parity = ["--table", table, "--samples", "1000", "--draw", "parity"]
        let other = try await sample(parity).run.output
        #expect(try await sample(parity + ["--seed", "1"]).run.output != other)
        #expect(try await sample(parity + ["--epoch", "1"]).run.output != other)
    }

    @Test("page: each 10,000 lines are reduced by themselves")
    func pages() async throws {
        // 9,900 lines of one template in the first page, 10,000 in the second, 100 that occur once in each of both.
        var text = ""
        for page in 0..<3 {
            for line in 0..<9_900 { text += page == 2 ? "" : "often \(line)\n" }
            for number in 0..<100 { text += "once \(page == 2 ? "late" : "early") \(Self.word(number))\n" }
        }
        try folder.write("in.log", text)
        let options = ["--input", folder.path("in.log"), "--draw", "page", "--samples", "4020", "--all"]
        let (run, lines) = try await sample(options)
        #expect(run.code == 0, "\(run.errors)")
        // ⌊4020/20100 · 10000⌋ twice, and ⌊4020/20100 · 100⌋.
        #expect(run.errors.hasPrefix("opnilog-train: 4,020 of 4,020 draws by page, seed 0, from 201 templates, "))
        #expect(lines.map(\.count).reduce(0, +) == 20_100)
        #expect(lines.map(\.drawn).reduce(0, +) == 4020)
        // √9900 of 199.5 in each page: K·p is 997 twice. Over the whole it would be √19800 of 482, or 1174.
        let often = try #require(lines.first { $0.text == "often <num>" })
        #expect(often.count == 19_800 && (1850...2150).contains(often.drawn))
        #expect(try await sample(options + ["--workers", "7", "--memory", "64MiB"]).lines == lines)
        #expect(try await sample(options + ["--seed", "1"]).lines != lines)
        // The scratch folder is gone.
        #expect(TestFiles.names(folder.root) == ["in.log"])
    }

    @Test("page: what is left out and what is missing are said, and exit 2 tells of a hole")
    func pagesWithHoles() async throws {
        try folder.write("a.log", "one line\nshort\n")
        try folder.write("b.log", (0..<20_000).map { "line \($0) of b\n" }.joined())
        try #require(system("gzip -q \(folder.path("b.log")) && truncate -s -7 \(folder.path("b.log.gz"))") == 0)
        let (run, _) = try await sample([
            "--input", folder.path("a.log"), folder.path("b.log.gz"), "--draw", "page", "--samples", "10",
            "--keep-going", "--minimum-tokens", "2",
        ])
        #expect(run.code == 2, "\(run.errors)")
        #expect(run.errors.contains("left out: 1 lines of too few words\n"), "\(run.errors)")
        #expect(run.errors.contains("missing: \(folder.path("b.log.gz")) is damaged at byte "), "\(run.errors)")
    }

    /// A word of letters, which no mask touches.
    private static func word(_ number: Int) -> String {
        String(number).map { String(UnicodeScalar(UInt8(ascii: "g") + UInt8($0.wholeNumberValue ?? 0))) }.joined()
    }

    @Test("a file that is no table")
    func noTable() async throws {
        try logs()
        let (run, _) = try await sample(["--table", folder.path("in.log")])
        #expect(run.code == 65)
        #expect(run.errors.contains("in.log is no template table; give one that"))
    }

    @Test("what a killed run has left is removed by the next, unless somebody works in it or it is young")
    func stale() async throws {
        try logs()
        let names = ["old", "young", "locked", "foreign"].map { "opnilog-scratch-" + $0.padding(toLength: 6) }
        for name in names + [names[0] + "/buckets"] { mkdir(folder.path(name), 0o700) }
        for name in names { try folder.write("\(name)/templates.table.4711.partial", "words of logs") }
        try folder.write("\(names[0])/buckets/1.run", "words of logs")
        try folder.write("\(names[3])/mine", "not ours")
        // Made in 2001.
        var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000_000, tv_nsec: 0)]
        for name in [names[0], names[2], names[3]] { utimensat(AT_FDCWD, folder.path(name), &times, 0) }
        let lock = open(folder.path(names[2]), O_RDONLY | O_DIRECTORY)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX) == 0)
        let (run, _) = try await sample(["--input", folder.path("in.log")])
        #expect(run.code == 0)
        #expect(TestFiles.names(folder.root) == (["in.log"] + names[1...]).sorted())
        #expect(TestFiles.names(folder.path(names[3])) == ["mine"])
    }

    @Test("nothing is left behind where it works")
    func scratch() async throws {
        try logs()
        _ = try await sample(["--input", folder.path("in.log")])
        #expect(TestFiles.names(folder.root) == ["in.log"])
    }
}

extension String {
    fileprivate func padding(toLength length: Int) -> String {
        String((self + String(repeating: "x", count: length)).prefix(length))
    }
}
