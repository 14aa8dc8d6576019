import FoundationEssentials
import Glibc
import LogDataset
import Testing

@testable import opnilog_train

@Suite("--input", .timeLimit(.minutes(30)))
struct FileInputTests {
    private let folder = TestFolder()

    private func collect(_ options: [String], input: String = "") async throws -> ProgramRun {
        try await ProgramRun.of(
            ["collect", "--output", folder.path("out"), "--progress", "none"] + options, input: Array(input.utf8))
    }

    private func manifest() throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(folder.text("out/manifest.json").utf8))
    }

    /// Packs a file in place; what it was called before is gone.
    private func pack(_ name: String, by tool: String) throws {
        try #require(system("\(tool) -q \(tool == "zstd" ? "--rm" : "") \(folder.path(name))") == 0)
    }

    @Test("folders, patterns in quotes, packed files and standard input make one table")
    func everything() async throws {
        mkdir(folder.path("in"), 0o700)
        try folder.write("in/a.log", "first one\n")
        try folder.write("in/b.log", "second one\nsecond one\n")
        try folder.write("in/c.log", "third one\n")
        try pack("in/b.log", by: "gzip")
        try pack("in/c.log", by: "zstd")
        try folder.write("more-1.log", "fourth one\n")
        let run = try await collect(
            ["--input", folder.path("in"), folder.path("more-?.log"), "-"], input: "{\"log\":\"fifth one\"}\n")
        #expect(run.code == 0, "\(run.errors)")
        #expect(try manifest().read?.lines == 6)
        #expect(try manifest().read?.windows.count == 5)
        #expect(try manifest().table?.templates == 5)
    }

    @Test("a file that is named and is standard input as well is read once")
    func namedTwice() async throws {
        try folder.write("a.log", "one line\nanother line\n")
        for source in [["-", folder.path("a.log")], [folder.path("a.log"), "-"]] {
            let child = try ChildProcess(
                ["collect", "--overwrite", "--output", folder.path("out"), "--progress", "none", "--input"] + source,
                environment: ["TMPDIR": folder.root], input: folder.path("a.log"), output: "/dev/null",
                errors: folder.path("errors"))
            #expect(await child.wait() == 0)
            #expect(try manifest().read?.lines == 2)
            #expect(folder.text("errors").contains("standard input"), "\(folder.text("errors"))")
        }
    }

    @Test("a file cut off in the middle ends the run with its offset; under --keep-going it is a hole")
    func keepsGoing() async throws {
        try folder.write("a.log", "fine\n")
        try folder.write("b.log", (0..<20_000).map { "line \($0) of b\n" }.joined())
        try pack("b.log", by: "gzip")
        try #require(system("truncate -s -7 \(folder.path("b.log.gz"))") == 0)
        let source = ["--input", folder.path("a.log"), folder.path("b.log.gz")]
        let strict = try await collect(source)
        #expect(strict.code == 65)
        var status = stat()
        try #require(stat(folder.path("b.log.gz"), &status) == 0)
        let offset = status.st_size
        let what = "\(folder.path("b.log.gz")) is damaged at byte \(offset): the compressed file ends in the middle"
        #expect(strict.errors.contains(what), "\(strict.errors)")
        let lenient = try await collect(source + ["--keep-going", "--overwrite"])
        #expect(lenient.code == 2, "\(lenient.errors)")
        #expect(lenient.errors.contains("missing: \(what)"))
        #expect(try manifest().outcome == "partial")
        #expect(try manifest().read?.holes.count == 1)
        #expect(try manifest().read?.holes.first?.what.hasPrefix(what) == true)
        let lines = try manifest().read?.lines ?? 0
        #expect(lines > 1 && lines <= 20_001)
        let sample = try await ProgramRun.of(["sample", "--progress", "none", "--keep-going"] + source)
        #expect(sample.code == 2)
        #expect(sample.errors.contains("missing: \(what)"))
    }

    @Test("what is no text is named with what to do; under --keep-going it is a hole")
    func noText() async throws {
        try folder.write("a.log", "fine\n")
        let wide: [UInt8] = "two bytes each\n".utf8.flatMap { [$0, 0] }
        try folder.write("b.log", [0xFF, 0xFE] + wide)
        let source = ["--input", folder.path("a.log"), folder.path("b.log")]
        let what =
            "\(folder.path("b.log")) is UTF-16 text, which is not read as logs; convert it to UTF-8 "
            + "(iconv -f UTF-16 -t UTF-8) and give what comes out"
        let strict = try await collect(source)
        #expect(strict.code == 65)
        #expect(strict.errors.contains(what), "\(strict.errors)")
        let lenient = try await collect(source + ["--keep-going", "--overwrite"])
        #expect(lenient.code == 2, "\(lenient.errors)")
        #expect(lenient.errors.contains("missing: \(what)"))
        #expect(try manifest().read?.lines == 1)
    }

    @Test("logs as Docker writes them, and documents as extract writes them, are read by their fields")
    func wrapped() async throws {
        try folder.write(
            "docker.log", #"{"log":"one line\n","stream":"stdout","time":"2026-01-01T00:00:00.5Z"}"# + "\n")
        let docker = ["--input", folder.path("docker.log"), "--input-format", "ndjson", "--field", "log"]
        #expect(try await collect(docker).code == 0)
        #expect(try manifest().read?.lines == 1)
        try folder.write(
            "extracted.ndjson",
            #"{"_index":"logs","_id":"a","_source":{"time":"2026-01-01T00:00:00Z","log":"one line"}}"# + "\n")
        let extracted = ["--field", "_source.log", "--time-field", "_source.time", "--overwrite"]
        let run = try await collect(["--input", folder.path("extracted.ndjson")] + extracted)
        #expect(run.code == 0, "\(run.errors)")
        #expect(try manifest().read?.lines == 1)
        #expect(try manifest().table?.times?.untimedLines == 0)
    }

    @Test("a binary file among the logs is refused; under --keep-going it is a hole")
    func binary() async throws {
        try folder.write("a.log", "fine\n")
        try folder.write("wtmp", [2, 0, 0, 0] + Array("reboot\n".utf8))
        let source = ["--input", folder.path("a.log"), folder.path("wtmp")]
        let what = "\(folder.path("wtmp")) is no text, for there are zero bytes at its beginning; leave it out"
        let strict = try await collect(source)
        #expect(strict.code == 65)
        #expect(strict.errors.contains(what), "\(strict.errors)")
        let lenient = try await collect(source + ["--keep-going", "--overwrite"])
        #expect(lenient.code == 2, "\(lenient.errors)")
        #expect(lenient.errors.contains("missing: \(what)"))
        #expect(try manifest().read?.lines == 1)
        // The table that the run has left is no log either.
        let table = try await ProgramRun.of(["mask", "--input", folder.path("out/templates.table")])
        #expect(table.code == 65)
        #expect(table.output.isEmpty)
    }

    @Test("an output folder that lies among the logs is left out, and that is said")
    func outputAmongLogs() async throws {
        try folder.write("a.log", "fine\n")
        for options in [[], ["--overwrite"]] as [[String]] {
            let run = try await collect(["--input", folder.path("*")] + options)
            #expect(run.code == 0, "\(run.errors)")
            #expect(
                run.errors.contains(
                    "opnilog-train: what this program writes in \(folder.path("out")) is left out\n"))
            #expect(try manifest().read?.lines == 1)
            #expect(try manifest().read?.windows.count == 1)
        }
    }

    @Test("what a killed run has left of its table is no log where logs and output lie in one folder")
    func leftoverAmongLogs() async throws {
        mkdir(folder.path("out"), 0o700)
        try folder.write("out/a.log", "fine\n")
        let names = ["templates.table.4711.partial", "templates.table.4712.partial"]
        for name in names { try folder.write("out/" + name, [0, 1, 2]) }
        // The second one is being written.
        let writing = open(folder.path("out/" + names[1]), O_RDONLY)
        defer { close(writing) }
        try #require(flock(writing, LOCK_EX) == 0)
        let run = try await collect(["--input", folder.path("out")])
        #expect(run.code == 0, "\(run.errors)")
        #expect(try manifest().read?.windows.count == 1)
        #expect(!folder.exists("out/" + names[0]) && folder.exists("out/" + names[1]))
    }

    @Test("--input that names nothing but the output folder is refused", arguments: ["out", "out/metrics.jsonl", "o*"])
    func onlyOutput(name: String) async throws {
        try folder.write("a.log", "fine\n")
        let run = try await collect(["--input", folder.path("a.log"), folder.path(name)])
        #expect(run.code == 64)
        #expect(
            run.errors
                == "opnilog-train: \(folder.path(name)) names nothing but what the run itself writes in "
                + "\(folder.path("out")); name the logs, or give another output folder.\n")
        // Nothing was begun that the next run would have to go on with.
        #expect(try await collect(["--input", folder.path("a.log")]).code == 0)
    }

    @Test("what is given twice under two names is left out, and said")
    func links() async throws {
        try folder.write("a.log", "fine\n")
        try #require(system("ln \(folder.path("a.log")) \(folder.path("b.log"))") == 0)
        let run = try await collect(["--input", folder.path("a.log"), folder.path("b.log")])
        #expect(run.code == 0)
        #expect(
            run.errors.contains(
                "opnilog-train: \(folder.path("b.log")) is left out: \(folder.path("a.log")) holds all that it holds\n")
        )
        #expect(try manifest().read?.lines == 1)
    }
}
