import FoundationEssentials
import Glibc
import Testing

@testable import opnilog_train

@Suite("collect", .timeLimit(.minutes(30)))
struct CollectCommandTests {
    private let folder = TestFolder()

    private func collect(_ options: [String] = [], _ environment: [String: String] = [:]) async throws -> ProgramRun {
        try await ProgramRun.of(
            ["collect", "--input", folder.path("in.log"), "--output", folder.path("out"), "--workers", "2"] + options,
            environment: environment)
    }

    @Test("leaves a table, a manifest and its memory over time, for their owner only")
    func leaves() async throws {
        try folder.write("in.log", "node 1 ready\nnode 2 ready\nother\n")
        let run = try await collect(["--progress", "none"], ["OPNILOG_PASSWORD": "hush"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("opnilog-train: 3 lines, 2 templates in \(folder.path("out/templates.table"))"))
        for name in ["templates.table", "manifest.json", "memory.csv", "metrics.jsonl"] {
            #expect(folder.mode("out/" + name) == 0o600, "\(name)")
        }
        #expect(folder.mode("out") == 0o700)
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(folder.text("out/manifest.json").utf8))
        #expect(manifest.program.command == "collect")
        #expect(manifest.outcome == "complete")
        #expect(manifest.read?.lines == 3)
        #expect(manifest.read?.windows.count == 1)
        #expect(manifest.read?.holes == [])
        #expect(manifest.table?.templates == 2)
        #expect(manifest.settings["workers"] == "2")
        #expect(manifest.settings["index"] == nil)
        #expect(!folder.text("out/manifest.json").contains("hush"))
        let metrics = folder.text("out/metrics.jsonl")
        #expect(metrics.contains(#""documents":3,"#) && metrics.contains(#""phase":"reading""#))
        for stall in ["maskingForReading", "readingForMasking"] { #expect(metrics.contains("\"\(stall)\":")) }
        #expect(folder.text("out/memory.csv").hasPrefix("seconds,stage,resident_bytes\n"))
    }

    @Test("the same logs give the same table digest, from text as from NDJSON")
    func digest() async throws {
        try folder.write("in.log", "a 1\nb\na 2\n")
        #expect(try await collect().code == 0)
        let first = try manifest().table?.tableDigest
        try folder.write("in.log", "{\"log\":\"b\"}\n{\"log\":\"a 7\"}\n{\"log\":\"a 8\"}\n")
        #expect(try await collect(["--overwrite"]).code == 0)
        #expect(try manifest().table?.tableDigest == first)
    }

    @Test("a table that is there already is not touched")
    func refuses() async throws {
        try folder.write("in.log", "a\n")
        #expect(try await collect().code == 0)
        let table = folder.text("out/templates.table")
        try folder.write("in.log", "b\n")
        let run = try await collect()
        #expect(run.code == 64)
        #expect(
            run.errors
                == "opnilog-train: \(folder.path("out")) holds templates.table already. "
                + "give another --output, or --overwrite to replace it.\n")
        #expect(folder.text("out/templates.table") == table)
    }

    @Test("no table is written beside a model, whatever is asked for", arguments: ["", "--overwrite", "--resume"])
    func sparesModel(option: String) async throws {
        try folder.write("in.log", "a\n")
        #expect(try await collect().code == 0)
        try folder.write("out/nulog_model_latest.pt", "model")
        let names = TestFiles.names(folder.path("out"))
        let table = folder.bytes("out/templates.table")
        try folder.write("in.log", "b\n")
        let run = try await collect(option.isEmpty ? [] : [option])
        #expect(run.code == 64)
        #expect(
            run.errors
                == "opnilog-train: \(folder.path("out")) holds a model, which would not be of the new table. "
                + "give another --output.\n")
        #expect(folder.bytes("out/templates.table") == table && TestFiles.names(folder.path("out")) == names)
    }

    @Test("nothing to read, too much that is no JSON: exit 65, and no table")
    func unusable() async throws {
        try folder.write("in.log", "")
        #expect(try await collect().code == 65)
        try folder.write("in.log", "{\"log\":\"a\"}\nnone\n")
        let run = try await collect()
        #expect(run.code == 65)
        #expect(run.errors.contains("--max-bad-share"))
        #expect(!folder.exists("out/templates.table"))
        #expect(!folder.exists("out/manifest.json"))
    }

    @Test("a spent disk budget: exit 74 with what to do, and the run goes on with more")
    func disk() async throws {
        // Files of a few hundred KiB each in texts of their own, so that some buckets fit and all do not.
        for file in 0..<8 {
            let lines = (0..<2000).map { line in
                let word = String(file * 2000 + line).map {
                    String(UnicodeScalar(UInt8(103 + ($0.wholeNumberValue ?? 0))))
                }
                return "started container \(word.joined()) of the deployment that nobody else has ever heard of\n"
            }
            try folder.write("in\(file).log", lines.joined())
        }
        let options = ["--workers", "1", "--progress", "none", "--resume"]
        let inputs = ["--input"] + (0..<8).map { folder.path("in\($0).log") }
        func run(_ output: String, _ disk: [String]) async throws -> ProgramRun {
            try await ProgramRun.of(["collect", "--output", folder.path(output)] + inputs + options + disk)
        }
        let spent = try await run("out", ["--disk", "1MiB"])
        #expect(spent.code == 74, "\(spent.errors)")
        #expect(spent.errors.contains("the disk budget of 1 MiB is spent (") && spent.errors.contains("--disk"))
        let resumed = try await run("out", ["--disk", "64MiB"])
        #expect(resumed.code == 0 && resumed.errors.contains("goes on: "), "\(resumed.errors)")
        #expect(try await run("whole", []).code == 0)
        #expect(folder.text("out/templates.table") == folder.text("whole/templates.table"))
    }

    @Test("an output folder in use is named with its holder")
    func inUse() async throws {
        try folder.write("in.log", "a\n")
        let output = try OutputFolder(folder.path("out"), refusing: [], overwrite: false)
        let run = try await collect()
        #expect(run.code == 64)
        #expect(run.errors.contains("is in use by process \(getpid())."))
        withExtendedLifetime(output) {}
    }

    @Test("progress as JSON lines")
    func json() async throws {
        try folder.write("in.log", "a\n")
        let run = try await collect(["--progress", "json"])
        let lines = run.errors.split(separator: "\n")
        let note = try #require(lines.last)
        #expect(note.hasPrefix(#"{"event":"note","text":"1 lines, 1 templates"#))
        // A stage that takes five seconds has lines between its first and its last.
        let reading = lines.dropLast().filter {
            $0.hasPrefix(#"{"event":"progress","stage":"reading","unit":"documents","done":"#)
        }
        let merging = lines.dropLast().filter {
            $0.hasPrefix(#"{"event":"progress","stage":"merging","unit":"templates","done":"#)
        }
        #expect(Array(lines.dropLast()) == reading + merging, "\(run.errors)")
        for stage in [reading, merging] {
            #expect(stage.count >= 2)
            #expect(stage.first?.contains(#""done":0,"#) == true)
            #expect(stage.last?.contains(#""done":1,"#) == true)
        }
    }

    @Test("documents without the field are said, and warned of where they are many")
    func passedOver() async throws {
        var text = ""
        for number in 0..<20 { text += number < 19 ? "{\"message\": \"m \(number)\"}\n" : "{\"log\": \"one\"}\n" }
        try folder.write("in.log", text)
        let run = try await collect()
        #expect(run.code == 0)
        #expect(
            run.errors.contains(
                "opnilog-train: warning: passed over: 19 of 20 documents without a text in the field log, 0 lines that are "
                    + "no JSON\n"))
    }

    @Test("a signal ends a reading of standard input: exit 75, nothing left but the lock")
    func interrupted() async throws {
        let input = try LinePipe(folder.path("input"))
        let errors = try LinePipe(folder.path("errors"))
        let child = try ChildProcess(
            ["collect", "--input", "-", "--output", folder.path("out"), "--progress", "json"], environment: [:],
            input: input.path, output: folder.path("o"), errors: errors.path)
        #expect(await errors.nextLine().contains(#""stage":"reading""#))
        child.signal(SIGTERM)
        // Lines of progress come before it; the time limit ends a wait for one that never comes.
        let orderly = #"{"event":"error","code":75,"text":"interrupted. run again with --resume."}"#
        var line = ""
        repeat { line = await errors.nextLine() } while line != orderly && line != "opnilog-train: interrupted."
        #expect(line == orderly, "the run's patience with its clearing up has ended")
        #expect(await child.wait() == 75)
        #expect(!folder.exists("out/templates.table"))
    }

    private func manifest() throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(folder.text("out/manifest.json").utf8))
    }
}
