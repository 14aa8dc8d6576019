import FoundationEssentials
import Glibc
import OpniLogTraining
import Testing

@testable import opnilog_train

/// What `train` says of its model, and what it begins with.
@Suite(
    "model card, --init-from, --disjoint-figure",
    .enabled(if: Prerequisites.runsTorch, "no bridge to libtorch: make libtorch, or set OPNILOG_TORCH"),
    .timeLimit(.minutes(30)), .serialized)
struct ModelFilesTests {
    private let folder = TestFolder()

    /// Two hundred templates over four hours, the words of each from a few dozen.
    private func logs(_ name: String, adding word: String = "") throws {
        let verbs = ["starts", "stops", "waits", "fails", "syncs"]
        var text = ""
        for number in 0..<400 {
            let letter = { (value: Int) in String(UnicodeScalar(UInt8(97 + value % 20))) }
            let log = "unit-\(letter(number)) \(verbs[number % 5]) on host-\(letter(number / 2)) \(word)"
            text += "{\"time\": \(1_600_000_000_000 + number * 36_000), \"log\": \"\(log)\"}\n"
        }
        try folder.write(name, text)
    }

    private func train(_ output: String, _ options: [String]) async throws -> ProgramRun {
        try await ProgramRun.of(
            [
                "train", "--output", folder.path(output), "--samples", "300", "--epochs", "2", "--steps", "12",
                "--threads", "1", "--progress", "none",
            ] + options, environment: Prerequisites.environment)
    }

    private func decoded<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
        try JSONDecoder().decode(type, from: Data(folder.text(name).utf8))
    }

    private func report(_ output: String) throws -> TrainingReport {
        try #require(try decoded(output + "/manifest.json", as: Manifest.self).training)
    }

    @Test("a training from a table elsewhere leaves that table beside its model, and no other's")
    func tableBeside() async throws {
        try logs("a.ndjson")
        try logs("b.ndjson", adding: "again")
        #expect(try await train("a", ["--input", folder.path("a.ndjson")]).code == 0)
        #expect(try await train("b", ["--input", folder.path("b.ndjson")]).code == 0)
        let refused = try await train("collected", ["--table", folder.path("a")])
        #expect(refused.code == 0, "\(refused.errors)")
        #expect(folder.text("collected/templates.table") == folder.text("a/templates.table"))
        let again = try await train("b", ["--table", folder.path("a"), "--overwrite"])
        #expect(again.code == 0, "\(again.errors)")
        #expect(folder.text("b/templates.table") == folder.text("a/templates.table"))
        try #require(mkdir(folder.path("c"), 0o700) == 0)
        try folder.write("c/templates.table", "somebody's")
        let other = try await train("c", ["--table", folder.path("a")])
        #expect(other.errors.contains("c holds templates.table already"))
        #expect(folder.text("c/templates.table") == "somebody's")
    }

    @Test("a manifest that is damaged leaves open by which rules a model was made: nothing goes on with it")
    func damagedManifest() async throws {
        try logs("in.ndjson")
        #expect(try await train("out", ["--input", folder.path("in.ndjson")]).code == 0)
        try folder.write("out/manifest.json", "{bad")
        let run = try await ProgramRun.of(
            ["score", "--model", folder.path("out"), "--input", folder.path("in.ndjson"), "--threads", "1"],
            environment: Prerequisites.environment)
        #expect(run.code == 65)
        #expect(run.errors.contains("out/manifest.json is damaged, or no manifest"))
        #expect(run.output.isEmpty)
    }

    @Test("the card says what the manifest knows, for people and as JSON")
    func card() async throws {
        try logs("in.ndjson")
        let run = try await train("out", ["--input", folder.path("in.ndjson"), "--seed", "7"])
        #expect(run.code == 0, "\(run.errors)")
        let manifest = try decoded("out/manifest.json", as: Manifest.self)
        let card = try decoded("out/model-card.json", as: ModelCard.self)
        let training = try #require(manifest.training)
        #expect(card.training == training)
        #expect(card.createdAt == manifest.finishedAt && !card.createdAt.isEmpty)
        #expect(card.data.tableDigest == manifest.table?.tableDigest && card.data.lines == 400)
        let times = try #require(card.data.times)
        #expect(times.from == "2020-09-13T12:00:00.000Z" && times.to == "2020-09-13T17:00:00.000Z")
        #expect(card.vocabulary.size == training.words && card.draw.seed == 7 && card.training.seed == 7)
        #expect(training.epochFigures.count == 2 && training.epochFigures.allSatisfy { $0.heldOut != nil })
        for epoch in training.epochFigures {
            let loss = Figures.text(try #require(epoch.heldOut).loss, places: 4)
            #expect(run.errors.contains("epoch \(epoch.epoch): loss \(loss), accuracy "))
        }
        let text = folder.text("out/model-card.md")
        for part in ["Data", "Masking and vocabulary", "Draw and recipe", "Figures", "Limits", "Licence"] {
            #expect(text.contains("\n## \(part)\n\n"), "\(part)")
        }
        #expect(text.contains(training.tensorDigest) && text.contains("2020-09-13T12:00:00.000Z"))
        #expect(text.contains("\n- Source: \(folder.path("in.ndjson")).\n"))
        #expect(text.contains("| held-out lines, after epoch 1 | "))
        #expect(card.limits.count >= 6 && card.limits.allSatisfy { text.contains("- " + $0 + "\n") })
        #expect(card.limits.contains { $0.hasPrefix("Its vocabulary has \(training.words) words, of which 50 ") })
        #expect(text.contains("Not stated; left to the operator."))
    }

    @Test("a model is trained on: its words keep their ids, and the run goes on only with the same one")
    func initFrom() async throws {
        try logs("first.ndjson")
        try logs("second.ndjson", adding: "again")
        let first = try await train("first", ["--input", folder.path("first.ndjson")])
        #expect(first.code == 0, "\(first.errors)")
        let options = ["--input", folder.path("second.ndjson"), "--init-from", folder.path("first")]
        let second = try await train("second", options)
        #expect(second.code == 0, "\(second.errors)")
        let (before, after) = (try report("first"), try report("second"))
        let initial = try #require(after.initialModel)
        #expect(initial.tensorDigest == before.tensorDigest && initial.optimiserSteps == 14)
        #expect(initial.words == before.words && initial.addedWords == 1)
        #expect(second.errors.contains("trained on from a model of \(before.words) words, 1 added, its optimiser's"))
        #expect(after.words == before.words + 1)
        let words = { (name: String) in self.folder.text(name + "/vocab.txt").split(separator: "\n").dropFirst(2) }
        #expect(words("second").elementsEqual(words("first") + ["again"]))
        #expect(folder.text("second/model-card.md").contains("- Trained on from the model \(before.tensorDigest) of "))
        let limit = "- It was trained on from another model, whose closing pass may have seen lines that are held out"
        #expect(folder.text("second/model-card.md").contains(limit))
        #expect(!folder.text("first/model-card.md").contains(limit))

        let again = try await train("second", options + ["--resume"])
        #expect(again.code == 0 && again.errors.hasSuffix("nothing is to be done\n"), "\(again.errors)")
        let without = try await train("second", ["--input", folder.path("second.ndjson"), "--resume"])
        #expect(without.code == 64)
        #expect(without.errors.contains("another init-from: \(folder.path("first")) there, none now"))
    }

    /// Of the model in `first`: `cut`, which lacks its second half, and `mixed`, which has a vocabulary of more words.
    private func spoil() throws {
        let (model, words) = (folder.bytes("first/nulog_model_latest.pt"), folder.text("first/vocab.txt"))
        for name in ["cut", "mixed"] { mkdir(folder.path(name), 0o700) }
        try folder.write("cut/nulog_model_latest.pt", Array(model.prefix(model.count / 2)))
        try folder.write("cut/vocab.txt", words)
        try folder.write("mixed/nulog_model_latest.pt", model)
        let lines = words.split(separator: "\n")
        let count = try #require(Int(lines[0])) + 1
        try folder.write(
            "mixed/vocab.txt", (["\(count)", "\(count)"] + lines.dropFirst(2) + ["another"]).joined(separator: "\n"))
    }

    @Test("what cannot be trained on is said before anything is read")
    func refused() async throws {
        try logs("in.ndjson")
        let input = ["--input", folder.path("in.ndjson")]
        #expect(try await train("first", input).code == 0)
        try folder.write("masks.yaml", "masks:\n  - name: own\n    pattern: 'unit-[a-z]'\n    token: <own>\n")
        let from = ["--init-from", folder.path("first")]
        let trials: [(code: Int32, output: String, options: [String], message: String)] = [
            (64, "first", input + from + ["--overwrite"], "is the output folder, whose model the run replaces."),
            (64, "out", input + from + ["--masks", folder.path("masks.yaml")], "was made with other mask rules"),
            (64, "out", input + from + ["--disjoint-figure"], "no template is known to be unseen"),
            (65, "out", input + ["--init-from", folder.path("none")], "vocab.txt"),
            (65, "out", input + ["--init-from", folder.path("cut")], "cut/nulog_model_latest.pt, cannot be used"),
            (65, "out", input + ["--init-from", folder.path("cut"), "--resume"], "cut/nulog_model_latest.pt, cannot"),
            (65, "out", input + ["--init-from", folder.path("mixed")], "mixed/nulog_model_latest.pt, cannot"),
            (64, "out", ["--table", folder.path("masked/templates.table")] + from, "was made with other mask rules"),
        ]
        let masked = try await ProgramRun.of(
            ["collect", "--output", folder.path("masked"), "--masks", folder.path("masks.yaml")] + input)
        #expect(masked.code == 0, "\(masked.errors)")
        try spoil()
        for trial in trials {
            let run = try await train(trial.output, trial.options)
            #expect(run.code == trial.code, "\(trial.options): \(run.errors)")
            #expect(run.errors.contains(trial.message), "\(run.errors)")
            #expect(!folder.exists("out/buckets") && !folder.exists("out/templates.table"))
        }
        #expect(try report("first").initialModel == nil)
    }

    @Test("figures on templates never seen, by a model that is thrown away; the other one is as without them")
    func disjoint() async throws {
        try logs("in.ndjson")
        let input = ["--input", folder.path("in.ndjson")]
        #expect(try await train("plain", input).code == 0)
        let run = try await train("out", input + ["--disjoint-figure"])
        #expect(run.code == 0, "\(run.errors)")
        let report = try report("out")
        #expect(report.tensorDigest == (try self.report("plain")).tensorDigest)
        let unseen = try #require(report.unseen)
        let table = try #require(try decoded("out/manifest.json", as: Manifest.self).table)
        #expect(unseen.templates + unseen.unseenTemplates == Int(table.templates) && unseen.unseenTemplates > 0)
        #expect(unseen.figures.logs > 0 && unseen.figures.loss > 0)
        #expect(run.errors.contains("on templates never seen loss \(Figures.text(unseen.figures.loss, places: 4)), "))
        #expect(folder.text("out/model-card.md").contains("| \(unseen.unseenTemplates) templates never seen, by a "))
        let lines = folder.text("out/metrics.jsonl").split(separator: "\n")
        #expect(lines.filter { $0.contains("\"phase\":\"unseen\"") }.count == 12)

        try folder.write("one.log", String(repeating: "one line\n", count: 50))
        let one = try await train("one", ["--input", folder.path("one.log"), "--disjoint-figure"])
        #expect(one.code == 0, "\(one.errors)")
        #expect(one.errors.contains("there are too few templates for figures on those that a model has not seen"))
    }
}
