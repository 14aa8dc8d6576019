import Glibc
import Testing

@testable import opnilog_train

/// `opnilog-train … | head -2`: a reader that has what it wants is no failure to tell of.
@Suite("A pipe that its reader closes", .timeLimit(.minutes(30)))
struct BrokenPipeTests {
    private let folder = TestFolder()

    /// Runs a command whose results nobody reads; they are more than a pipe holds.
    private func run(_ arguments: [String]) async throws -> (code: Int32, errors: String) {
        let pipe = folder.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        defer { unlink(pipe) }
        let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(reader >= 0)
        let child = try ChildProcess(
            arguments + ["--progress", "none"], environment: ["TMPDIR": folder.root], input: "/dev/null",
            output: pipe, errors: folder.path("errors"))
        close(reader)
        return (await child.wait(), folder.text("errors"))
    }

    /// Thousands of lines of a hundred bytes, each of a template of its own.
    private func write(_ name: String) throws {
        let end = String(repeating: " word", count: 20)
        let lines = (0..<4000).map { number in
            let letters = String(number, radix: 2).replacing("0", with: "g").replacing("1", with: "h")
            return "task " + letters + end
        }
        try folder.write(name, lines.joined(separator: "\n"))
    }

    @Test("exit 74 without a word, whatever writes")
    func quiet() async throws {
        try write("in.log")
        let input = ["--input", folder.path("in.log")]
        let collect = try await ProgramRun.of(["collect", "--output", folder.path("out")] + input)
        try #require(collect.code == 0, "\(collect.errors)")
        let commands = [
            ["mask"] + input, ["sample", "--all"] + input,
            ["table", "top", folder.path("out"), "-n", "4000", "--minimum-count", "1"],
            ["table", "export", folder.path("out"), "--minimum-count", "1"],
        ]
        for command in commands {
            let run = try await run(command)
            #expect(run.code == 74, "\(command)")
            #expect(run.errors.isEmpty, "\(command): \(run.errors)")
        }
    }
}
