import FoundationEssentials
import Glibc
import LogDataset
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

@Suite("--resume", .timeLimit(.minutes(30)))
struct ResumeCommandTests {
    private let folder = TestFolder()
    private let hour: Int64 = 3_600_000

    /// Eight hours of 500 logs each.
    private func server(_ change: (inout OpenSearchServer.Configuration) -> Void = { _ in }) throws -> OpenSearchServer
    {
        let contents = GeneratedContents(
            documents: 4000, start: 444_444 * hour, interval: .milliseconds(7200))
        var configuration = OpenSearchServer.Configuration(indices: ["logs": contents])
        change(&configuration)
        return try OpenSearchServer(configuration: configuration)
    }

    private func collect(
        _ source: [String], _ options: [String] = [], output: String = "out", environment: [String: String] = [:]
    ) async throws -> ProgramRun {
        try await ProgramRun.of(
            ["collect", "--output", folder.path(output), "--workers", "2", "--progress", "none"] + source + options,
            environment: environment)
    }

    private func manifest(_ output: String = "out") throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(folder.text(output + "/manifest.json").utf8))
    }

    /// A collection of one window at a time that is interrupted at its fifth.
    private func interrupted(_ server: OpenSearchServer, _ asked: AsyncStream<Void>) async throws {
        let child = try ChildProcess(
            [
                "collect", "--endpoint", server.url, "--output", folder.path("out"), "--parallel", "1", "--progress",
                "none",
            ], environment: [:], input: "/dev/null", output: folder.path("o"), errors: folder.path("e"))
        for await _ in asked {}
        child.signal(SIGTERM)
        #expect(await child.wait() == 75)
        #expect(folder.text("e") == "opnilog-train: interrupted. run again with --resume.\n")
    }

    /// A server that says when the fifth window is opened, and never answers that.
    private func pausing() throws -> (OpenSearchServer, AsyncStream<Void>) {
        let (asked, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try server { configuration in
            configuration.fault = { request in
                guard request.kind == .openScroll, request.ordinal == 4 else { return nil }
                continuation.finish()
                return .stall
            }
        }
        return (server, asked)
    }

    @Test("an interrupted reading goes on: the same table, no window read twice, everything cleared away")
    func goesOn() async throws {
        let (server, asked) = try pausing()
        try await interrupted(server, asked)
        #expect(folder.exists("out/buckets/checkpoint.json") && folder.mode("out/buckets") == 0o700)
        for name in TestFiles.names(folder.path("out/buckets")) {
            #expect(folder.mode("out/buckets/" + name) == 0o600, "\(name)")
        }
        let opened = server.count(of: .openScroll)
        let run = try await collect(["--endpoint", server.url], ["--resume"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.hasPrefix("opnilog-train: goes on: 4 windows, 2,000 documents, are read already\n"))
        #expect(server.count(of: .openScroll) - opened == 4)
        #expect(try manifest().read?.windows.count == 8)
        #expect(try manifest().read?.lines == 4000)
        #expect(
            TestFiles.names(folder.path("out")) == [
                ".lock", "hours", "manifest.json", "memory.csv", "metrics.jsonl", "templates.table",
            ])
        let whole = try await collect(["--endpoint", server.url], output: "whole")
        #expect(whole.code == 0)
        #expect(folder.text("out/templates.table") == folder.text("whole/templates.table"))
        #expect(try manifest().table?.splitDigest == manifest("whole").table?.splitDigest)
    }

    @Test("an unfinished run is neither gone on with nor replaced unasked")
    func asksWhich() async throws {
        let (server, asked) = try pausing()
        try await interrupted(server, asked)
        let refused = try await collect(["--endpoint", server.url])
        #expect(refused.code == 64)
        #expect(
            refused.errors
                == "opnilog-train: \(folder.path("out")) holds an unfinished run. "
                + "--resume goes on, --overwrite starts anew.\n")
        let demo = try await ProgramRun.of(["demo", "--output", folder.path("out")])
        #expect(demo.code == 64)
        #expect(demo.errors.contains("holds an unfinished run. give another --output, or --overwrite to start anew."))
        let opened = server.count(of: .openScroll)
        let anew = try await collect(["--endpoint", server.url], ["--overwrite"])
        #expect(anew.code == 0, "\(anew.errors)")
        #expect(server.count(of: .openScroll) - opened == 8)
        #expect(!folder.exists("out/buckets"))
        let both = try await collect(["--endpoint", server.url], ["--overwrite", "--resume"])
        #expect(both.code == 64)
        #expect(both.errors.contains("the one goes on with the run that is there, the other starts anew"))
    }

    @Test("other settings are named and refused, whatever they are; a query by its file's content")
    func otherSettings() async throws {
        let (server, asked) = try pausing()
        try await interrupted(server, asked)
        func refusal(_ options: [String]) async throws -> String {
            let run = try await collect(["--endpoint", server.url, "--resume"], options)
            #expect(run.code == 64)
            return run.errors
        }
        let head = "opnilog-train: the unfinished run in \(folder.path("out")) has another"
        #expect(
            try await refusal(["--index", "log*"]).hasPrefix("\(head) index: \"logs\" there, \"log*\" now; go on with"))
        #expect(try await refusal(["--field", "message"]).hasPrefix("\(head) field: \"log\" there, \"message\" now"))
        #expect(try await refusal(["--time-field", "at"]).hasPrefix("\(head) source: ") == false)
        #expect(try await refusal(["--since", "-7d"]).hasPrefix("\(head) since: none there, \"-7d\" now"))
        #expect(try await refusal(["--lag", "5m"]).hasPrefix("\(head) lag: \"60s\" there, \"5m\" now"))
        try folder.write("q.json", #"{"query": {"match_all": {}}}"#)
        #expect(
            try await refusal(["--query", folder.path("q.json")])
                .hasPrefix("\(head) query: none there, \"{\"query\": {\"match_all\": {}}}\" now"))
        // What does not shape the result may change.
        let run = try await collect(
            ["--endpoint", server.url, "--resume"], ["--memory", "64MiB", "--page-size", "300"])
        #expect(run.code == 0, "\(run.errors)")
    }

    @Test("from the environment and the file too; without an unfinished run it starts one")
    func starts() async throws {
        try folder.write("in.log", "a 1\nb\n")
        let first = try await collect(["--input", folder.path("in.log")], environment: ["OPNILOG_RESUME": "true"])
        #expect(first.code == 0, "\(first.errors)")
        #expect(first.errors.hasPrefix("opnilog-train: 2 lines, 2 templates"))
        try folder.write("c.yaml", "resume: true\n")
        let second = try await collect(["--input", folder.path("in.log")], ["--config", folder.path("c.yaml")])
        #expect(second.code == 0)
        #expect(
            second.errors
                == "opnilog-train: \(folder.path("out")) holds the finished run already; nothing is to be done\n")
    }

    @Test("a finished run is left as it is, and refused to other settings")
    func finished() async throws {
        try folder.write("in.log", "a 1\nb\n")
        #expect(try await collect(["--input", folder.path("in.log")]).code == 0)
        let names = TestFiles.names(folder.path("out"))
        let texts = names.filter { $0 != ".lock" }.map { folder.text("out/" + $0) }
        #expect(try await collect(["--input", folder.path("in.log")], ["--resume", "--workers", "1"]).code == 0)
        #expect(TestFiles.names(folder.path("out")) == names)
        #expect(names.filter { $0 != ".lock" }.map { folder.text("out/" + $0) } == texts)
        let other = try await collect(["--input", folder.path("in.log")], ["--resume", "--input-format", "text"])
        #expect(other.code == 64)
        #expect(
            other.errors
                == "opnilog-train: \(folder.path("out")) holds a finished run with another input-format: auto there, "
                + "text now. give another --output, or --overwrite to start anew.\n")
        unlink(folder.path("out/manifest.json"))
        let foreign = try await collect(["--input", folder.path("in.log")], ["--resume"])
        #expect(foreign.code == 64)
        #expect(foreign.errors.contains("holds templates.table already"))
    }

    @Test("a finished run whose table is damaged is not taken for one; what was read for it makes it again")
    func damagedTable() async throws {
        let server = try server()
        let source = ["--endpoint", server.url]
        #expect(try await collect(source).code == 0)
        let whole = folder.bytes("out/templates.table")
        var damaged = whole
        damaged[100] ^= 1
        try folder.write("out/templates.table", damaged)
        let refused = try await collect(source, ["--resume"])
        #expect(refused.code == 65)
        #expect(
            refused.errors.hasPrefix(
                "opnilog-train: the finished run's table is no longer whole: \(folder.path("out/templates.table")) is "
                    + "damaged at byte 16: a checksum is wrong;"), "\(refused.errors)")
        let reuse = "--overwrite --reuse \(folder.path("out"))"
        #expect(refused.errors.hasSuffix("make it again with \(reuse), which takes over what was read for it.\n"))
        let opened = server.count(of: .openScroll)
        let again = try await collect(source, ["--overwrite", "--reuse", folder.path("out")])
        #expect(again.code == 0 && server.count(of: .openScroll) == opened, "\(again.errors)")
        #expect(folder.bytes("out/templates.table") == whole)
        // Killed before the hours were put away: the run goes on by itself.
        try folder.write("out/templates.table", damaged)
        try #require(rename(folder.path("out/hours"), folder.path("out/buckets")) == 0)
        let resumed = try await collect(source, ["--resume"])
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(resumed.errors.hasPrefix("opnilog-train: the table is damaged; it is made again\n"))
        #expect(folder.bytes("out/templates.table") == whole)
    }

    @Test("a finished run is not that of files that have changed since; where they lie does not matter")
    func finishedWithOtherContents() async throws {
        let server = try server()
        let contents = [
            ("query", #"{"match_all": {}}"#, #"{"exists": {"field": "log"}}"#),
            ("exclude-query", #"{"term": {"log": "nothing"}}"#, #"{"term": {"log": "none"}}"#),
            ("drop-keywords", "nothing like it\n", "nothing like that\n"),
            (
                "masks", "masks:\n  - {name: pod, pattern: pod, token: <POD>}\n",
                "masks:\n  - {name: pod, pattern: pods, token: <POD>}\n"
            ),
        ]
        let names = contents.map(\.0)
        for (name, before, _) in contents {
            try folder.write(name, before)
            try folder.write("copy of \(name)", before)
        }
        func run(_ prefix: String = "", _ options: [String] = []) async throws -> ProgramRun {
            try await collect(
                ["--endpoint", server.url], names.flatMap { ["--\($0)", folder.path(prefix + $0)] } + options)
        }
        #expect(try await run().code == 0)
        for prefix in ["", "copy of "] {
            let again = try await run(prefix, ["--resume"])
            #expect(again.code == 0)
            #expect(again.errors.hasSuffix("holds the finished run already; nothing is to be done\n"))
        }
        for (name, before, after) in contents {
            try folder.write(name, after)
            let other = try await run("", ["--resume"])
            #expect(other.code == 64)
            #expect(
                other.errors == "opnilog-train: \(folder.path("out")) holds a finished run with another \(name): "
                    + "\(folder.path(name)) has changed since. give another --output, or --overwrite to start anew.\n")
            try folder.write(name, before)
        }
        let without = try await collect(["--endpoint", server.url], ["--resume"])
        #expect(without.code == 64 && without.errors.contains("another query: \(folder.path("query")) there, none now"))
    }

    @Test("a run whose table was written and that ended before its manifest reads nothing again")
    func manifestLost() async throws {
        try folder.write("in.log", "a 1\nb\n")
        var configuration = DatasetConfiguration(directory: folder.path("out"))
        let settings = try settings(["--input", folder.path("in.log")])
        configuration.checkpoint = CollectionCheckpoint(
            startedAt: 1_600_000_000_000, settings: RunFingerprint.of(settings))
        mkdir(folder.path("out"), 0o700)
        let source = FileSources.of(settings)
        let table = try await TableCollector(source: source, configuration: configuration).collect().table
        let run = try await collect(["--input", folder.path("in.log")], ["--resume"])
        #expect(run.code == 0)
        #expect(run.errors.hasPrefix("opnilog-train: goes on: everything is read already\n"))
        #expect(try manifest().table?.tableDigest == table.metadata.tableDigest)
        #expect(try manifest().startedAt == "2020-09-13T12:26:40.000Z")
        #expect(!folder.exists("out/buckets"))
    }

    @Test("relative times count from the first run's start, for what is asked and for what is checked")
    func times() async throws {
        let server = try server()
        // The run began a day before 2020-01-02 and asks for what came before then.
        let range = ["--endpoint", server.url, "--since", "-24h", "--until", "2020-01-02T00:00:00Z"]
        let first = try await collect(range)
        #expect(first.code == 64)
        #expect(first.errors.contains("does not lie before --until 2020-01-02"))
        let asked = try settings(range, checks: false)
        var configuration = DatasetConfiguration(directory: folder.path("out"))
        configuration.checkpoint = CollectionCheckpoint(
            startedAt: 1_577_923_200_000 - 60_000, settings: RunFingerprint.of(asked))
        mkdir(folder.path("out"), 0o700)
        struct Interrupted: LogSource {
            let name: String
            func windows() async throws -> [LogWindow] { ["a", "b"].map { LogWindow(name: $0) } }
            func read(_ window: LogWindow, into sink: LogSink) async throws {
                if window.name == "b" { throw CancellationError() }
                try await sink.add(MessagePage(["kept"]))
                // As the source of an index reports its windows.
                let report =
                    #"{"window":{"times":[0,3600000],"expectedDocuments":1},"total":1,"delivered":1,"#
                    + #""digest":"00000000000000000000000000000001","indices":{"logs":1},"scrolls":1,"retries":0,"deliveredEarlier":0}"#
                sink.attach(details: Array(report.utf8))
            }
        }
        configuration.parallelWindows = 1
        let interrupted = Interrupted(name: try Sources.of(asked, Console(style: .none)).name)
        _ = try? await TableCollector(source: interrupted, configuration: configuration).collect()
        let run = try await collect(range, ["--resume"])
        // Nothing of the server's is that old: the kept window is all there is.
        #expect(run.code == 0, "\(run.errors)")
        #expect(try manifest().read?.lines == 1)
        #expect(try manifest().startedAt == "2020-01-01T23:59:00.000Z")
    }

    @Test("files: what was read is kept when another is damaged, and said")
    func files() async throws {
        try folder.write("a.log", "a 1\n")
        try folder.write("b.gz", [0x1F, 0x8B, 1, 2, 3])
        let input = ["--input", folder.path("a.log"), folder.path("b.gz")]
        let first = try await collect(input, ["--workers", "1"])
        #expect(first.code == 65)
        #expect(first.errors.hasPrefix("opnilog-train: what was read is kept: run again with --resume\n"))
        try folder.write("b.gz", "b\nc\n")
        let second = try await collect(input, ["--resume"])
        #expect(second.code == 0, "\(second.errors)")
        #expect(second.errors.contains("goes on: 1 window, 1 documents, are read already"))
        #expect(try manifest().read?.lines == 3)
    }

    @Test("--overwrite removes nothing of an unfinished run before the new one is known to begin")
    func overwriteThatFails() async throws {
        let input = try await partlyRead()
        try folder.write("m.yaml", "masks: 3\n")
        for (source, code) in [
            (["--input", folder.path("none")], 65), (["--endpoint", "http://127.0.0.1:1"], 69),
            (input + ["--masks", folder.path("m.yaml")], 64),
        ] {
            let run = try await collect(source, ["--overwrite"])
            #expect(run.code == code, "\(run.errors)")
            #expect(folder.exists("out/buckets/checkpoint.json"), "\(source)")
        }
        #expect(folder.text("out/metrics.jsonl").contains(#""documents":1"#))
        let run = try await collect(input, ["--resume"])
        #expect(run.errors.contains("goes on: 1 window, 1 documents, are read already"))
    }

    @Test("a run that fails to go on leaves what there is to go on with")
    func resumeThatFails() async throws {
        try folder.write("b.gz", [0x1F, 0x8B, 1, 2, 3])
        try folder.write("a.log", "")
        let input = ["--input", folder.path("b.gz"), folder.path("a.log")]
        let first = try await collect(input, ["--keep-going"])
        let again = try await collect(input, ["--resume"])
        #expect(again.code == 65)
        let last = try await collect(input, ["--resume", "--keep-going"])
        #expect(last.code == first.code, "\(last.errors)")
    }

    /// A run of two files of which the second is damaged.
    private func partlyRead() async throws -> [String] {
        try folder.write("a.log", "a 1\n")
        try folder.write("b.gz", [0x1F, 0x8B, 1, 2, 3])
        let input = ["--input", folder.path("a.log"), folder.path("b.gz")]
        #expect(try await collect(input, ["--workers", "1"]).code == 65)
        try folder.write("b.gz", "b\nc\n")
        return input
    }

    @Test("holes: listed on standard error, exit 2; the manifest holds them and what sources say of their windows")
    func holes() throws {
        let report = try JSONDecoder().decode(
            CollectionReport.self,
            from: Data(
                """
                {"source":"s","total":{"lines":1,"bytes":2,"documentsWithoutField":0,"badLines":0,
                "dropped":{"keywords":0,"tooShort":0,"fields":0},
                "masking":{"cutMessages":0,"cutBytes":0,"givenUp":0}},"holes":[
                {"what":"index x","documents":1200},{"what":"cluster y"}],"exclusions":[],"windows":[{"name":"w",
                "isReused":false,"tally":{"lines":1,"bytes":2,"documentsWithoutField":0,"badLines":0,
                "dropped":{"keywords":0,"tooShort":0,"fields":0},
                "masking":{"cutMessages":0,"cutBytes":0,"givenUp":0}},"details":\(Array(#"{"a":[1,2.5,null,"t",true]}"#.utf8))},
                {"name":"v","isReused":false,"tally":{"lines":1,"bytes":2,"documentsWithoutField":0,"badLines":0,
                "dropped":{"keywords":0,"tooShort":0,"fields":0},
                "masking":{"cutMessages":0,"cutBytes":0,"givenUp":0}},"details":[111,107]}]}
                """.utf8))
        let output = try OutputFolder(folder.path("out"), refusing: [], overwrite: false)
        var manifest = try Manifest(try settings(["--input", "x"]))
        manifest.note(report, monitor: CollectionMonitor().snapshot)
        try manifest.finish(in: output)
        #expect(manifest.outcome == "partial")
        let text = folder.text("out/manifest.json").filter { !$0.isWhitespace }
        #expect(text.contains(#""details":{"a":[1,2.5,null,"t",true]}"#))
        #expect(text.contains(#""details":"ok""#))
        #expect(text.contains(#""holes":[{"documents":1200,"what":"indexx"},{"what":"clustery"}]"#))
        #expect(try RunEnd.of(report, output, try settings(["--input", "x"]), Console(style: .none)) == .partial)
        let read = try #require(Manifest.read(output.path(of: .manifest)))
        #expect(
            read.read?.windows.first?.details
                == .object(["a": .array([.integer(1), .number(2.5), .null, .text("t"), .bool(true)])]))
        #expect(Failures.commandError(DatasetError(.incomplete, "x")).code == .unavailable)
    }

    private func settings(_ flags: [String], checks: Bool = true) throws -> Settings {
        guard case .run(let command, let given) = try ArgumentScanner.scan(["collect", "--output", "out"] + flags)
        else {
            throw CommandError(.fault, "not a run")
        }
        return checks
            ? try SettingsLoader.load(command, flags: given, environment: [:])
            : try Settings(of: command, from: [given])
    }
}
