import Glibc
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

@Suite("extract and the files that are there", .timeLimit(.minutes(30)))
struct ExtractOutputTests {
    @Test(
        "a manifest that is a file of the run's own, by whatever name, is refused: exit 64",
        arguments: ["out.ndjson", "alias", "./out.ndjson.checkpoint.json", "out.ndjson.scrolls"])
    func ownFiles(name: String) async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(50))
        try trial.folder.write("out.ndjson", "precious\n")
        try #require(symlink("out.ndjson", trial.folder.path("alias")) == 0)
        let run = try await trial.run(["--overwrite", "--manifest", trial.folder.path(name)])
        #expect(run.code == 64)
        #expect(run.errors.hasPrefix("opnilog-train: --manifest names \(trial.output)"), "\(run.errors)")
        #expect(run.errors.hasSuffix(", which the run itself writes. give another --manifest.\n"), "\(run.errors)")
        #expect(trial.folder.text("out.ndjson") == "precious\n")
        #expect(trial.server.requests.isEmpty)
    }

    @Test("what has the manifest's name is replaced with --overwrite only, and never if it is no regular file")
    func manifest() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(50))
        let notes = trial.folder.path("notes")
        try trial.folder.write("notes", "precious\n")
        for output in [trial.output, "-"] {
            let run = try await trial.run(["--manifest", notes], to: output)
            #expect(run.code == 64 && run.output.isEmpty)
            #expect(
                run.errors
                    == "opnilog-train: \(notes) is there already. "
                    + "give another --manifest, or --overwrite to replace it.\n")
            #expect(trial.folder.text("notes") == "precious\n")
        }
        let run = try await trial.run(["--manifest", notes, "--overwrite"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(try ExtractionManifest.read(notes).totals.documents == 50)
        #expect(trial.folder.mode("notes") == 0o600)
        let pipe = trial.folder.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let refused = try await trial.run(["--manifest", pipe, "--overwrite"])
        #expect(refused.code == 64)
        #expect(refused.errors == "opnilog-train: \(pipe) is no regular file. give the name of a file.\n")
        #expect(trial.written.count == 50)
    }

    @Test("the manifest of an extraction outlives its output, and tells one that found nothing")
    func leftManifest() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(50))
        #expect(try await trial.run().code == 0)
        let proof = trial.folder.text("out.ndjson.manifest.json")
        unlink(trial.output)
        let run = try await trial.run()
        #expect(run.code == 64)
        #expect(run.errors.contains("out.ndjson.manifest.json is there already. give another --manifest, or"))
        #expect(trial.folder.text("out.ndjson.manifest.json") == proof)
        let nothing = ["--until", "2001-01-01"]
        let empty = try await trial.run(nothing + ["--overwrite"])
        #expect(empty.code == 0)
        #expect(
            empty.errors.hasSuffix(
                "opnilog-train: no document matches; check --index, --query, --since, --until and --time-field\n"))
        let again = try await trial.run(nothing + ["--resume"])
        #expect(again.code == 0)
        #expect(again.errors == "opnilog-train: \(trial.output) is complete already; nothing was changed\n")
    }

    @Test("--overwrite empties nothing before settings, credentials and server are known to do")
    func planFirst() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(50))
        #expect(try await trial.run().code == 0)
        let faults: [(options: [String], code: Int32)] = [
            (["--username", "me"], 64), (["--query", "/nowhere/q.json"], 64), (["--index", "absent"], 69),
        ]
        for (options, code) in faults {
            let run = try await trial.run(["--overwrite"] + options)
            #expect(run.code == code, "\(options): \(run.errors)")
            try trial.expectWhole("\(options)")
        }
        #expect(try await trial.run(["--overwrite"]).code == 0)
        try trial.expectWhole()
    }

    @Test("a file that was there, empty and for all to read, becomes its owner's only")
    func mode() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(50))
        try trial.folder.write("out.ndjson", "")
        try #require(chmod(trial.output, 0o644) == 0)
        #expect(try await trial.run().code == 0)
        try trial.expectWhole()
    }

    @Test("a run that cannot begin leaves no output behind, but what was there stays")
    func cannotBegin() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(50))
        let refusing = try ExtractionTrial([]) { $0.fault = { _ in .status(401, "{}") } }
        #expect(try await refusing.run().code == 69)
        #expect(TestFiles.names(refusing.folder.root) == [])
        let faults: [(options: [String], code: Int32)] = [
            (["--index", "absent"], 69), (["--username", "me"], 64), (["--manifest", trial.output], 64),
            (["--manifest", trial.folder.path("nodir/m")], 74),
        ]
        for (options, code) in faults {
            let run = try await trial.run(options)
            #expect(run.code == code, "\(options): \(run.errors)")
            #expect(TestFiles.names(trial.folder.root) == [], "\(options)")
        }
        try trial.folder.write("out.ndjson", "")
        #expect(try await trial.run(["--index", "absent"]).code == 69)
        #expect(trial.folder.exists("out.ndjson"))
    }

    @Test("a manifest that cannot be written is said before anything is asked for: exit 74", arguments: ["-", nil])
    func noFolder(output: String?) async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(50))
        let manifest = trial.folder.path("nodir/m")
        let run = try await trial.run(["--manifest", manifest], to: output)
        #expect(run.code == 74 && run.output.isEmpty)
        #expect(
            run.errors == "opnilog-train: \(manifest) cannot be written: No such file or directory. "
                + "give another --manifest.\n")
        #expect(trial.server.requests.isEmpty)
    }
}
