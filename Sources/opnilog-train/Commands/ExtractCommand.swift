import Glibc
import LogDataset
import OpenSearchScroll
import Synchronization

/// `extract`: the documents of an index as NDJSON, each exactly once, and the proof of it.
enum ExtractCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        var query = try OpenSearchSettings.query(context.settings)
        query.content = .source
        query.toleratesHoles = !context.settings[Options.requireComplete]
        let target = try ExtractionTarget(context.settings)
        do {
            return try await extract(query, to: target, context)
        } catch {
            target.dropUnused()
            throw error
        }
    }

    private static func extract(
        _ asked: ScrollQuery, to target: ExtractionTarget, _ context: RunContext
    ) async throws -> ExitCode {
        var query = asked
        let fingerprint = ExtractionFingerprint.of(context.settings, body: query.body)
        switch try target.start(context.settings, fingerprint) {
        case .finished:
            context.console.note("\(target.name) is complete already; nothing was changed")
            return .complete
        case .new:
            let checkpoint = ExtractionCheckpoint(
                startedAt: RunClock.start.milliseconds, settings: fingerprint, since: query.since, until: query.until)
            var extraction = try Extraction(context, target, query, checkpoint)
            return try await extraction.run()
        case .resumed(var checkpoint):
            query.since = checkpoint.since
            query.until = checkpoint.until
            checkpoint.runs += 1
            var extraction = try Extraction(context, target, query, checkpoint)
            return try await extraction.resume()
        }
    }
}

/// One run of `extract`.
private struct Extraction {
    private let context: RunContext
    private let target: ExtractionTarget
    private let query: ScrollQuery
    private var checkpoint: ExtractionCheckpoint
    /// Documents by index as the plans of all runs had them.
    private var planned: [String: Int] = [:]
    private let journal: OpenScrolls?
    private let client: OpenSearchClient
    private let relay: ExtractionRelay

    init(
        _ context: RunContext, _ target: ExtractionTarget, _ query: ScrollQuery, _ checkpoint: ExtractionCheckpoint
    ) throws {
        self.context = context
        self.target = target
        self.query = query
        self.checkpoint = checkpoint
        if let path = target.scrolls { journal = try OpenScrolls(path: path) } else { journal = nil }
        relay = ExtractionRelay(context.console, journal)
        var configuration = try OpenSearchSettings.configuration(context.settings, context.console)
        configuration.parallel = context.settings[Options.parallel]
        configuration.onEvent = { [relay] in relay.tell($0) }
        client = try OpenSearchClient(configuration: configuration)
    }

    // MARK: Starting

    mutating func run() async throws -> ExitCode {
        if target.path == nil { context.console.note("\(target.name) is a stream: no run can go on with this one") }
        await clearLeft()
        let plan = try await client.plan(query)
        // By now it is known whether the settings, the query and the server will do.
        try target.empty()
        planned = plan.indices
        checkpoint.plan(planned)
        return try await read(plan, checkpoint, ExtractionLedger(plan), earlier: nil)
    }

    mutating func resume() async throws -> ExitCode {
        await clearLeft()
        let target = target
        let earlier = checkpoint
        let scan = try await OwnThread.run { try target.recover(earlier) }
        var plan = try await client.plan(query).remaining(after: earlier.stretches.flatMap(\.asWindows))
        checkpoint.plan(plan.indices)
        planned = checkpoint.indices.mapValues(\.planned)
        let delivered = checkpoint.delivered.merging(scan.tailIndices, uniquingKeysWith: +)
        // What is still expected, also of indices that only earlier plans had: they may come back.
        plan.indices = plan.indices.merging(planned, uniquingKeysWith: max)
            .map { ($0.key, $0.value - (delivered[$0.key] ?? 0)) }
            .reduce(into: [:]) { if $1.1 > 0 { $0[$1.0] = $1.1 } }
        var end = checkpoint.output
        end.add(scan.tail)
        let ledger = ExtractionLedger(
            plan, end: end, read: checkpoint.stretches, indices: delivered, scanFrom: checkpoint.scanFrom)
        context.console.note(
            "goes on after \(Figures.grouped(end.documents)) documents; \(Figures.grouped(plan.windows.count)) windows "
                + "are left")
        return try await read(plan, checkpoint, ledger, earlier: scan.documents.count > 0 ? scan.documents : nil)
    }

    /// Frees what a run that was killed has left open on the server.
    private func clearLeft() async {
        guard let journal, !journal.left.isEmpty else { return }
        await client.clear(journal.left.map(\.id))
    }

    // MARK: Reading

    private func read(
        _ plan: ScrollPlan, _ checkpoint: ExtractionCheckpoint, _ ledger: ExtractionLedger,
        earlier: DeliveredDocuments?
    ) async throws -> ExitCode {
        let sink = ExtractionSink(target, checkpoint, ledger)
        relay.connect(sink)
        try await sink.begin()
        watch(plan, goesOn: checkpoint, before: ledger.end.documents)
        let proof: ScrollProof
        do {
            proof = try await client.withScroll(plan, of: query, except: earlier) { pages in
                for try await page in pages { try await sink.write(page) }
                return pages.proof
            }
        } catch {
            context.console.endStage()
            journal?.end()
            return try await giveUp(sink, error)
        }
        context.console.endStage()
        journal?.end()
        let written = try await sink.end()
        return try await conclude(plan, proof, written.checkpoint, written.ledger)
    }

    /// - Parameter before: documents that stand in the output already, some of them in windows that are left to be
    ///   read.
    private func watch(_ plan: ScrollPlan, goesOn checkpoint: ExtractionCheckpoint, before: Int) {
        let client = client
        let total = checkpoint.stretches.reduce(plan.expectedDocuments) { $0 + $1.delivered }
        let results = target.path == nil ? Console.Results.written : .none
        context.console.begin(
            "extracting", unit: "documents", total: total, doneBefore: before, results: results
        ) { state in
            let metrics = client.metrics
            state.done = before + metrics.documents
            state.bytes = metrics.bytes
            state.notes = [.init(name: "windows", value: Double(metrics.windows), places: 0)]
        }
    }

    /// Keeps what has been read, and says so.
    private func giveUp(_ sink: ExtractionSink, _ error: any Error) async throws -> ExitCode {
        let error = Failures.commandError(error)
        guard target.path != nil, error.code != .output else { throw error }
        // A task that is cancelled may still write.
        _ = try await Task { try await sink.end() }.value
        if error.code == .interrupted {
            throw CommandError(.interrupted, "cancelled", remedy: "run again with --resume", cause: error.cause)
        }
        context.console.note("what was read is kept: run again with --resume")
        throw error
    }

    // MARK: Ending

    private func conclude(
        _ plan: ScrollPlan, _ proof: ScrollProof, _ checkpoint: ExtractionCheckpoint, _ ledger: ExtractionLedger
    ) async throws -> ExitCode {
        let end = ledger.end
        var whole = plan
        whole.indices = planned
        var holes = proof.holes + (try await client.vanished(since: whole, of: query, delivered: ledger.indices))
        var last = checkpoint
        last.deliver(ledger.indices)
        if checkpoint.runs > 1, let hole = last.otherHole { holes.append(hole) }
        if let path = target.manifest {
            let version = (try? await client.serverVersion()) ?? nil
            try manifest(proof, holes, last, end, version).write(path)
        }
        for hole in holes { context.console.note("missing: \(describe(hole))") }
        guard holes.isEmpty else { return try incomplete() }
        if let path = target.checkpoint { unlink(path) }
        context.console.note(
            "\(Figures.grouped(end.documents)) documents, \(ByteSize.describe(end.bytes)) in \(target.name), "
                + "digest \(end.digest)")
        if end.documents == 0 {
            context.console.note("no document matches; check --index, --query, --since, --until and --time-field")
        }
        return .complete
    }

    private func incomplete() throws(CommandError) -> ExitCode {
        let remedy = target.path == nil ? nil : "run again with --resume to read what is missing"
        if context.settings[Options.requireComplete] {
            throw CommandError(.unavailable, "not everything could be read", remedy: remedy)
        }
        context.console.note("partial" + (remedy.map { ": " + $0 } ?? ""))
        return .partial
    }

    private func describe(_ hole: ScrollHole) -> String {
        let size = hole.documents.map { " (about \(Figures.grouped($0)) documents)" } ?? ""
        return "\(ExtractionNames.of(hole.window))\(size): \(hole.reason)"
    }

    private func manifest(
        _ proof: ScrollProof, _ holes: [ScrollHole], _ checkpoint: ExtractionCheckpoint,
        _ end: ExtractionLedger.Extent, _ version: String?
    ) -> ExtractionManifest {
        // What this run has read window by window, and what earlier ones have read by stretches.
        let stretches = self.checkpoint.stretches + proof.windows.map { ScrollStretch($0) }
        let partial = proof.partial.map { ScrollStretch($0) }
        let all = stretches + partial
        let metrics = client.metrics
        return ExtractionManifest(
            outcome: holes.isEmpty ? "complete" : "partial",
            startedAt: ISO8601.text(checkpoint.startedAt), finishedAt: ISO8601.text(RunClock.now()),
            runs: checkpoint.runs,
            query: .init(
                index: query.index, body: query.body, since: query.since, until: query.until,
                includesUntimed: query.includesUntimed ?? false, timeField: query.timeField),
            settings: checkpoint.settings, output: target.path.map { AtomicFile.split($0).name },
            endpoints: context.settings[Options.endpoint], serverVersion: version,
            indices: checkpoint.indices, windows: stretches.map { ExtractionManifest.Stretch($0) },
            partialWindows: partial.map { ExtractionManifest.Stretch($0) },
            holes: holes.map { ExtractionManifest.Hole($0) },
            totals: .init(
                documents: end.documents, bytes: end.bytes, digest: end.digest,
                windows: all.reduce(0) { $0 + $1.windows }, scrolls: all.reduce(0) { $0 + $1.scrolls },
                retries: all.reduce(0) { $0 + $1.retries }, drift: end.documents - all.reduce(0) { $0 + $1.total },
                repairedDocuments: checkpoint.repairedDocuments,
                documentsWithoutSource: checkpoint.documentsWithoutSource, reopened: metrics.reopened,
                parked: metrics.parked, peakResidentBytes: ProcessMemory.peak()),
            requests: metrics.requests.mapValues { ExtractionManifest.Requests($0) })
    }
}

/// What windows are called on standard error and in differences.
enum ExtractionNames {
    static func of(_ window: ScrollWindow?) -> String {
        guard let window else { return "the index" }
        return of(window.times) + (window.shard.map { ", shard \($0)" } ?? "")
    }

    static func of(_ times: Range<Int64>?) -> String {
        guard let times else { return "documents without a time" }
        return "\(ISO8601.text(times.lowerBound))/\(ISO8601.text(times.upperBound))"
    }
}

/// Passes on what a reading tells of: to the sink, once there is one, to the journal of scrolls and to the console.
private final class ExtractionRelay: Sendable {
    private let console: Console
    private let journal: OpenScrolls?
    private let sink = Mutex<ExtractionSink?>(nil)

    init(_ console: Console, _ journal: OpenScrolls?) {
        self.console = console
        self.journal = journal
    }

    func connect(_ sink: ExtractionSink) { self.sink.withLock { $0 = sink } }

    func tell(_ event: ScrollEvent) {
        switch event {
        case .opened(let scroll, let endpoint): journal?.opened(scroll, endpoint: endpoint)
        case .cleared(let scroll, _): journal?.cleared(scroll)
        case .finished(let report): sink.withLock { $0 }?.finished(report)
        // All of them are listed at the end.
        case .hole: break
        default: if let text = OpenSearchSettings.text(event) { console.note(text) }
        }
    }
}
