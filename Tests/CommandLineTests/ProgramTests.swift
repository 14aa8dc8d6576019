import Glibc
import Testing

@testable import opnilog_train

@Suite("The built program", .timeLimit(.minutes(30)))
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

    @Test("with progress as JSON an error is JSON too, also one in the settings")
    func errorAsJSON() async throws {
        let bad = try await ProgramRun.of([
            "collect", "--progress", "json", "--input", "x", "--output", "o", "--seed", "y",
        ])
        #expect(bad.code == 64)
        #expect(bad.errors.hasPrefix(#"{"event":"error","code":64,"text":"--seed: \"y\" is not "#), "\(bad.errors)")
        let folder = TestFolder()
        let none = try await ProgramRun.of(
            ["collect", "--input", folder.path("none"), "--output", folder.path("out")],
            environment: ["OPNILOG_PROGRESS": "json", "OPNILOG_WORKRES": "1"])
        let lines = none.errors.split(separator: "\n")
        #expect(
            lines.first
                == #"{"event":"note","text":"warning: OPNILOG_WORKRES in the environment is no setting; did you mean OPNILOG_WORKERS?"}"#
        )
        #expect(lines.last?.hasPrefix(#"{"event":"error","code":65,"text":""#) == true, "\(none.errors)")
        #expect(lines.allSatisfy { $0.hasPrefix("{") })
    }

    @Test("closed standard streams: nothing that is said gets into a file of the run")
    func closedStreams() async throws {
        let folder = TestFolder()
        try folder.write("in.log", "a\n")
        let child = try ChildProcess(
            ["collect", "--input", folder.path("in.log"), "--output", folder.path("out")],
            environment: [:], input: "/dev/null", output: folder.path("o"), errors: folder.path("e"),
            wrapper: ["/bin/sh", "-c", #"exec "$0" "$@" <&- >&- 2>&-"#])
        #expect(await child.wait() == 0)
        #expect(Int(folder.text("out/.lock").dropLast()) != nil, "\(folder.text("out/.lock"))")
        // Between two stages the one in the middle is empty.
        let memory = folder.text("out/memory.csv")
        let rows = memory.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(rows.count >= 2)
        #expect(rows.dropFirst().allSatisfy { $0.count == 3 && Double($0[0]) != nil && Int($0[2]) != nil }, "\(memory)")
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
