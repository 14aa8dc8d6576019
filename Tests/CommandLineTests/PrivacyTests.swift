import FoundationEssentials
import Glibc
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

/// What people's logs hold stays in the files that are meant for it, and those are for their owner only.
@Suite("privacy", .timeLimit(.minutes(30)))
struct PrivacyTests {
    private let folder = TestFolder()

    /// A word that stands in every log, and nowhere else.
    private let marker = "zqxmarkerzqx"

    /// Files that are meant to hold words of logs; all others must not.
    private let holders: Set<String> = ["templates.table", "vocab.txt", "nulog_model_latest.pt", "documents.ndjson"]

    private func run(_ arguments: [String], input: String = "") async throws -> ProgramRun {
        try await ProgramRun.of(
            arguments, environment: Prerequisites.environment.merging(["TMPDIR": folder.root]) { $1 },
            input: Array(input.utf8))
    }

    /// All files below a folder, by their path in it.
    private func files(_ path: String) -> [String] {
        TestFiles.names(folder.path(path)).flatMap { name -> [String] in
            let inner = path + "/" + name
            var status = stat()
            guard stat(folder.path(inner), &status) == 0 else { return [] }
            return status.st_mode & S_IFMT == S_IFDIR ? files(inner) : [inner]
        }
    }

    private func expectNoWord(_ run: ProgramRun, in output: String, _ what: String) {
        #expect(!run.errors.contains(marker), "\(what): \(run.errors)")
        for file in files(output) {
            let name = String(file.split(separator: "/").last ?? "")
            guard !holders.contains(name), !name.hasSuffix(".run") else { continue }
            #expect(!folder.text(file).contains(marker), "\(what): \(file)")
        }
    }

    private func expectPrivate(_ output: String, _ what: String) {
        #expect(!files(output).isEmpty, "\(what)")
        for file in files(output) { #expect(folder.mode(file) == 0o600, "\(what): \(file)") }
        #expect(folder.mode(output) == 0o700, "\(what)")
    }

    private func write() throws {
        let line = "user \(marker) logged in"
        try folder.write("text.log", String(repeating: line + "\n", count: 60) + "another \(marker) line\n")
        try folder.write("objects.log", String(repeating: "{\"log\":\"\(line)\",\"who\":\"\(marker)\"}\n", count: 60))
        try folder.write("broken.log", String(repeating: "{\"log\":\"\(line)\"\n", count: 60))
        try folder.write("half.log", String(repeating: line + "\n", count: 20_000))
        try #require(
            system("gzip -q \(folder.path("half.log")) && truncate -s -9 \(folder.path("half.log.gz"))") == 0)
        try folder.write("masks.yaml", "masks:\n  - name: own\n    pattern: '(x+x+)+y'\n    token: <own>\n")
    }

    @Test("no word of a log is in a message, a manifest or a record of a run over files, whatever goes wrong")
    func words() async throws {
        try write()
        let trials: [(code: Int32, options: [String])] = [
            (0, ["--input", folder.path("text.log")]),
            (0, ["--input", folder.path("text.log"), "--masks", folder.path("masks.yaml"), "--minimum-tokens", "3"]),
            (0, ["--input", folder.path("text.log"), "--longest-line", "1KiB", "--progress", "json"]),
            (65, ["--input", folder.path("objects.log"), "--field", "message"]),
            (65, ["--input", folder.path("broken.log")]),
            (0, ["--input", folder.path("broken.log"), folder.path("text.log"), "--max-bad-share", "1"]),
            (65, ["--input", folder.path("half.log.gz")]),
            (2, ["--input", folder.path("half.log.gz"), folder.path("text.log"), "--keep-going"]),
            (65, ["--input", folder.path("text.log"), "--minimum-tokens", "60"]),
        ]
        for (number, trial) in trials.enumerated() {
            let output = "out\(number)"
            let run = try await run(["collect", "--output", folder.path(output)] + trial.options)
            #expect(run.code == trial.code, "\(trial.options): \(run.errors)")
            expectNoWord(run, in: output, "\(trial.options)")
            expectPrivate(output, "\(trial.options)")
        }
        let table = folder.path("out0/templates.table")
        let sample = try await run(["sample", "--table", table, "--samples", "3"])
        #expect(sample.code == 0 && sample.output.contains(marker) && !sample.errors.contains(marker))
        let wrong = try await run(["sample", "--table", folder.path("text.log")])
        #expect(wrong.code == 65 && !wrong.errors.contains(marker))
        let mask = try await run(["mask", "--input", folder.path("broken.log")])
        #expect(mask.code == 65 && !mask.errors.contains(marker))
        let score = try await run(["score", "--model", folder.path("out0"), "--input", "-"], input: "a \(marker)\n")
        #expect(score.code != 0 && !score.errors.contains(marker))
        #expect(TestFiles.names(folder.root).allSatisfy { !$0.hasPrefix("opnilog-") })
    }

    @Test("nor of a run over an index, its extract's proof, or one that is interrupted")
    func index() async throws {
        let documents = (0..<300).map {
            "{\"time\":\(1_600_000_000_000 + $0 * 60_000),\"log\":\"user \(marker) came\"}"
        }
        let server = try OpenSearchServer(
            configuration: OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: documents)]))
        let source = ["--endpoint", server.url]
        let collect = try await run(["collect", "--output", folder.path("out")] + source)
        #expect(collect.code == 0, "\(collect.errors)")
        expectNoWord(collect, in: "out", "collect")
        expectPrivate("out", "collect")
        mkdir(folder.path("extract"), 0o700)
        let extract = try await run(["extract", "--output", folder.path("extract/documents.ndjson")] + source)
        #expect(extract.code == 0, "\(extract.errors)")
        #expect(folder.text("extract/documents.ndjson").contains(marker))
        expectNoWord(extract, in: "extract", "extract")
        expectPrivate("extract", "extract")
        let missing = try await run(["collect", "--output", folder.path("none")] + source + ["--field", "message"])
        #expect(missing.code == 65)
        expectNoWord(missing, in: "none", "no such field")
        let faulty = try await run(
            ["collect", "--output", folder.path("faulty"), "--require-complete"] + source + ["--index", "other"])
        #expect(faulty.code == 69)
        expectNoWord(faulty, in: "faulty", "no such index")
        // Nobody answers any more.
        server.stop()
        let gone = try await run(["collect", "--output", folder.path("gone")] + source)
        #expect(gone.code == 69)
        expectNoWord(gone, in: "gone", "server gone")
    }

    @Test("files that were open to others before are not afterwards")
    func modes() async throws {
        try write()
        mkdir(folder.path("out"), 0o700)
        for name in ["memory.csv", "manifest.json", "templates.table"] {
            try folder.write("out/" + name, "")
            chmod(folder.path("out/" + name), 0o666)
        }
        // The program is started by a shell that would let everybody read and write.
        let child = try ChildProcess(
            ["collect", "--overwrite", "--input", folder.path("text.log"), "--output", folder.path("out")],
            environment: [:], input: "/dev/null", output: folder.path("o"), errors: folder.path("e"),
            wrapper: ["/bin/sh", "-c", "umask 0; exec \"$0\" \"$@\""])
        #expect(await child.wait() == 0, "\(folder.text("e"))")
        expectPrivate("out", "umask 0")
    }

    @Test(
        "nor in the records of a training",
        .enabled(if: Prerequisites.runsTorch, "no bridge to libtorch: make libtorch"))
    func training() async throws {
        try write()
        let train = try await run(
            [
                "train", "--input", folder.path("text.log"), "--output", folder.path("out"), "--samples", "20",
                "--epochs", "1", "--steps", "2", "--progress", "json", "--vocabulary-size", "7",
            ])
        #expect(train.code == 0, "\(train.errors)")
        #expect(train.errors.contains("; give a larger --vocabulary-size, or give --masks for what varies"))
        #expect(!folder.text("out/metrics.jsonl").isEmpty && folder.text("out/vocab.txt").contains(marker))
        expectNoWord(train, in: "out", "train")
        expectPrivate("out", "train")
    }
}
