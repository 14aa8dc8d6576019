import Glibc
import LogDataset
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

@Suite("verify", .timeLimit(.minutes(30)))
struct VerifyCommandTests {
    @Test(
        "under faults: each document once, the manifest adds up and is equal; then what changed is told",
        arguments: 1...10)
    func faults(seed: UInt64) async throws {
        // A byte that is broken on its way is repaired, and so no longer what was indexed.
        let kinds = FaultKind.transient.filter { $0 != .badUTF8 }
        let trial = try ExtractionTrial(ExtractionTrial.documents(1200, hours: 5)) { configuration in
            configuration.shards = 2
            configuration.faults = FaultSchedule(seed: seed, rate: 0.15, kinds: kinds)
        }
        let run = try await trial.run(["--page-size", "60"])
        #expect(run.code == 0, "\(run.errors)")
        try trial.expectWhole("seed \(seed)")
        #expect(trial.server.faults.values.reduce(0, +) > 0, "no fault proves nothing")
        let equal = try await trial.verify()
        #expect(equal.code == 0, "\(equal.errors)")
        #expect(equal.output == "equal: 1,200 documents in 6 windows\n")

        var contents = StoredContents(trial.documents)
        contents.remove(id: "id-1")
        trial.server.setContents(contents, of: "logs")
        let removed = try await trial.verify()
        #expect(removed.code == 2, "\(removed.errors)")
        #expect(removed.output.contains(": 1 document fewer than the "))
        #expect(
            removed.output.contains("\n1 differences: 0 documents more, 1 document fewer. Documents may have arrived, ")
        )
    }

    @Test("progress ends with all documents, by counts as by ids", arguments: [[], ["--counts"]] as [[String]])
    func progress(options: [String]) async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(90))
        #expect(try await trial.run().code == 0)
        let run = try await trial.verify(options + ["--progress", "plain"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.contains("comparing  90 of 90 documents  100%  "), "\(run.errors)")
    }

    @Test("documents that came, moved, were exchanged, lost their time; each in its window; counts alone see less")
    func differences() async throws {
        let start = ExtractionTrial.start
        let hour = ExtractionTrial.hour
        func document(_ id: String, _ time: Int64?) -> StoredContents.Document {
            .init(id: id, source: time.map { #"{"time":\#(start + $0),"log":"x"}"# } ?? #"{"log":"x"}"#)
        }
        let trial = try ExtractionTrial([
            document("a", 0), document("b", hour), document("c", 2 * hour), document("d", 4 * hour), document("e", nil),
        ])
        #expect(try await trial.run().code == 0)
        trial.server.setContents(
            StoredContents([
                document("a", 0), document("a2", 5), document("b2", hour), document("c", 3 * hour), document("d", nil),
                document("e", nil),
            ]), of: "logs")
        let name = { (first: Int64) in
            "\(ISO8601.text(start + first * hour))/\(ISO8601.text(start + (first + 1) * hour))"
        }
        let ids = try await trial.verify()
        #expect(ids.code == 2, "\(ids.errors)")
        #expect(
            ids.output.split(separator: "\n").dropLast() == [
                "\(name(0)): 1 document more than the 1 of the manifest",
                "\(name(1)): 1 document, as many as in the manifest, but not the same ones",
                "\(name(2)): 1 document fewer than the 1 of the manifest",
                "\(name(3)): 1 document more than the 0 of the manifest",
                "\(name(4)): 1 document fewer than the 1 of the manifest",
                "documents without a time: 1 document more than the 1 of the manifest",
            ])
        let counts = try await trial.verify(["--counts"])
        #expect(counts.code == 2)
        #expect(!counts.output.contains("\(name(1)):") && counts.output.contains("\(name(2)): 1 document fewer"))
        #expect(counts.output.contains("differences by count: 3 documents more, 2 documents fewer."))
    }

    @Test("the server may be another one; what is no manifest, damaged or of a newer format is told: 65")
    func refuses() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(60, hours: 2))
        #expect(try await trial.run().code == 0)
        let copy = try ExtractionTrial(trial.documents)
        trial.server.stop()
        let equal = try await trial.verify(["--endpoint", copy.server.url, "--counts"])
        #expect(equal.code == 0, "\(equal.errors)")
        #expect(equal.output == "equal by count: 60 documents in 3 windows\n")
        let gone = try await trial.verify()
        #expect(gone.code == 69 && gone.errors.contains("nothing listens at \(trial.server.url)"))

        let manifest = trial.folder.text("out.ndjson.manifest.json")
        for (text, remark) in [
            (
                manifest.replacing("\"format\" : 1", with: "\"format\" : 2"),
                "is of format 2, which this version does not"
            ),
            (
                "{\"format\":1,\"program\":{\"command\":\"collect\"}}",
                "is no manifest of extract. name the manifest that"
            ),
            ("no json", "is no JSON, or is cut off"),
            ("", "is empty"),
            (String(manifest.dropLast(manifest.count / 2)), "is no JSON, or is cut off"),
            (
                "{\"format\":1,\"program\":{\"command\":\"extract\"}}",
                "is damaged: what a manifest of extract has is missing in it, or is something else there"
            ),
        ] {
            try trial.folder.write("out.ndjson.manifest.json", text)
            let run = try await trial.verify()
            #expect(run.code == 65)
            #expect(run.errors.contains(remark), "\(run.errors)")
            #expect(!run.errors.contains("Error"), "\(run.errors)")
        }
        let absent = try await ProgramRun.of(["verify", "/nowhere/m.json"])
        #expect(
            absent.code == 65 && absent.errors.contains("/nowhere/m.json cannot be read: No such file or directory."))
        let none = try await ProgramRun.of(["verify"])
        #expect(none.code == 64)
        #expect(
            none.errors == "opnilog-train: --manifest is missing: the manifest to compare with. give --manifest FILE.\n"
        )
    }

    @Test("counts that no run delivered are damage: 65", arguments: [[.max, .max], [-5, 0]] as [[Int]])
    func counts(delivered: [Int]) async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(60, hours: 2))
        #expect(try await trial.run().code == 0)
        var manifest = try trial.manifest()
        for (place, count) in delivered.enumerated() { manifest.windows[place].delivered = count }
        try manifest.write(trial.output + ".manifest.json")
        let run = try await trial.verify()
        #expect(run.code == 65 && run.output.isEmpty)
        #expect(run.errors.contains("manifest.json is damaged: "), "\(run.errors)")
    }

    @Test(
        "an output that is cut off, or longer, is a difference: 2; one that is elsewhere or a stream is not looked at")
    func size() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(60, hours: 2))
        #expect(try await trial.run().code == 0)
        let bytes = trial.folder.bytes("out.ndjson")
        for other in [Array(bytes.dropLast(7)), bytes + [10]] {
            try trial.folder.write("out.ndjson", other)
            let run = try await trial.verify()
            #expect(run.code == 2, "\(run.errors)")
            #expect(
                run.output == "\(trial.output): \(Figures.grouped(other.count)) bytes, and "
                    + "\(Figures.grouped(bytes.count)) by the manifest\n"
                    + "the index is equal: 60 documents in 3 windows\n")
        }
        let equal = "equal: 60 documents in 3 windows\n"
        unlink(trial.output)
        let elsewhere = try await trial.verify()
        #expect(elsewhere.code == 0 && elsewhere.output == equal)
        let stream = try await trial.run(["--manifest", trial.output + ".manifest.json", "--overwrite"], to: "-")
        #expect(stream.code == 0, "\(stream.errors)")
        try trial.folder.write("out.ndjson", "another file\n")
        let other = try await trial.verify()
        #expect(other.code == 0 && other.output == equal, "\(other.output)")
    }
}
