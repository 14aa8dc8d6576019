import FoundationEssentials
import Glibc
import OpenSearchScroll
import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import opnilog_train

@Suite("extract that is cut off", .timeLimit(.minutes(30)))
struct ExtractResumeTests {
    private func trial(_ trigger: RequestTrigger, documents: Int = 1500) throws -> ExtractionTrial {
        try ExtractionTrial(ExtractionTrial.documents(documents)) { configuration in
            configuration.shards = 2
            configuration.fault = { trigger.fault($0) }
        }
    }

    @Test(
        "killed at any request, once or twice, and resumed: nothing lost, nothing doubled, nothing left open",
        arguments: 1...10)
    func killed(seed: Int) async throws {
        let trigger = RequestTrigger()
        let trial = try trial(trigger)
        var random = SeededInstants(seed: UInt64(seed))
        for run in 0..<2 {
            trigger.arm(at: Int.random(in: 2...60, using: &random))
            let child = try trial.child((run > 0 ? ["--resume"] : []) + ["--page-size", "20", "--parallel", "3"])
            trigger.aim(at: child.identifier)
            #expect(await child.wait() == 128 + SIGKILL)
        }
        trigger.arm(at: .max)
        if trial.folder.exists("out.ndjson.checkpoint.json") {
            let refused = try await trial.run()
            #expect(refused.code == 64)
            #expect(refused.errors.hasSuffix("unfinished run. --resume goes on, --overwrite starts anew.\n"))
        }
        let run = try await trial.run(["--resume", "--page-size", "20", "--parallel", "3"])
        #expect(run.code == 0, "\(run.errors)")
        try trial.expectWhole("seed \(seed)")
        // What was opened for an answer that a killed run never got is known to the server alone.
        trial.server.advanceClock(by: .seconds(61))
        #expect(trial.server.openContexts == 0, "seed \(seed)")
        let verified = try await trial.verify()
        #expect(verified.code == 0, "seed \(seed): \(verified.output)")
    }

    @Test("what a killed run has left open is cleared by the next one, as its journal names it")
    func clears() async throws {
        let trigger = RequestTrigger()
        let trial = try ExtractionTrial(ExtractionTrial.documents(1000, hours: 1)) { configuration in
            configuration.fault = { $0.kind == .continueScroll ? trigger.fault($0) : nil }
        }
        // Far from the end of a window, where an opening may be under way that nobody knows of.
        trigger.arm(at: 30)
        let child = try trial.child(["--page-size", "10", "--parallel", "1"])
        trigger.aim(at: child.identifier)
        #expect(await child.wait() == 128 + SIGKILL)
        #expect(trial.server.openContexts == 1)
        trigger.arm(at: .max)
        let run = try await trial.run(["--resume"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(trial.server.openContexts == 0)
        try trial.expectWhole()
    }

    @Test("what was committed is not read again")
    func readsTheRest() async throws {
        let trigger = RequestTrigger()
        let trial = try trial(trigger, documents: 4000)
        // Not before it is known on disk what was read: five minutes are for a disk that never takes it.
        let (checkpoint, deadline) = (trial.output + ".checkpoint.json", ContinuousClock.now + .seconds(300))
        trigger.arm(at: 150) {
            let known = try? ExtractionCheckpoint.read(checkpoint)
            return (known?.stretches.first?.windows ?? 0) > 5 || ContinuousClock.now > deadline
        }
        let child = try trial.child(["--page-size", "20", "--parallel", "1"])
        trigger.aim(at: child.identifier)
        #expect(await child.wait() == 128 + SIGKILL)
        let before = trigger.count
        trigger.arm(at: .max)
        let run = try await trial.run(["--resume", "--page-size", "20", "--parallel", "1"])
        #expect(run.code == 0, "\(run.errors)")
        try trial.expectWhole()
        #expect(try trial.manifest().runs == 2)
        // 4,000 documents are 200 pages, 10 to a window.
        let windows = try trial.manifest().windows
        #expect(windows.first.map { $0.windows > 5 } == true, "earlier windows are put together")
        #expect(trigger.count - before < 220, "\(trigger.count - before) of some 270 requests")
    }

    @Test(
        "a signal: contexts are cleared, the rest is kept, exit 75; the same run goes on", arguments: [SIGINT, SIGTERM])
    func interrupted(number: Int32) async throws {
        let trigger = RequestTrigger()
        let trial = try trial(trigger)
        trigger.arm(at: 40, signal: number)
        let child = try trial.child(["--page-size", "20"])
        trigger.aim(at: child.identifier)
        #expect(await child.wait() == 75)
        #expect(trial.folder.text("stderr").hasSuffix("opnilog-train: interrupted. run again with --resume.\n"))
        // An opening that was answered after the run had given it up lives for a minute, a scroll that was read on for
        // two.
        trial.server.advanceClock(by: .seconds(61))
        #expect(trial.server.openContexts == 0)
        #expect(trial.folder.exists("out.ndjson.checkpoint.json") && !trial.folder.exists("out.ndjson.manifest.json"))
        #expect(!trial.folder.exists("out.ndjson.scrolls"))
        trigger.arm(at: .max)
        let run = try await trial.run(["--resume"])
        #expect(run.code == 0, "\(run.errors)")
        try trial.expectWhole()
        let again = try await trial.run(["--resume"])
        #expect(again.code == 0)
        #expect(again.errors == "opnilog-train: \(trial.output) is complete already; nothing was changed\n")
        try trial.expectWhole()
    }

    /// Hours of one index, of which another one holds the third as well.
    ///
    /// - Parameters:
    ///   - trigger: once its signal is due, no further scroll is opened until it is armed again.
    ///   - atOpening: called with the number of each opening of a scroll, from 0.
    private func trialBesideOther(
        hours: Int = 5, _ trigger: RequestTrigger? = nil,
        _ atOpening: @escaping @Sendable (Int, OpenSearchServer) -> Void
    ) throws -> ExtractionTrial {
        let server = Mutex<OpenSearchServer?>(nil)
        let other = StoredContents(
            (0..<30).map {
                let time = ExtractionTrial.start + 2 * ExtractionTrial.hour + Int64($0)
                return .init(id: "other-\($0)", source: #"{"time":\#(time),"log":"x"}"#)
            })
        let trial = try ExtractionTrial(ExtractionTrial.documents(100 * hours, hours: Int64(hours))) { configuration in
            configuration.indices["logs-2"] = other
            configuration.fault = { request in
                guard request.kind == .openScroll, let server = server.withLock({ $0 }) else { return nil }
                let wasDue = trigger?.isDue == true
                atOpening(request.ordinal, server)
                return wasDue ? .stall : nil
            }
        }
        server.withLock { $0 = trial.server }
        return trial
    }

    @Test("an index that was closed and is back: --resume reads what lacked it again, and writes only what is new")
    func away() async throws {
        let trial = try trialBesideOther { opening, server in
            if opening == 0 { server.setClosed(true, "logs-2") }
        }
        for run in 0..<2 {
            let partial = try await trial.run(["--index", "logs*", "--parallel", "1"] + (run > 0 ? ["--resume"] : []))
            #expect(partial.code == 2)
            #expect(partial.errors.contains("logs-2 is closed, or out of reach, with 30 of its 30 documents unread"))
            #expect(trial.written.count == 500)
        }
        trial.server.setClosed(false, "logs-2")
        let whole = try await trial.run(["--index", "logs*", "--resume"])
        #expect(whole.code == 0, "\(whole.errors)")
        #expect(trial.written.count == 530 && Set(trial.written).count == 530)
        let manifest = try trial.manifest()
        #expect(manifest.outcome == "complete" && manifest.indices["logs-2"] == .init(planned: 30, delivered: 30))
        #expect(manifest.indices["logs"] == .init(planned: 500, delivered: 500))
        #expect(manifest.windows.reduce(0) { $0 + $1.delivered } == 530)
        #expect(try await trial.verify().code == 0)
    }

    @Test("an index that was deleted for good: --resume reads nothing again")
    func gone() async throws {
        let trial = try trialBesideOther { opening, server in
            if opening == 0 { server.setContents(nil, of: "logs-2") }
        }
        for run in 0..<3 {
            let before = trial.server.count(of: .openScroll)
            let result = try await trial.run(["--index", "logs*"] + (run > 0 ? ["--resume"] : []))
            #expect(result.code == 2 && result.errors.contains("the index logs-2 vanished while it was read, with "))
            #expect(trial.server.count(of: .openScroll) - before == (run > 0 ? 0 : 6))
            #expect(trial.written.count == 500)
            let manifest = try trial.manifest()
            #expect(manifest.windows.reduce(0) { $0 + $1.delivered } == 500 && manifest.partialWindows.isEmpty)
        }
    }

    @Test("an index closed, another one deleted by the time it is back: what was written of that is not missed")
    func goneMeanwhile() async throws {
        let trial = try trialBesideOther { opening, server in
            if opening == 0 { server.setClosed(true, "logs-2") }
        }
        #expect(try await trial.run(["--index", "logs*", "--parallel", "1"]).code == 2)
        #expect(trial.written.count == 500)
        trial.server.setContents(nil, of: "logs")
        trial.server.setClosed(false, "logs-2")
        let run = try await trial.run(["--index", "logs*", "--resume"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(trial.written.count == 530 && Set(trial.written).count == 530)
        #expect(try trial.manifest().indices["logs"] == .init(planned: 500, delivered: 500))
    }

    @Test("closed for some windows, killed, gone on with while it is closed, and while it is not: nothing is lost")
    func awayAndKilled() async throws {
        let trigger = RequestTrigger()
        let trial = try trialBesideOther(hours: 12, trigger) { opening, server in
            if opening == 1 { server.setClosed(true, "logs-2") }
            if opening == 4 { server.setClosed(false, "logs-2") }
            if opening == 9 { trigger.request() }
        }
        trigger.arm(at: 1)
        let child = try trial.child(["--index", "logs*", "--parallel", "1", "--page-size", "20"])
        trigger.aim(at: child.identifier)
        #expect(await child.wait() == 128 + SIGKILL)
        trigger.arm(at: .max)
        trial.server.setClosed(true, "logs-2")
        #expect(try await trial.run(["--index", "logs*", "--resume"]).code == 2)
        trial.server.setClosed(false, "logs-2")
        let run = try await trial.run(["--index", "logs*", "--resume"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(trial.written.count == 1_230 && Set(trial.written).count == 1_230)
        #expect(try await trial.verify().code == 0)
    }

    @Test("the progress of a run that goes on counts what is there already, and ends with all")
    func progress() async throws {
        let trigger = RequestTrigger()
        let trial = try trial(trigger)
        trigger.arm(at: 60, signal: SIGTERM)
        let child = try trial.child(["--page-size", "20"])
        trigger.aim(at: child.identifier)
        #expect(await child.wait() == 75)
        trigger.arm(at: .max)
        let there = trial.written.count
        #expect(there > 0)
        let run = try await trial.run(["--resume", "--page-size", "20", "--progress", "plain"])
        #expect(run.code == 0, "\(run.errors)")
        let shown = run.errors.split(separator: "\n").filter { $0.hasPrefix("extracting  ") }
        #expect(shown.first?.hasPrefix("extracting  \(Figures.grouped(there)) of 1,500 documents  ") == true)
        #expect(shown.last?.hasPrefix("extracting  1,500 of 1,500 documents  100%  ") == true, "\(run.errors)")
    }

    @Test("another query, a shortened output, a damaged checkpoint: exit 64 and what differs")
    func differs() async throws {
        let trigger = RequestTrigger()
        let trial = try trial(trigger)
        trigger.arm(at: 60, signal: SIGTERM)
        let child = try trial.child(["--page-size", "20"])
        trigger.aim(at: child.identifier)
        #expect(await child.wait() == 75)
        trigger.arm(at: .max)
        for (options, remark) in [
            (["--index", "log*"], "was begun with another --index: logs there, log* now. give the same, or another"),
            (["--query", "{}"], "was begun with another --query: none there, {} now."),
            (["--since", "2001-01-01"], "was begun with another --since: none there, 2001-01-01 now."),
        ] {
            let run = try await trial.run(["--resume"] + options)
            #expect(run.code == 64)
            #expect(run.errors.contains(remark), "\(run.errors)")
        }
        try trial.folder.write("out.ndjson", "{}\n")
        let short = try await trial.run(["--resume"])
        #expect(short.code == 64)
        #expect(short.errors.contains("has 3 bytes, fewer than the "))
        try trial.folder.write("out.ndjson.checkpoint.json", "{}")
        let damaged = try await trial.run(["--resume"])
        #expect(damaged.code == 64)
        #expect(
            damaged.errors.contains("out.ndjson.checkpoint.json is no checkpoint of extract. go on with the version"))
    }

    @Test("a manifest that is not of the run that goes on is not replaced: exit 64")
    func foreignManifest() async throws {
        let trigger = RequestTrigger()
        let trial = try trial(trigger)
        let (proof, other) = (trial.output + ".manifest.json", trial.folder.path("other"))
        #expect(try await trial.run(["--until", "2001-01-01"], to: other).code == 0)
        let earlier = trial.folder.text("other.manifest.json")
        trigger.arm(at: 60, signal: SIGTERM)
        let child = try trial.child(["--page-size", "20"])
        trigger.aim(at: child.identifier)
        #expect(await child.wait() == 75)
        trigger.arm(at: .max)
        for text in ["precious\n", earlier] {
            try trial.folder.write("out.ndjson.manifest.json", text)
            let run = try await trial.run(["--resume"])
            #expect(run.code == 64)
            #expect(
                run.errors.hasSuffix(
                    "\(proof) is there already, and is not of the run that goes on. "
                        + "give another --manifest, or --overwrite to start anew.\n"), "\(run.errors)")
            #expect(trial.folder.text("out.ndjson.manifest.json") == text)
        }
        unlink(proof)
        let run = try await trial.run(["--resume"])
        #expect(run.code == 0, "\(run.errors)")
        try trial.expectWhole()
    }

    @Test("a checkpoint is never larger than 64 KiB, whatever was read in whatever order")
    func checkpointSize() throws {
        let hour: Int64 = 3_600_000
        let windows = (0..<20_000).map { number in
            ScrollWindow(
                times: 1_600_000_000_000 + Int64(number) * hour..<1_600_000_000_000 + Int64(number + 1) * hour,
                expectedDocuments: 100)
        }
        let indices = Dictionary(
            uniqueKeysWithValues: (0..<3000).map { ("a-rather-long-name-of-an-index-of-a-day-\($0)", 123_456_789) })
        let json = #"{"windows":\#(try text(windows)),"indices":\#(try text(indices)),"shards":1,"holes":[]}"#
        let plan = try JSONDecoder().decode(ScrollPlan.self, from: Data(json.utf8))
        var checkpoint = ExtractionCheckpoint(
            startedAt: 1_600_000_000_000, settings: ["index": "logs-*", "query": String(repeating: "q", count: 4096)])
        checkpoint.plan(plan.indices)
        var ledger = ExtractionLedger(plan)
        var largest = 0
        // Every second window first: nothing can be put together until the others come.
        for (count, number) in (Array(stride(from: 0, to: 20_000, by: 2)) + Array(stride(from: 1, to: 20_000, by: 2)))
            .enumerated()
        {
            let report = try JSONDecoder().decode(WindowReport.self, from: Data(try self.report(windows[number]).utf8))
            _ = ledger.finished(report)
            guard count % 997 == 0 || count == 19_999 else { continue }
            let bounded = ledger.bounded(to: ExtractionCheckpoint.mostStretches)
            checkpoint.stretches = bounded.stretches
            checkpoint.deliver(ledger.indices)
            largest = max(largest, checkpoint.encoded.count)
        }
        #expect(largest <= 64 << 10, "\(largest)")
        #expect(checkpoint.stretches.count == 1 && checkpoint.stretches.first?.windows == 20_000)
        #expect(checkpoint.otherIndices.planned > 0)
    }

    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    private func report(_ window: ScrollWindow) throws -> String {
        #"{"window":\#(try text(window)),"total":0,"delivered":0,"deliveredEarlier":0,"scrolls":1,"retries":99,"#
            + #""digest":"00000000000000000000000000000000","indices":{}}"#
    }
}
