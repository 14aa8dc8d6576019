import Glibc
import Testing

@testable import opnilog_train

@Suite("table and drift", .timeLimit(.minutes(30)))
struct TableCommandTests {
    private let folder = TestFolder()

    private func run(_ arguments: [String]) async throws -> ProgramRun {
        try await ProgramRun.of(arguments + ["--progress", "none"])
    }

    /// Collects lines into a folder.
    private func collect(_ name: String, _ text: String) async throws {
        try folder.write(name + ".log", text)
        let run = try await run(["collect", "--input", folder.path(name + ".log"), "--output", folder.path(name)])
        try #require(run.code == 0, "\(run.errors)")
    }

    private func digest(_ errors: String) -> Substring? { errors.split(separator: " ").last }

    @Test("merge adds up to the table of all lines; folders and files, short options and long")
    func merge() async throws {
        try await collect("a", "node 1 up\nnode 2 up\nother\n")
        try await collect("b", "node 3 up\nnew \"one\"\n")
        let merged = try await run([
            "table", "merge", folder.path("a"), folder.path("b/templates.table"), "-o", folder.path("c"),
        ])
        #expect(merged.code == 0 && merged.output.isEmpty)
        #expect(merged.errors.hasPrefix("opnilog-train: 5 lines, 3 templates in \(folder.path("c")), table digest "))
        #expect(folder.mode("c") == 0o600)
        try folder.write("ab.log", "new \"one\"\nnode 1 up\nnode 2 up\nother\nnode 3 up\n")
        let whole = try await run(["collect", "--input", folder.path("ab.log"), "--output", folder.path("ab")])
        #expect(digest(whole.errors) == digest(merged.errors))
        #expect(folder.bytes("ab/templates.table") == folder.bytes("c"))
        let again = try await run(["table", "merge", folder.path("a"), "--output", folder.path("c")])
        #expect(again.code == 64)
        #expect(
            again.errors == "opnilog-train: \(folder.path("c")) is there already. "
                + "give another --output, or --overwrite to replace it.\n")
        #expect(try await run(["table", "merge", folder.path("a"), "-o", folder.path("c"), "--overwrite"]).code == 0)
        #expect(folder.bytes("a/templates.table") == folder.bytes("c"))
    }

    @Test(
        "a pipe is not replaced: exit 64; a link stays, and the file behind it is replaced",
        arguments: ["merge", "export"])
    func place(verb: String) async throws {
        try await collect("a", "x\n")
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        try folder.write("old", "old")
        try #require(symlink("old", folder.path("link")) == 0)
        try #require(symlink("nothing", folder.path("loose")) == 0)
        let command = ["table", verb, folder.path("a"), "--overwrite", "-o"]
        let pipe = try await run(command + [folder.path("pipe")])
        #expect(pipe.code == 64)
        #expect(
            pipe.errors == "opnilog-train: \(folder.path("pipe")) is no regular file. give the name of a file.\n")
        var status = stat()
        let isThere = lstat(folder.path("pipe"), &status) == 0
        #expect(isThere && status.st_mode & S_IFMT == S_IFIFO)
        let loose = try await run(command + [folder.path("loose")])
        #expect(loose.code == 64)
        #expect(loose.errors.contains("loose is a link to what is not there. remove the link, or give the name of"))
        let link = try await run(command + [folder.path("link")])
        #expect(link.code == 0, "\(link.errors)")
        #expect(TestFiles.link(folder.path("link")) == "old" && TestFiles.link(folder.path("loose")) == "nothing")
        #expect(folder.bytes("old") == (verb == "merge" ? folder.bytes("a/templates.table") : []))
        #expect(folder.mode("old") == 0o600)
        #expect(TestFiles.names(folder.root) == ["a", "a.log", "link", "loose", "old", "pipe"])
    }

    @Test("an output that is one of the tables, or beside what a run left, is refused: exit 64, nothing is changed")
    func ownInput() async throws {
        for name in ["a", "b"] { try await collect(name, name + " x\n") }
        let (a, b) = (folder.path("a"), folder.path("b"))
        try #require(mkdir(folder.path("c"), 0o700) == 0 && symlink("../a", folder.path("c/link")) == 0)
        let tables = [a, b].map { folder.bytes($0 + "/templates.table") }
        let refused: [(arguments: [String], why: String)] = [
            (["merge", a, b, "-o", folder.path("c/link/templates.table")], "is one of the tables that are read"),
            (["export", a, "-o", a + "/templates.table"], "is one of the tables that are read"),
            (["merge", b, "-o", a + "/templates.table"], "lies beside the manifest.json of a run"),
            (["merge", b, "-o", a + "/other"], "lies beside the manifest.json of a run"),
            (["export", b, "-o", a + "/metrics.jsonl"], "lies beside the manifest.json of a run"),
        ]
        for (arguments, why) in refused {
            let run = try await run(["table"] + arguments + ["--overwrite"])
            #expect(run.code == 64, "\(arguments)")
            #expect(run.errors.hasSuffix(why + ". give another --output.\n"), "\(run.errors)")
        }
        #expect([a, b].map { folder.bytes($0 + "/templates.table") } == tables)
        #expect(try await run(["table", "export", a, "-o", a + "/templates.ndjson"]).code == 0)
        try folder.write("c/nulog_model_latest.pt", "a model")
        let model = try await run(["table", "merge", a, "-o", folder.path("c/templates.table")])
        #expect(model.code == 64 && model.errors.contains("lies beside the nulog_model_latest.pt of a run"))
        // Others have files of this name, too.
        unlink(folder.path("c/nulog_model_latest.pt"))
        try folder.write("c/manifest.json", "{\"name\":\"a web page\"}")
        #expect(try await run(["table", "merge", a, "-o", folder.path("c/templates.table")]).code == 0)
    }

    @Test("a file that cannot be written is named")
    func full() async throws {
        try await collect("a", (0..<200).map { String(repeating: "word", count: $0 + 1) }.joined(separator: "\n"))
        // A block is 512 or 1024 bytes: enough for what is said of it.
        let child = try ChildProcess(
            ["table", "export", folder.path("a"), "--minimum-count", "1", "-o", folder.path("x")], environment: [:],
            input: "/dev/null", output: folder.path("out"), errors: folder.path("err"),
            wrapper: ["/bin/sh", "-c", "ulimit -f 1; exec \"$0\" \"$@\""])
        #expect(await child.wait() == 74)
        let path = folder.path("x")
        #expect(
            folder.text("err")
                == "opnilog-train: \(path) cannot be written: File too large. give another --output.\n")
        #expect(!folder.exists("x"))
    }

    @Test("top and export show no template of few lines unless asked; files are their owner's")
    func shows() async throws {
        try await collect(
            "a", String(repeating: "node up\n", count: 12) + "a b\n" + String(repeating: "c\n", count: 3))
        let path = folder.path("a")
        let top = try await run(["table", "top", path])
        #expect(top.output == "{\"text\":\"node up\",\"count\":12}\n")
        let two = try await run(["table", "top", path, "-n", "2", "--minimum-count", "1"])
        #expect(two.output == "{\"text\":\"node up\",\"count\":12}\n{\"text\":\"c\",\"count\":3}\n")
        let few = try await run(["table", "export", path])
        #expect(few.output == top.output)
        #expect(few.errors == "opnilog-train: 2 templates of fewer than 10 lines are left out (--minimum-count)\n")
        let all = try await run(["table", "export", path, "--minimum-count", "1", "-o", folder.path("x")])
        #expect(all.code == 0 && all.output.isEmpty && all.errors.isEmpty)
        #expect(folder.mode("x") == 0o600)
        let lines = folder.text("x").split(separator: "\n")
        #expect(lines.count == 3 && lines.contains("{\"text\":\"a b\",\"count\":1}"))
        let dash = try await run(["table", "export", path, "--minimum-count", "1", "-o", "-"])
        #expect(dash.code == 0 && dash.output == folder.text("x"))
        let merged = try await run(["table", "merge", path, "-o", "-"])
        #expect(merged.code == 64 && merged.output.isEmpty)
        #expect(
            merged.errors == "opnilog-train: a table is not written to standard output. give the name of a file.\n")
    }

    @Test("show verifies, names the damage, and refuses what is newer")
    func show() async throws {
        try await collect("a", "x 1\ny\n")
        let shown = try await run(["table", "show", folder.path("a")])
        #expect(shown.code == 0)
        #expect(shown.output.hasPrefix("{\n  \"lines\": 2,\n  \"templates\": 2,\n"))
        #expect(shown.output.contains("\"linesWithoutTime\": 2,\n") && shown.output.contains("\"since\": null,\n"))
        var bytes = folder.bytes("a/templates.table")
        bytes[40] ^= 1
        try folder.write("damaged", bytes)
        let damaged = try await run(["table", "show", folder.path("damaged")])
        #expect(damaged.code == 65 && damaged.output.isEmpty)
        #expect(
            damaged.errors == "opnilog-train: \(folder.path("damaged")) is damaged at byte 16: a checksum is wrong; "
                + "fetch or make the file again.\n")
        bytes[8] = 9
        try folder.write("newer", bytes)
        let newer = try await run(["table", "show", folder.path("newer")])
        #expect(newer.code == 65)
        #expect(
            newer.errors
                == "opnilog-train: \(folder.path("newer")) has table format 9, newer than this opnilog reads (1); "
                + "use the opnilog that wrote it, or a later one.\n")
    }

    @Test("drift is a share, and an exit code for who asks where the limit is")
    func drift() async throws {
        try await collect("a", "x\ny\n")
        try await collect("b", "x\nz\nz\nx\n")
        let (old, new) = (folder.path("a"), folder.path("b"))
        let told = try await run(["drift", old, new])
        #expect(told.code == 0)
        let line = "{\"share\":0.5,\"lines\":4,\"newLines\":2,\"newTemplates\":1,\"goneTemplates\":1,\"goneLines\":1}\n"
        #expect(told.output == line)
        #expect(try await run(["drift", old, new, "--above", "50%"]).code == 0)
        let above = try await run(["drift", old, new, "--above", "0.49"])
        #expect(above.code == 1 && above.output == line && above.errors.isEmpty)
        let one = try await run(["drift", old])
        #expect(one.code == 64)
        #expect(
            one.errors.hasPrefix("opnilog-train: drift takes an earlier and a later table, and 1 were given. write "))
    }

    @Test("a command of two words is asked for by both")
    func names() throws {
        #expect(try ArgumentScanner.scan(["help", "table", "top"]) == .help(.tableTop))
        #expect(throws: CommandError.self) { try ArgumentScanner.scan(["table"]) }
        do {
            _ = try ArgumentScanner.scan(["table", "merg"])
        } catch {
            #expect("\(error)".hasPrefix("there is no command table merg; did you mean table merge?"))
        }
        // A letter is one command's, and no other's.
        #expect(throws: CommandError.self) { try ArgumentScanner.scan(["table", "top", "x", "-o", "y"]) }
        guard case .run(.tableTop, let given) = try ArgumentScanner.scan(["table", "top", "x", "-n", "3"]) else {
            Issue.record("not a run")
            return
        }
        #expect(given.map(\.text) == ["x", "3"])
    }
}
