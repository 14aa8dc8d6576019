import FoundationEssentials
import Glibc
import LogDataset
import OpenSearchScrollTesting
import OpniLogTraining
import Testing

@testable import opnilog_train

@Suite(
    "train, score and demo",
    .enabled(if: Prerequisites.runsTorch, "no bridge to libtorch: make libtorch, or set OPNILOG_TORCH"),
    .timeLimit(.minutes(30)))
struct TrainCommandTests {
    private let folder = TestFolder()

    private func run(_ arguments: [String], input: String = "") async throws -> ProgramRun {
        try await ProgramRun.of(arguments, environment: Prerequisites.environment, input: Array(input.utf8))
    }

    private func train(_ options: [String]) async throws -> ProgramRun {
        try await run(
            ["train", "--output", folder.path("out"), "--samples", "40", "--epochs", "1", "--steps", "4"] + options)
    }

    private func logs() throws {
        var text = ""
        for number in 0..<200 { text += "node \(number) is ready\npod \(number) was started by kubelet\n" }
        try folder.write("in.log", text)
    }

    private func manifest() throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(folder.text("out/manifest.json").utf8))
    }

    @Test("from logs to a model that scores, every file for its owner only")
    func whole() async throws {
        try logs()
        let trained = try await train(["--input", folder.path("in.log"), "--progress", "none"])
        #expect(trained.code == 0, "\(trained.errors)")
        #expect(trained.output.isEmpty)
        #expect(trained.errors.contains("400 lines, 2 templates, "))
        for file in OutputFolder.File.allCases {
            #expect(folder.mode("out/" + file.rawValue) == 0o600, "\(file.rawValue)")
        }
        let manifest = try manifest()
        #expect(manifest.program.command == "train")
        #expect(manifest.read?.lines == 400)
        #expect(manifest.dataset?.samples == 40)
        #expect(manifest.dataset?.tableDigest == manifest.table?.tableDigest)
        #expect(manifest.training?.steps == 4)
        let metrics = folder.text("out/metrics.jsonl").split(separator: "\n")
        #expect(metrics.count >= 5)
        #expect(metrics.allSatisfy { $0.contains("\"phase\":") })
        let steps = metrics.filter { !$0.contains("\"phase\":\"reading\"") }
        #expect(steps.count < metrics.count)
        #expect(steps.allSatisfy { $0.contains("\"loss\":") && $0.contains("\"waitedSeconds\":") })

        let scored = try await run(
            ["score", "--model", folder.path("out"), "--input", "-"], input: "node 7 is ready\nnode 7 is ready\nodd\n")
        #expect(scored.code == 0, "\(scored.errors)")
        let lines = scored.output.split(separator: "\n")
        try #require(lines.count == 3)
        #expect(lines[0] == lines[1])
        #expect(lines[0].hasPrefix(#"{"log":"node 7 is ready","masked":"node <num> is ready","score":"#))
    }

    @Test("a model that is there is not replaced unless asked; its own folder's table may be trained on")
    func table() async throws {
        try logs()
        let collected = try await run(["collect", "--input", folder.path("in.log"), "--output", folder.path("out")])
        #expect(collected.code == 0)
        let table = ["--table", folder.path("out/templates.table")]
        #expect(try await train(table).code == 0)
        let digest = try manifest().training?.tensorDigest
        let refused = try await train(table)
        #expect(refused.code == 64)
        #expect(refused.errors.contains("holds nulog_model_latest.pt already. give another --output, or --overwrite"))
        for name in ["out/templates.table", "out"] {
            #expect(try await train(["--table", folder.path(name), "--overwrite"]).code == 0, "\(name)")
            #expect(try manifest().training?.tensorDigest == digest, "\(name)")
        }
        #expect(try manifest().read == nil)
    }

    @Test("a signal between two steps: exit 75, no model")
    func interrupted() async throws {
        try logs()
        let errors = try LinePipe(folder.path("errors"))
        let child = try ChildProcess(
            [
                "train", "--input", folder.path("in.log"), "--output", folder.path("out"), "--samples", "20000",
                "--steps",
                "20000", "--progress", "json",
            ], environment: Prerequisites.environment, input: "/dev/null", output: folder.path("o"), errors: errors.path
        )
        while case let line = await errors.nextLine(), !line.contains(#""stage":"training""#) {}
        child.signal(SIGINT)
        #expect(await child.wait() == 75)
        #expect(!folder.exists("out/nulog_model_latest.pt"))
        #expect(!folder.exists("out/manifest.json"))
    }

    @Test("a training that was interrupted reads nothing again; one that is finished does nothing again")
    func resumed() async throws {
        try logs()
        let errors = try LinePipe(folder.path("errors"))
        let input = ["--input", folder.path("in.log")]
        let child = try ChildProcess(
            ["train", "--output", folder.path("out"), "--steps", "20000", "--samples", "20000", "--progress", "json"]
                + input, environment: Prerequisites.environment, input: "/dev/null", output: folder.path("o"),
            errors: errors.path)
        while case let line = await errors.nextLine(), !line.contains(#""stage":"training""#) {}
        child.signal(SIGKILL)
        #expect(await child.wait() == 128 + SIGKILL)
        #expect(try await train(input).errors.contains("holds an unfinished run. --resume goes on"))
        let run = try await train(input + ["--resume", "--progress", "none"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.hasPrefix("opnilog-train: goes on: everything is read already\n"))
        #expect(try manifest().read?.lines == 400)
        #expect(!folder.exists("out/buckets"))
        let model = folder.text("out/nulog_model_latest.pt")
        let again = try await train(input + ["--resume"])
        #expect(again.code == 0)
        #expect(
            again.errors
                == "opnilog-train: \(folder.path("out")) holds the finished run already; nothing is to be done\n")
        #expect(folder.text("out/nulog_model_latest.pt") == model)
        let other = try await train(input + ["--resume", "--seed", "1"])
        #expect(other.code == 64)
        #expect(other.errors.contains("holds a finished run with another seed: 0 there, 1 now"))
    }

    @Test("demo says where the output is, and scores lines")
    func demo() async throws {
        let demo = try await run(
            [
                "demo", "--output", folder.path("out"), "--documents", "500", "--samples", "40", "--epochs", "1",
                "--steps", "4",
            ])
        #expect(demo.code == 0, "\(demo.errors)")
        let lines = demo.output.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix("{\"log\":") && $0.contains("\"anomaly\":") })
        #expect(lines.last == "output: \(folder.path("out"))")
        #expect(folder.exists("out/nulog_model_latest.pt"))
    }

    @Test("scores of an index: a line a document, duplicates kept, no context left open")
    func scoreIndex() async throws {
        try logs()
        #expect(try await train(["--input", folder.path("in.log")]).code == 0)
        let sources = (0..<5).map { #"{"log": "node \#($0) is ready", "time": \#(1_600_000_000_000 + $0)}"# }
        let server = try OpenSearchServer(
            configuration: .init(indices: ["logs": StoredContents(sources: sources + [#"{"log": "untimed"}"#])]))
        let scored = try await run(
            ["score", "--model", folder.path("out"), "--endpoint", server.url, "--page-size", "2", "--threshold", "1"])
        #expect(scored.code == 0, "\(scored.errors)")
        let lines = scored.output.split(separator: "\n")
        try #require(lines.count == 6)
        #expect(lines[0].hasPrefix(#"{"log":"node 0 is ready","masked":"node <num> is ready","score":"#))
        #expect(lines[5].hasPrefix(#"{"log":"untimed","#))
        #expect(server.openContexts == 0)
    }

    @Test("a model that is none, and a damaged one")
    func noModel() async throws {
        let missing = try await run(["score", "--model", folder.path("none"), "--input", "-"])
        #expect(missing.code == 65)
        try folder.write("vocab.txt", "not a vocabulary\n")
        try folder.write("nulog_model_latest.pt", "not a model\n")
        let damaged = try await run(["score", "--model", folder.root, "--input", "-"])
        #expect(damaged.code == 65)
        #expect(damaged.errors.hasPrefix("opnilog-train: ") && damaged.errors.split(separator: "\n").count == 1)
    }

    @Test("scrolls that a killed training left open are freed by the run that goes on with it")
    func killedWhileReading() async throws {
        let contents = GeneratedContents(documents: 2_000, interval: .seconds(2))
        let (stalls, continuation) = AsyncStream.makeStream(of: Int.self)
        var configuration = OpenSearchServer.Configuration(indices: ["logs": contents])
        configuration.fault = { request in
            guard request.kind == .continueScroll, request.ordinal == 3 else { return nil }
            continuation.finish()
            return .stall
        }
        let server = try OpenSearchServer(configuration: configuration)
        defer { server.stop() }
        let reading = ["--endpoint", server.url, "--page-size", "100", "--workers", "1", "--progress", "none"]
        let child = try ChildProcess(
            ["train", "--output", folder.path("out"), "--samples", "40", "--epochs", "1", "--steps", "4"] + reading,
            environment: Prerequisites.environment, input: "/dev/null", output: folder.path("o"),
            errors: folder.path("e"))
        for await _ in stalls {}
        child.signal(SIGKILL)
        _ = await child.wait()
        #expect(server.openContexts == 1)
        let resumed = try await train(reading + ["--resume"])
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(server.openContexts == 0)
        #expect(!folder.exists("out/scrolls.open"))
    }

    @Test("the original's model: its scores", .enabled(if: Prerequisites.runsShared, "there is no ../shared"))
    func original() async throws {
        let model = try #require(Prerequisites.shared) + "/vectors/model-hdfs-zookeeper"
        let run = try await run(["score", "--model", model, "--input", "-", "--explain"], input: "hello\n\n")
        #expect(run.code == 0, "\(run.errors)")
        let lines = run.output.split(separator: "\n")
        try #require(lines.count == 2)
        #expect(lines[0].hasPrefix(#"{"log":"hello","masked":"hello","score":"#))
        #expect(lines[0].contains(#","tokens":[{"word":"#))
    }

    @Test("doctor: all that training needs works here")
    func doctor() async throws {
        let run = try await run(["doctor", "--output", folder.path("out")])
        #expect(run.code == 0, "\(run.output)")
        let lines = run.output.split(separator: "\n")
        let subjects = lines.map { $0.dropFirst(7).prefix { $0 != " " } }.filter { $0 != "gpu" }
        #expect(subjects == ["machine", "libtorch", "cuda", "device", "server", "disk"])
        // Of a GPU and the libraries for it there need be none.
        let missing = lines.filter { !$0.hasPrefix("ok ") }.map { $0.dropFirst(7).prefix { $0 != " " } }
        #expect(missing.filter { $0 != "gpu" && $0 != "cuda" } == ["server"])
    }
}

@Suite("Without libtorch", .timeLimit(.minutes(30)))
struct NoTorchTests {
    private let folder = TestFolder()
    private let environment = ["OPNILOG_TORCH": "/nowhere/libopnilog_torch.so"]

    @Test(
        "train, score and demo say so before they read anything",
        arguments: [
            ["train", "--input", "/etc/hostname", "--output", "OUT"], ["demo", "--output", "OUT"],
            ["score", "--model", "OUT", "--input", "-"],
        ])
    func unavailable(arguments: [String]) async throws {
        let run = try await ProgramRun.of(
            arguments.map { $0 == "OUT" ? folder.path("out") : $0 }, environment: environment)
        #expect(run.code == 69)
        #expect(run.errors.contains("make libtorch"))
        #expect(!folder.exists("out/templates.table"))
    }

    @Test("a training that cannot begin leaves the folder of a finished collect as it was")
    func notBegun() async throws {
        try folder.write("in.log", "node 1 up\nnode 2 up\n")
        let collect = [
            "collect", "--input", folder.path("in.log"), "--output", folder.path("out"), "--progress", "none",
        ]
        #expect(try await ProgramRun.of(collect).code == 0)
        let (manifest, metrics) = (folder.text("out/manifest.json"), folder.text("out/metrics.jsonl"))
        #expect(metrics.contains(#""phase":"reading""#))
        for (table, code) in [("out/templates.table", 69), ("in.log", 65)] as [(String, Int32)] {
            let run = try await ProgramRun.of(
                ["train", "--table", folder.path(table), "--output", folder.path("out")], environment: environment)
            #expect(run.code == code, "\(run.errors)")
            #expect(folder.text("out/manifest.json") == manifest && folder.text("out/metrics.jsonl") == metrics)
            #expect(!folder.exists("out/.begun"))
        }
        #expect(try await ProgramRun.of(collect + ["--resume"]).errors.contains("holds the finished run already"))
    }

    @Test("doctor lists what does not work, and fails")
    func doctor() async throws {
        let run = try await ProgramRun.of(
            ["doctor", "--endpoint", "http://127.0.0.1:1", "--output", "/proc/none"], environment: environment)
        #expect(run.code == 69)
        let failing = run.output.split(separator: "\n").filter { $0.hasPrefix("FAILS") }
        let names: [String] = failing.map { String($0.dropFirst(7).prefix { $0 != " " }) }
        #expect(names == ["libtorch", "server", "disk"])
    }
}
