import Glibc
import Testing

@testable import opnilog_train

@Suite("mask", .timeLimit(.minutes(30)))
struct MaskCommandTests {
    private func mask(_ text: String, _ options: [String] = []) async throws -> ProgramRun {
        try await ProgramRun.of(["mask", "--input", "-"] + options, input: Array(text.utf8))
    }

    @Test("one line out for each line in, empty ones too")
    func text() async throws {
        let run = try await mask("node 10.0.0.1 ready\n\nx=1\r\n{not json\n", ["--input-format", "text"])
        #expect(run.code == 0)
        #expect(run.output == "node <ip> ready\n\nx = <num>\nnot json\n")
        #expect(run.errors.isEmpty)
    }

    @Test("a last line without an end is a line")
    func noEnd() async throws {
        #expect(try await mask("a 1\nb 2").output == "a <num>\nb <num>\n")
        #expect(try await mask("").output == "")
    }

    @Test("NDJSON is told from text by its first byte; other documents are passed over and counted")
    func ndjson() async throws {
        let lines = """
            {"log": "took 3 s\\nwell", "time": "2026-01-01T00:00:00Z"}
            {"message": "other field"}
            {"log": ["two", "parts"]}
            {"log": 5}
            """
        let run = try await mask(lines)
        #expect(run.code == 0)
        #expect(run.output == "took <num> s well\ntwo parts\n")
        #expect(
            run.errors
                == "opnilog-train: warning: passed over: 2 of 4 documents without a text in the field log, 0 lines that are no JSON\n"
        )
    }

    @Test("another field, by its literal name first")
    func field() async throws {
        let run = try await mask(#"{"a": {"b": "path"}, "a.b": "literal"}"# + "\n", ["--field", "a.b"])
        #expect(run.output == "literal\n")
    }

    @Test("a field that no document has")
    func noField() async throws {
        let run = try await mask("{\"log\": \"x\"}\n", ["--field", "message"])
        #expect(run.code == 65)
        #expect(
            run.errors
                == "opnilog-train: none of the 1 documents has a text in the field message. "
                + "name the field that holds the message with --field.\n")
    }

    @Test("more lines than allowed that are no JSON")
    func badLines() async throws {
        let lines = "{\"log\": \"x\"}\nnone\n"
        let run = try await mask(lines)
        #expect(run.code == 65)
        #expect(run.errors.hasPrefix("opnilog-train: 1 of 2 lines are no JSON objects. give --input-format text"))
        #expect(try await mask(lines, ["--max-bad-share", "50%"]).code == 0)
    }

    @Test("a file that is not there, and a folder")
    func noFile() async throws {
        let run = try await ProgramRun.of(["mask", "--input", "/nowhere/a.log"])
        #expect(run.code == 65)
        #expect(
            run.errors
                == "opnilog-train: no file matches /nowhere/a.log; "
                + "check the path, and put quotes around a pattern.\n")
        #expect(try await ProgramRun.of(["mask", "--input", "/"]).code == 65)
    }

    @Test("several files and patterns, in order")
    func several() async throws {
        let folder = TestFolder()
        try folder.write("b.log", "two 2\n")
        try folder.write("a.log", "one 1\n")
        let both = try await ProgramRun.of(["mask", "--input", folder.path("b.log"), folder.path("a.log")])
        #expect(both.output == "two <num>\none <num>\n")
        let pattern = try await ProgramRun.of(["mask", "--input", folder.path("*.log")])
        #expect(pattern.output == "one <num>\ntwo <num>\n")
    }

    @Test("files that hold the same are each read whole, and as often as they are named")
    func copies() async throws {
        let folder = TestFolder()
        let lines = String(repeating: "it took a while\n", count: 40)
        for name in ["host1", "host2", "name.log", "name.log.1"] { try folder.write(name, lines) }
        try folder.write("host3", lines + "and more\n")
        let run = try await ProgramRun.of(
            ["mask", "--progress", "none", "--input", folder.path("*"), folder.path("host1")])
        #expect(run.code == 0)
        #expect(run.output == lines + lines + lines + "and more\n" + lines + lines + lines)
        #expect(run.errors.isEmpty)
    }

    @Test("a cut-off .gz is named")
    func truncated() async throws {
        let folder = TestFolder()
        // The header and the beginning of a deflate stream, and then nothing.
        try folder.write("a.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B])
        let run = try await ProgramRun.of(["mask", "--input", folder.path("a.gz")])
        #expect(run.code == 65)
        #expect(run.errors.contains("a.gz"))
    }

    @Test("a full disk under standard output", .enabled(if: access("/dev/full", W_OK) == 0, "there is no /dev/full"))
    func fullDisk() async throws {
        let folder = TestFolder()
        try folder.write("in", "a 1\n")
        let child = try ChildProcess(
            ["mask", "--input", "-"], environment: [:], input: folder.path("in"), output: "/dev/full",
            errors: folder.path("err"))
        #expect(await child.wait() == 74)
        #expect(
            folder.text("err")
                == "opnilog-train: standard output cannot be written: No space left on device. "
                + "free space on its disk.\n")
    }

    @Test("progress on a terminal, unless the lines go there, too")
    func terminal() async throws {
        let folder = TestFolder()
        try folder.write("in", "a 1\n")
        let terminal = try Terminal()
        let arguments = ["mask", "--input", folder.path("in")]
        for (output, isShown) in [(folder.path("out"), true), (terminal.path, false)] {
            let child = try ChildProcess(
                arguments, environment: [:], input: "/dev/null", output: output, errors: terminal.path)
            #expect(await child.wait() == 0)
            let text = terminal.text()
            #expect(text.contains("masking  1 logs") == isShown, "\(text)")
            #expect(text.contains("a <num>") != isShown, "\(text)")
        }
    }

    @Test("progress where it is asked for: at the beginning and at the end")
    func progress() async throws {
        let run = try await mask("a 1\nb 2\n", ["--progress", "json"])
        #expect(run.output == "a <num>\nb <num>\n")
        let lines = run.errors.split(separator: "\n")
        // One that takes five seconds has lines between its first and its last.
        #expect(lines.count >= 2)
        let start = #"{"event":"progress","stage":"masking","unit":"logs","done":"#
        #expect(lines.allSatisfy { $0.hasPrefix(start) }, "\(run.errors)")
        #expect(lines.first?.hasPrefix(start + "0,") == true)
        #expect(lines.last?.hasPrefix(#"{"event":"progress","stage":"masking","unit":"logs","done":2,"#) == true)
        // A few lines that go through a pipe are answered without a word.
        #expect(try await mask("a 1\n").errors.isEmpty)
    }
}
