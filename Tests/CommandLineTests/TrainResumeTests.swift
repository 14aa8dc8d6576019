import FoundationEssentials
import Glibc
import LogDataset
import OpenSearchScrollTesting
import OpniLogTraining
import Testing

@testable import opnilog_train

/// `train --resume`: whatever ends a training, the next run leaves the very model of an unbroken one.
/// `OPNILOG_KILLS=100` tries so many instants.
@Suite(
    "train --resume",
    .enabled(if: Prerequisites.runsTorch, "no bridge to libtorch: make libtorch, or set OPNILOG_TORCH"),
    .timeLimit(.minutes(60)), .serialized)
struct TrainResumeTests {
    private static let kills = TestFiles.variable("OPNILOG_KILLS").flatMap { Int($0) } ?? 3

    private let folder = TestFolder()

    init() throws {
        var text = ""
        for number in 0..<300 { text += "node \(number) is ready\npod \(number) was started by kubelet\n" }
        try folder.write("in.log", text)
    }

    private var logs: [String] { ["--input", folder.path("in.log")] }

    private func arguments(_ output: String, _ options: [String], steps: Int = 12, threads: Int = 1) -> [String] {
        [
            "train", "--output", folder.path(output), "--samples", "300", "--epochs", "2", "--steps", "\(steps)",
            "--threads", "\(threads)", "--workers", "1",
        ] + options
    }

    private func train(_ output: String, _ options: [String], steps: Int = 12) async throws -> ProgramRun {
        try await ProgramRun.of(
            arguments(output, options + ["--progress", "none"], steps: steps), environment: Prerequisites.environment)
    }

    private func start(
        _ output: String, _ options: [String], steps: Int = 12, threads: Int = 1, errors: String
    ) throws -> ChildProcess {
        try ChildProcess(
            arguments(output, options, steps: steps, threads: threads), environment: Prerequisites.environment,
            input: "/dev/null",
            output: folder.path("o"), errors: errors)
    }

    private func model(_ output: String) throws -> [UInt8] {
        try SmallFile.read(folder.path("\(output)/nulog_model_latest.pt"), atMost: 1 << 28)
    }

    /// Compared here and not in `#expect`, which would look for the difference of millions of bytes for hours.
    private func areSame(_ one: String, _ other: String) throws -> Bool { try model(one) == model(other) }

    private func manifest(_ output: String) throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(folder.text("\(output)/manifest.json").utf8))
    }

    /// What the metrics tell of the training, without its times and the device's memory.
    private func steps(_ output: String) throws -> [TrainingProgress] {
        try folder.text("\(output)/metrics.jsonl").split(separator: "\n").compactMap { line in
            if line.contains("\"phase\":\"reading\"") { return nil }
            var step = try JSONDecoder().decode(TrainingProgress.self, from: Data(line.utf8))
            (step.seconds, step.waitedSeconds, step.rowsAtOnce) = (0, 0, 0)
            return step
        }
    }

    /// A training that is interrupted at one of its first steps; it is kept at each, so that 600 take seconds.
    private func interrupted(_ output: String, _ options: [String]) async throws {
        let kept = options + ["--checkpoint-every", "0s", "--progress", "plain"]
        // A test that is held up for longer than that finds a training that has ended, and begins another.
        for attempt in 1...5 {
            let errors = try LinePipe(folder.path("errors"))
            defer { unlink(errors.path) }
            let child = try start(output, kept, steps: 600, errors: errors.path)
            while !(await errors.nextLine()).hasPrefix("training  ") {}
            child.signal(SIGTERM)
            let code = await child.wait()
            if [0, 2].contains(code), attempt < 5 {
                TestFiles.remove(folder.path(output))
                continue
            }
            try #require(code == 75)
            while true {
                let line = await errors.nextLine()
                // An epoch may end before the signal comes.
                guard line.hasPrefix("opnilog-train:"), !line.hasPrefix("opnilog-train: epoch ") else { continue }
                #expect(line == "opnilog-train: interrupted. run again with --resume.")
                break
            }
            break
        }
        #expect(folder.mode(output + "/checkpoints") == 0o700)
        #expect(folder.exists(output + "/checkpoints") && !folder.exists(output + "/nulog_model_latest.pt"))
    }

    /// A training that is killed between its first step and its first checkpoint.
    private func killed(_ output: String, _ options: [String]) async throws {
        let errors = try LinePipe(folder.path("errors"))
        defer { unlink(errors.path) }
        let long = ["--samples", "20000", "--steps", "20000", "--progress", "plain"]
        let child = try start(output, options + long, errors: errors.path)
        while !(await errors.nextLine()).hasPrefix("training  ") {}
        child.signal(SIGKILL)
        #expect(await child.wait() == 128 + SIGKILL)
    }

    @Test("kill -9 at any instant, and again: the bytes of the model of an unbroken run")
    func kill9() async throws {
        let options = logs + ["--resume", "--checkpoint-every", "0s", "--progress", "none"]
        let unbroken = try start("whole", options, threads: 2, errors: folder.path("e"))
        try #require(await unbroken.wait() == 0, "\(folder.text("e"))")
        var killed = 0
        for schedule in 0..<Self.kills {
            var instants = SeededInstants(seed: UInt64(schedule))
            let output = "out\(schedule)"
            let checkpoints = folder.path(output + "/checkpoints")
            try #require(mkdir(folder.path(output), 0o700) == 0 && mkdir(checkpoints, 0o700) == 0)
            // Each of 14 steps makes and renames two files, 56 changes in all: a kill falls before, in, between and
            // after their writing, and into the figures, the closing pass and the saving. Where a first run has left
            // fewer changes than the second is to make, that one ends whole.
            for change in [Int.random(in: 1...56, using: &instants), Int.random(in: 1...40, using: &instants)] {
                let child = try start(output, options, threads: 2, errors: folder.path("e"))
                let code = try await child.wait(killingAtChange: change, in: checkpoints)
                try #require(code == 128 + SIGKILL || code == 0, "schedule \(schedule): \(folder.text("e"))")
                if code == 0 { break }
                killed += 1
            }
            let last = try start(output, options, threads: 2, errors: folder.path("e"))
            #expect(await last.wait() == 0, "schedule \(schedule): \(folder.text("e"))")
            #expect(try areSame(output, "whole"), "schedule \(schedule)")
            #expect(!folder.exists(output + "/checkpoints"), "schedule \(schedule)")
            #expect(!folder.exists(output + "/buckets"), "schedule \(schedule)")
            #expect(try steps(output) == steps("whole"), "schedule \(schedule)")
            #expect(try manifest(output).training?.tensorDigest == manifest("whole").training?.tensorDigest)
        }
        // A program that runs on while the kill is on its way may end before it.
        #expect(killed > 0)
    }

    @Test("no room for a checkpoint: those before it stay, and with room the training goes on to the same model")
    func noRoom() async throws {
        let table = ["--table", folder.path("whole/templates.table")]
        #expect(try await train("whole", logs, steps: 600).code == 0)
        try await interrupted("out", table)
        let kept = TestFiles.names(folder.path("out/checkpoints"))
        // A model of these few words takes 4 MiB, a checkpoint 7.
        let full = try await ProgramRun.of(
            arguments("out", table + ["--resume", "--checkpoint-every", "0s", "--progress", "none"], steps: 600),
            environment: Prerequisites.environment, wrapper: ["/usr/bin/prlimit", "--fsize=\(5 << 20)"])
        #expect(full.code == 74 && full.errors.contains("File too large"), "\(full.errors)")
        #expect(TestFiles.names(folder.path("out/checkpoints")) == kept && !kept.isEmpty)
        let run = try await train("out", table + ["--resume"], steps: 600)
        #expect(run.code == 0, "\(run.errors)")
        #expect(try areSame("out", "whole"))
    }

    @Test("a run that was to replace a finished one, and ended before its first checkpoint, is gone on with")
    func replacing() async throws {
        #expect(try await train("read", logs).code == 0)
        let table = ["--table", folder.path("read/templates.table")]
        #expect(try await train("out", table).code == 0)
        let other = table + ["--seed", "1"]
        try await killed("out", other + ["--overwrite"])
        #expect(folder.exists("out/.begun") && TestFiles.names(folder.path("out/checkpoints")).isEmpty)
        let run = try await train("out", other + ["--resume"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(try manifest("out").settings["seed"] == "1" && !folder.exists("out/.begun"))
        #expect(try await train("out", other + ["--resume"]).errors.contains("holds the finished run already"))
        let told = try steps("out").filter { $0.phase == .fit }.map(\.trained)
        #expect(!told.isEmpty && Set(told).count == told.count)
    }

    @Test("a run that was to replace a finished one, and could not begin, leaves that one as it was")
    func notBegun() async throws {
        #expect(try await train("read", logs).code == 0)
        let table = ["--table", folder.path("read/templates.table")]
        #expect(try await train("out", table).code == 0)
        let names = ["manifest.json", "metrics.jsonl", "vocab.txt", "model-card.md"]
        let before = names.map { folder.text("out/" + $0) }
        let none = ["--overwrite", "--seed", "1", "--torch", folder.path("none.so")]
        #expect(try await train("out", table + none).code == 69)
        let damaged = ["--table", folder.path("in.log"), "--overwrite"]
        #expect(try await train("out", damaged).code == 65)
        #expect(names.map { folder.text("out/" + $0) } == before)
        #expect(!folder.exists("out/.begun"))
        #expect(try await train("out", table + ["--resume"]).errors.contains("holds the finished run already"))
    }

    @Test("a partial run that finds nothing more to read is not trained again; with other settings it is")
    func partial() async throws {
        try folder.write("other.zip", "PK\u{3}\u{4}")
        let options = ["--input", folder.path("in.log"), folder.path("other.zip"), "--keep-going"]
        #expect(try await train("out", options).code == 2)
        let first = try manifest("out")
        let again = try await train("out", options + ["--resume"])
        #expect(again.code == 2 && again.errors.contains("of this very table and these settings already"))
        #expect(try manifest("out").finishedAt == first.finishedAt)
        let other = try await train("out", options + ["--resume", "--seed", "5"])
        #expect(other.code == 2, "\(other.errors)")
        #expect(try manifest("out").settings["seed"] == "5")
    }

    @Test("a training of a partial reading goes on with the table that it began with, and only then is more read")
    func partialReading() async throws {
        let contents = GeneratedContents(documents: 2000, start: 444_444 * 3_600_000, interval: .milliseconds(36_000))
        let server = try OpenSearchServer(configuration: .init(indices: ["logs": contents]))
        defer { server.stop() }
        let options = ["--endpoint", server.url, "--time-budget", "1ms", "--parallel", "1"]
        try await interrupted("out", options)
        let table = folder.bytes("out/templates.table")
        let read = server.count(of: .openScroll)
        let run = try await train("out", options + ["--resume"], steps: 600)
        #expect(run.code == 2, "\(run.errors)")
        #expect(run.errors.contains("goes on with the table that the training began with"))
        #expect(run.errors.contains("stopped early, the --time-budget is used up: "))
        #expect(server.count(of: .openScroll) == read)
        #expect(folder.bytes("out/templates.table") == table)
        #expect(try manifest("out").read?.stopped?.reason == .time && manifest("out").outcome == "partial")
        let rest = try await train("out", Array(options.prefix(2)) + ["--resume"])
        #expect(rest.code == 0, "\(rest.errors)")
        #expect(try manifest("out").table?.lines == 2000)
    }

    @Test("an interruption is kept; logs are not read again; a finished run is left as it is")
    func goesOn() async throws {
        let whole = try await train("whole", logs, steps: 600)
        #expect(whole.code == 0, "\(whole.errors)")
        try await interrupted("out", logs)
        let names = TestFiles.names(folder.path("out/checkpoints"))
        // Two files a checkpoint, of which two are kept.
        #expect([2, 4].contains(names.count), "\(names)")
        for name in names { #expect(folder.mode("out/checkpoints/" + name) == 0o600, "\(name)") }
        let kept = try names.map { try SmallFile.read(folder.path("out/checkpoints/" + $0), atMost: 1 << 28) }
        let run = try await train("out", logs + ["--resume"], steps: 600)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.hasPrefix("opnilog-train: goes on: everything is read already\n"))
        #expect(run.errors.contains(" of 660 steps are trained already\n"))
        #expect(try areSame("out", "whole"))
        #expect(folder.text("out/vocab.txt") == folder.text("whole/vocab.txt"))
        #expect(!folder.exists("out/checkpoints"))
        #expect(try steps("out") == steps("whole"))
        #expect(try steps("out").map(\.trained).last == 660)
        let (before, after) = (try #require(try manifest("whole").training), try #require(try manifest("out").training))
        #expect(before.epochFigures == after.epochFigures && before.epochFigures.count == 2)
        #expect(before.heldOutLoss == after.heldOutLoss && before.trainLoss == after.trainLoss)
        #expect(before.rows == after.rows && before.closingLoss == after.closingLoss)
        let manifestText = folder.text("out/manifest.json")
        // As a run leaves it that is killed after its manifest.
        mkdir(folder.path("out/checkpoints"), 0o700)
        for (name, bytes) in zip(names, kept) { try folder.write("out/checkpoints/" + name, bytes) }
        let again = try await train("out", logs + ["--resume"], steps: 600)
        #expect(again.code == 0)
        #expect(again.errors.hasSuffix("holds the finished run already; nothing is to be done\n"))
        #expect(folder.text("out/manifest.json") == manifestText)
        #expect(!folder.exists("out/checkpoints"))
    }

    @Test("from a table: refused unasked and by what differs; a damaged checkpoint is named; --overwrite starts anew")
    func table() async throws {
        let collected = try await ProgramRun.of(
            ["collect", "--output", folder.path("collected"), "--progress", "none"] + logs)
        #expect(collected.code == 0, "\(collected.errors)")
        let table = ["--table", folder.path("collected/templates.table")]
        let whole = try await train("whole", table, steps: 600)
        #expect(whole.code == 0, "\(whole.errors)")
        try await interrupted("out", table)

        let unasked = try await train("out", table, steps: 600)
        #expect(unasked.code == 64)
        #expect(
            unasked.errors
                == "opnilog-train: \(folder.path("out")) holds an unfinished run. "
                + "--resume goes on, --overwrite starts anew.\n")
        let demo = try await ProgramRun.of(["demo", "--output", folder.path("out")])
        #expect(demo.code == 64)
        #expect(demo.errors.contains("holds an unfinished run. give another --output"))
        let reading = try await train("out", logs + ["--resume"], steps: 600)
        #expect(reading.code == 64)
        #expect(reading.errors.contains("holds an unfinished training from a table, which reading logs does not go on"))
        for (option, difference) in [
            (["--seed", "4"], "seed of the draws: 0 there, 4 now"),
            (["--draw", "parity"], "draw: coverage there, parity now"),
            (["--vocabulary-size", "8"], "vocabulary: "),
            (["--recipe", "original"], "recipe: ours (rate 0.003"),
        ] {
            let refused = try await train("out", table + ["--resume"] + option, steps: 600)
            #expect(refused.code == 64)
            #expect(
                refused.errors.contains("The unfinished training in \(folder.path("out/checkpoints")) has another "),
                "\(refused.errors)")
            #expect(refused.errors.contains(difference), "\(refused.errors)")
        }

        let newest = try #require(TestFiles.names(folder.path("out/checkpoints")).last { $0.hasSuffix(".pt") })
        try folder.write("out/checkpoints/" + newest, "damaged")
        let run = try await train("out", table + ["--resume"], steps: 600)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.contains("cannot be used, the checksum of its tensors is wrong; the checkpoint before it"))
        #expect(try areSame("out", "whole"))

        try await interrupted("anew", table)
        let anew = try await train("anew", table + ["--overwrite"], steps: 600)
        #expect(anew.code == 0, "\(anew.errors)")
        #expect(!anew.errors.contains("goes on"))
        #expect(try areSame("anew", "whole"))
    }
}
