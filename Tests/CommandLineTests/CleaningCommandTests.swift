import FoundationEssentials
import LogDataset
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

@Suite("cleaning", .timeLimit(.minutes(30)))
struct CleaningCommandTests {
    private let folder = TestFolder()

    private let documents = [
        #"{"time":"2026-01-01T00:00:00Z","log":"pod is ready","anomaly_level":"Normal"}"#,
        #"{"time":"2026-01-01T00:00:01Z","log":"pod is strange","anomaly_level":"Anomaly"}"#,
        #"{"time":"2026-01-01T01:00:00Z","log":"an error came"}"#,
        #"{"time":"2026-01-01T01:00:01Z","log":"word"}"#,
        #"{"time":"2026-01-01T02:00:01Z","log":"noise of a probe","app":"probe"}"#,
        #"{"time":"2026-01-01T02:00:02Z","log":"noise of an error","app":"probe","anomaly_level":"Anomaly"}"#,
    ]

    private func collect(_ options: [String]) async throws -> ProgramRun {
        try await ProgramRun.of(
            ["collect", "--output", folder.path("out"), "--overwrite", "--progress", "none"] + options)
    }

    private func manifest() throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(folder.text("out/manifest.json").utf8))
    }

    private let cleaning = [
        "--drop-keywords", "original", "--minimum-tokens", "2", "--drop-field", "anomaly_level=Anomaly",
    ]

    @Test("an index and a file with the same lines make the same table, counted by reason")
    func sameTable() async throws {
        let server = try OpenSearchServer(
            configuration: OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: documents)]))
        let exclude = #"{"query":{"term":{"app":"probe"}}}"#
        let index = try await collect(["--endpoint", server.url, "--exclude-query", exclude] + cleaning)
        #expect(index.code == 0, "\(index.errors)")
        #expect(
            index.errors.contains(
                "left out: 1 lines with a keyword, 1 lines of too few words, 2 documents by --exclude-query, "
                    + "1 documents by --drop-field anomaly_level=Anomaly\n"), "\(index.errors)")
        let read = try #require(try manifest().read)
        #expect(read.lines == 1)
        #expect(read.dropped.keywords == 1 && read.dropped.tooShort == 1 && read.dropped.fields == 0)
        #expect(read.exclusions.map(\.documents) == [2, 1])
        #expect(
            folder.text("out/metrics.jsonl").contains(#""dropped":{"fields":0,"keywords":1,"tooShort":1}"#),
            "\(folder.text("out/metrics.jsonl"))")
        let digest = try manifest().table?.tableDigest
        try folder.write("in.log", documents.filter { !$0.contains("probe") }.joined(separator: "\n"))
        let file = try await collect(["--input", folder.path("in.log")] + cleaning)
        #expect(file.code == 0, "\(file.errors)")
        #expect(try manifest().read?.dropped.fields == 1)
        #expect(try manifest().table?.tableDigest == digest)
        #expect(try manifest().table?.cleaningDigest != nil)
        // A query out of the original's job, its own clauses beside ours.
        let query = #"{"query":{"bool":{"must_not":[{"match":{"anomaly_level.keyword":"Anomaly"}}]}}}"#
        let job = try await collect(["--endpoint", server.url, "--query", query, "--exclude-query", exclude])
        #expect(try manifest().read?.lines == 3, "\(job.errors)")
        #expect(try manifest().read?.exclusions.map(\.documents) == [1])
    }

    @Test("--drop-field looks at the whole text, in an index as in files")
    func wholeText() async throws {
        let documents = [
            #"{"time":"2026-01-01T00:00:00Z","log":"one line","level":"info"}"#,
            #"{"time":"2026-01-01T00:00:01Z","log":"another line","level":"more info here"}"#,
            #"{"time":"2026-01-01T00:00:02Z","log":"third line","level":"INFO"}"#,
        ]
        let server = try OpenSearchServer(
            configuration: OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: documents)]))
        let filter = ["--drop-field", "level=info"]
        let index = try await collect(["--endpoint", server.url] + filter)
        #expect(index.code == 0, "\(index.errors)")
        #expect(try manifest().read?.lines == 2)
        let digest = try manifest().table?.tableDigest
        try folder.write("in.log", documents.joined(separator: "\n"))
        let files = try await collect(["--input", folder.path("in.log")] + filter)
        #expect(files.code == 0, "\(files.errors)")
        #expect(try manifest().table?.tableDigest == digest)
    }

    @Test("a list of one's own, out of a file")
    func ownKeywords() async throws {
        try folder.write("in.log", "all is Quiet here\nquietly done\nall is well\n")
        try folder.write("words", "# what we know\n\n  is quiet\n")
        let run = try await collect(
            ["--input", folder.path("in.log"), "--drop-keywords", folder.path("words")])
        #expect(run.errors.contains("left out: 1 lines with a keyword\n"), "\(run.errors)")
        #expect(try manifest().read?.lines == 2)
        let missing = try await collect(["--input", folder.path("in.log"), "--drop-keywords", "/nowhere/words"])
        #expect(missing.code == 64)
        #expect(missing.errors.contains("--drop-keywords: /nowhere/words cannot be read: No such file or directory."))
    }

    @Test("what was to be left out and is nowhere is said: it may be a typing error")
    func nothingFound() async throws {
        try folder.write("in.log", #"{"log":"all is well","anomaly_level":"Anomaly"}"# + "\n")
        let files = ["--input", folder.path("in.log")]
        let field = try await collect(files + ["--drop-field", "anomalylevel=Anomaly"])
        #expect(field.code == 0, "\(field.errors)")
        #expect(field.errors.contains("opnilog-train: left out: no document by --drop-field\n"), "\(field.errors)")
        let both = try await collect(files + ["--drop-keywords", "original", "--drop-field", "a=b"])
        #expect(
            both.errors.contains("left out: no line by --drop-keywords, no document by --drop-field\n"),
            "\(both.errors)")
        let none = try await collect(files + ["--drop-keywords", "none"])
        #expect(!none.errors.contains("left out"), "\(none.errors)")
        let sample = try await ProgramRun.of(
            ["sample", "--samples", "1", "--progress", "none", "--drop-field", "a=b"] + files)
        #expect(sample.errors.contains("left out: no document by --drop-field\n"), "\(sample.errors)")
    }

    @Test("what cannot be is said")
    func wrong() async throws {
        try folder.write("in.log", "a\n")
        let files = ["--input", folder.path("in.log")]
        let field = try await collect(files + ["--drop-field", "anomaly"])
        #expect(field.code == 64 && field.errors.contains("is not a field and its text, such as anomaly_level=Anomaly"))
        let query = try await collect(files + ["--exclude-query", "{}"])
        #expect(query.code == 64 && query.errors.contains("--exclude-query has no effect on logs from files"))
        let broken = try await collect(["--endpoint", "http://127.0.0.1:9", "--exclude-query", "{]"])
        #expect(broken.code == 64 && broken.errors.contains("--exclude-query is no JSON object"))
    }

    @Test("an unfinished or finished run is not gone on with by another cleaning")
    func identity() async throws {
        try folder.write("in.log", "a b\nc\n")
        let source = [
            "collect", "--output", folder.path("out"), "--progress", "none", "--input", folder.path("in.log"),
        ]
        #expect(try await ProgramRun.of(source + ["--minimum-tokens", "1"]).code == 0)
        let other = try await ProgramRun.of(source + ["--resume", "--minimum-tokens", "2"])
        #expect(other.code == 64)
        #expect(other.errors.contains("another minimum-tokens: 1 there, 2 now"), "\(other.errors)")
    }

    @Test("--template-cap holds one text down in a draw")
    func cap() async throws {
        try folder.write("in.log", String(repeating: "again\n", count: 96) + "one x\ntwo x\nthree x\nfour x\n")
        func drawn(_ options: [String]) async throws -> [String] {
            let run = try await ProgramRun.of(
                ["sample", "--input", folder.path("in.log"), "--samples", "10", "--all", "--progress", "none"]
                    + options)
            #expect(run.code == 0, "\(run.errors)")
            return run.output.split(separator: "\n").map(String.init).sorted()
        }
        let capped = try await drawn(["--template-cap", "1%"])
        #expect(capped.first == #"{"text":"again","count":96,"drawn":2}"#, "\(capped)")
        #expect(capped.dropFirst().allSatisfy { $0.hasSuffix(#""count":1,"drawn":2}"#) })
        // Of 10 draws 7.1 are due to it by its weight.
        let due = [7, 8].map { #"{"text":"again","count":96,"drawn":\#($0)}"# }
        #expect(due.contains(try await drawn([]).first ?? ""))
    }
}
