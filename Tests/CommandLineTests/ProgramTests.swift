import Glibc
import Testing

@testable import opnilog_train

@Suite("The built program", .timeLimit(.minutes(2)))
struct ProgramTests {
    @Test("prints its version and its help to standard output")
    func pages() async throws {
        let version = try await ProgramRun.of(["--version"])
        #expect(version.code == 0)
        #expect(version.output == "opnilog-train \(Version.text)\n")
        #expect(version.errors.isEmpty)
        let help = try await ProgramRun.of(["help", "sample"])
        #expect(help.code == 0)
        #expect(help.output == HelpPage.of(.sample))
        #expect(try await ProgramRun.of(["sample", "--help"]).output == help.output)
        #expect(try await ProgramRun.of(["--help"]).output == HelpPage.overview)
    }

    @Test(
        "a bad setting: one line on standard error, nothing on standard output, exit 64",
        arguments: [
            [],
            ["trian"],
            ["train", "--sampels", "1"],
            ["train", "--input", "x"],
            ["train", "--password", "hush"],
            ["mask"],
            ["train", "--input", "x", "--output", "o", "--draw", "page"],
            ["collect", "--endpoint", "nowhere", "--output", "x"],
            ["mask", "--input", "x", "--config", "/nowhere/c.yaml"],
        ])
    func usage(arguments: [String]) async throws {
        let run = try await ProgramRun.of(arguments)
        #expect(run.code == 64)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("opnilog-train: "))
        #expect(run.errors.split(separator: "\n").count == 1)
        #expect(!run.errors.contains("hush"))
    }

    @Test("bad YAML is named with file and line")
    func yaml() async throws {
        let folder = TestFolder()
        try folder.write("c.yaml", "index: logs\n\tfield: log\n")
        let run = try await ProgramRun.of(["mask", "--input", "x", "--config", folder.path("c.yaml")])
        #expect(run.code == 64)
        #expect(run.errors.hasPrefix("opnilog-train: \(folder.path("c.yaml")), line 2: this is no YAML ("))
    }
}
