import Glibc
import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import opnilog_train

@Suite("extract", .timeLimit(.minutes(30)))
struct ExtractCommandTests {
    @Test("writes each document once, byte for byte, and the proof of it; nothing stays open")
    func all() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(2000)) { $0.shards = 3 }
        let run = try await trial.run(["--page-size", "50"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("opnilog-train: 2,000 documents, "), "\(run.errors)")
        try trial.expectWhole()
        #expect(trial.server.openContexts == 0)
        let manifest = try trial.manifest()
        #expect(manifest.serverVersion == "2.19.4" && manifest.endpoints == [trial.server.url])
        #expect(manifest.query.index == "logs" && manifest.query.timeField == "time" && manifest.query.until != nil)
        #expect(manifest.totals.windows == 21 && manifest.runs == 1)
        #expect(manifest.requests["open"]?.succeeded == 21)
    }

    @Test("documents as they come: over lines, with arrays, of five megabytes, with bytes that are no UTF-8")
    func shapes() async throws {
        let long = String(repeating: "0123456789", count: 500_000)
        let documents = [
            StoredContents.Document(id: "lines", source: "{\n  \"log\": \"a\\nb\",\n  \"x\": [\n1,\n{\"y\": 2}]\n}"),
            StoredContents.Document(id: "long", source: #"{"log":"\#(long)"}"#),
            StoredContents.Document(id: "array", source: #"{"log":["a","b"],"log":[[]]}"#),
            StoredContents.Document(id: "quote\\\"", source: "{}"),
            StoredContents.Document(id: "bad", source: Array(#"{"log":"a"#.utf8) + [0xFF] + Array(#"b"}"#.utf8)),
        ]
        let trial = try ExtractionTrial(documents)
        let run = try await trial.run()
        #expect(run.code == 0, "\(run.errors)")
        let expected = ExtractionTrial.lines(documents).map { $0.replacing(#"quote\""#, with: #"quote\\\""#) }
        #expect(trial.written == expected.sorted() ? true : false)
        #expect(try trial.manifest().totals.repairedDocuments == 1)
        #expect(try await trial.verify().code == 0)
    }

    @Test("to standard output, with a manifest only where one is asked for")
    func standardOutput() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(300))
        let run = try await trial.run(to: "-")
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.hasPrefix("opnilog-train: standard output is a stream: no run can go on with this one\n"))
        #expect(run.output.split(separator: "\n").map(String.init).sorted() == ExtractionTrial.lines(trial.documents))
        #expect(TestFiles.names(trial.folder.root).isEmpty)
        let proven = try await trial.run(["--manifest", trial.output + ".manifest.json"], to: "-")
        #expect(proven.code == 0)
        #expect(try trial.manifest().totals.documents == 300)
        let resumed = try await trial.run(["--resume"], to: "-")
        #expect(resumed.code == 64)
        #expect(resumed.errors.contains("standard output is a stream, which --resume cannot go on with."))
    }

    @Test("a reader that closes its pipe ends the run quietly, and nothing stays open")
    func brokenPipe() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(20_000, hours: 2))
        let pipe = trial.folder.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(reader >= 0)
        let child = try ChildProcess(
            trial.arguments(to: "-"), environment: [:], input: "/dev/null", output: pipe,
            errors: trial.folder.path("stderr"))
        let hasCome = await TestThread.run {
            var poller = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            // A program that ends without a word ends this too.
            return poll(&poller, 1, -1) == 1
        }
        close(reader)
        #expect(hasCome)
        #expect(await child.wait() == 74)
        #expect(trial.folder.text("stderr").split(separator: "\n").count == 1, "only that it is a stream")
        // An opening that was answered after the run had given it up lives for a minute, a scroll that was read on for
        // two.
        trial.server.advanceClock(by: .seconds(61))
        #expect(trial.server.openContexts == 0)
    }

    @Test("what nobody said what to do with is not touched: exit 64 with the remedy")
    func refuses() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(50))
        try trial.folder.write("out.ndjson", "precious\n")
        for (options, remark) in [
            ([], "out.ndjson is there already. give another --output, or --overwrite to replace it.\n"),
            (["--resume"], "is there already, without the checkpoint of an unfinished run. give another --output, or"),
            (["--resume", "--overwrite"], "--resume and --overwrite: the one goes on with the run that is there"),
        ] {
            let run = try await trial.run(options)
            #expect(run.code == 64)
            #expect(run.errors.contains(remark), "\(run.errors)")
        }
        #expect(trial.folder.text("out.ndjson") == "precious\n")
        #expect(try await trial.run(["--overwrite"]).code == 0)
        try trial.expectWhole()
        let missing = try await ProgramRun.of(["extract", "--endpoint", trial.server.url])
        #expect(missing.code == 64)
        #expect(missing.errors == "opnilog-train: --output is missing: the file to write to. give --output FILE|-.\n")
        // The source stays as it was indexed.
        let masks = try await trial.run(["--masks", "m.yaml", "--overwrite"])
        #expect(masks.code == 64 && masks.errors.contains("extract has no option --masks."), "\(masks.errors)")
        let folder = try await trial.run(to: trial.folder.root)
        #expect(folder.code == 64 && folder.errors.contains("is a folder. give the name of a file."))
        let nowhere = try await trial.run(to: "/nowhere/out")
        #expect(nowhere.code == 74 && nowhere.errors.contains("/nowhere/out cannot be written"))
    }

    @Test("an output that another run writes to is left alone")
    func inUse() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(50))
        try trial.folder.write("out.ndjson", "")
        let descriptor = open(trial.output, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        let run = try await trial.run(["--overwrite"])
        #expect(run.code == 64)
        #expect(run.errors.contains("out.ndjson is in use by another process. wait until it ends, or give another"))
    }

    @Test("what cannot be read is a hole: exit 2 and a list; 69 where all is required; a later run reads it")
    func holes() async throws {
        let isBroken = Switch()
        // The window of the second hour is refused for good.
        let mark = Array("\(ExtractionTrial.start + ExtractionTrial.hour)".utf8)
        let trial = try ExtractionTrial(ExtractionTrial.documents(400, hours: 3)) { configuration in
            configuration.fault = { request in
                guard isBroken.isOn, request.kind == .openScroll, request.body.contains(from: mark) else { return nil }
                return .status(404, #"{"error":{"type":"index_not_found_exception","reason":"odd"},"status":404}"#)
            }
        }
        isBroken.isOn = true
        let run = try await trial.run()
        #expect(run.code == 2, "\(run.errors)")
        #expect(
            run.errors.contains(
                "opnilog-train: missing: \(ISO8601.text(ExtractionTrial.start + ExtractionTrial.hour))/"))
        #expect(run.errors.hasSuffix("opnilog-train: partial: run again with --resume to read what is missing\n"))
        let manifest = try trial.manifest()
        #expect(manifest.outcome == "partial" && !manifest.holes.isEmpty && !manifest.partialWindows.isEmpty)
        #expect(manifest.totals.documents < 400 && manifest.totals.documents == trial.written.count)
        #expect(try await trial.verify(["--counts"]).code == 2)
        let strict = try await trial.run(["--require-complete", "--overwrite"])
        #expect(strict.code == 69, "\(strict.errors)")
        isBroken.isOn = false
        let later = try await trial.run(["--resume"])
        #expect(later.code == 0, "\(later.errors)")
        try trial.expectWhole()
        #expect(try await trial.verify().code == 0)
    }

    @Test("a disk that is full loses nothing: exit 74, and the run goes on when there is room")
    func full() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(30_000, hours: 4))
        // In blocks of 512 bytes: room for the first megabyte, not for the second.
        let child = try trial.child(wrapper: ["/bin/sh", "-c", "ulimit -f 3000; exec \"$0\" \"$@\""])
        #expect(await child.wait() == 74)
        let errors = trial.folder.text("stderr")
        #expect(
            errors.hasSuffix(
                "out.ndjson cannot be written: File too large. free space there, then run again with --resume.\n"),
            "\(errors)")
        #expect(trial.server.openContexts == 0)
        let run = try await trial.run(["--resume"])
        #expect(run.code == 0, "\(run.errors)")
        try trial.expectWhole()
    }
}

extension [UInt8] {
    /// Whether other bytes stand in these.
    fileprivate func contains(from other: [UInt8]) -> Bool { firstRange(of: other) != nil }
}

/// On or off, from any thread.
final class Switch: Sendable {
    private let state = Mutex(false)

    var isOn: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
