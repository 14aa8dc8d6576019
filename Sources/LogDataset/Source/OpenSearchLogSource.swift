import FoundationEssentials
public import OpenSearchScroll
import Synchronization

/// Logs out of OpenSearch, an hour of the query's time or less a window.
///
/// What cannot be read is a hole of the reading, not its end. A run that goes on with another plans anew and leaves out
/// what was read, however the plans cut the time.
public final class OpenSearchLogSource: LogSource {
    private struct State {
        var plan: ScrollPlan?
        var planned = PlannedDocuments()
        /// Documents handed out by the name of their index.
        var delivered: [String: Int] = [:]
        var deliveredInAll = 0
        var holes: [Hole] = []
        /// Indices that windows of earlier runs were read without.
        var missed: Set<String> = []
    }

    let client: OpenSearchClient
    let query: ScrollQuery
    /// Scrolls that an earlier run left open.
    private let leftScrolls: [String]
    /// What the query leaves out, to be counted: reasons, and queries for that alone.
    private let excluded: [(reason: String, query: ScrollQuery)]
    private let memory: Int?
    private let state = Mutex(State())

    /// A source over what a query matches.
    ///
    /// - Parameters:
    ///   - client: reads the index.
    ///   - query: what is read.
    ///   - excluded: what the query leaves out, by reason, as queries for that alone: counted for the report.
    ///   - leftScrolls: ids of scrolls that an earlier run left open; they are freed first.
    ///   - memory: bytes that the ids of the windows read at once may take; nil lets them take any.
    public init(
        client: OpenSearchClient, query: ScrollQuery, excluded: [(reason: String, query: ScrollQuery)] = [],
        leftScrolls: [String] = [], memory: Int? = nil
    ) {
        self.client = client
        self.memory = memory
        self.excluded = excluded
        self.leftScrolls = leftScrolls
        var query = query
        query.toleratesHoles = true
        self.query = query
    }

    /// The index and the field.
    public var name: String { "index \(query.index), field \(query.field)" }

    /// The hours that hold documents, and the documents without a time.
    public func windows() async throws -> [LogWindow] { try await windows(excluding: []) }

    /// What is left of the hours that hold documents now. What has come since into a window that was read is not
    /// looked for.
    public func windows(excluding committed: [CommittedWindow]) async throws -> [LogWindow] {
        await client.clear(leftScrolls)
        let plan = try await client.plan(query)
        let read = committed.compactMap { Self.report(of: $0) }
        noteDelivered(committed)
        var wanted = plan
        wanted.indices = state.withLock { state in
            state.plan = plan
            state.planned.add(plan.indices)
            state.holes = plan.holes.map { Hole($0) }
            state.missed = Set(read.flatMap { $0.away ?? [] })
            // What is still expected, also of indices that only earlier plans had: they may come back.
            let left = state.planned.indices.merging(plan.indices, uniquingKeysWith: max)
                .map { ($0.key, $0.value - (state.delivered[$0.key] ?? 0)) }
            return Dictionary(uniqueKeysWithValues: left.filter { $0.1 > 0 })
        }
        if !committed.isEmpty { try client.goOn(with: wanted, of: query) }
        let remaining = plan.remaining(after: read.map(\.window)).windows
        try checkMemory(remaining, atOnce: client.windowsAtOnce(for: plan))
        return remaining.map { Self.logWindow($0) }
    }

    /// What a document's id takes while its window is read, at most: two slots of 16 bytes, and a third while they
    /// grow.
    private static let bytesOfID = 48

    /// Time cuts windows to a size; documents without one are as many as there are.
    private func checkMemory(_ windows: [ScrollWindow], atOnce: Int) throws(DatasetError) {
        let uncut = windows.map(\.expectedDocuments).filter { $0 > query.windowDocuments }
        let largest = uncut.sorted(by: >).prefix(atOnce).reduce(0, +)
        guard let memory, largest > memory / Self.bytesOfID else { return }
        let untimed = windows.reduce(0) { $0 + ($1.times == nil ? $1.expectedDocuments : 0) }
        let what =
            untimed > 0 ? "\(untimed) documents have no time in the field \(query.timeField)" : "too many have one time"
        throw DatasetError(
            .invalidSetting,
            "\(what), by which they could be read in parts: to tell them apart takes up to "
                + "\(largest * Self.bytesOfID >> 20) MiB of memory; name the field that holds their time (--time-field), or "
                + "allow more memory (--memory)")
    }

    /// What the plans had: an index that is gone when the reading is gone on with is in no later one.
    public func planToKeep() -> [UInt8] { state.withLock { $0.planned }.encoded }

    /// Remembers what earlier plans had.
    public func goOn(with plan: [UInt8]) { state.withLock { $0.planned = PlannedDocuments(decoding: plan) } }

    /// As many as scrolls are allowed, and one.
    public var windowsAtOnce: Int? { state.withLock { $0.plan }.map { client.windowsAtOnce(for: $0) } }

    static func logWindow(_ window: ScrollWindow) -> LogWindow {
        LogWindow(
            name: name(of: window), hour: Hour(milliseconds: window.times?.lowerBound),
            expectedDocuments: window.expectedDocuments, key: window)
    }

    /// Windows whose report is not there or cannot be read any more, and those that were read while an index was away
    /// that is back. What is not is left as it is, for the indices that were there may have gone since.
    public func outdated(among committed: [CommittedWindow]) async throws -> [String] {
        let reports = committed.map { (name: $0.name, report: Self.report(of: $0)) }
        let lost = reports.filter { $0.report == nil }.map(\.name)
        guard reports.contains(where: { $0.report?.away != nil }) else { return lost }
        let plan = try await client.plan(query)
        let back = reports.filter { window in
            window.report?.away?.contains { plan.indices[$0] != nil || $0 == WindowReport.someIndices } ?? false
        }
        return lost + back.map(\.name)
    }

    /// Reads a window; whatever fails meanwhile, each of its documents comes once.
    public func read(_ window: LogWindow, into sink: LogSink) async throws {
        guard let scroll = window.key as? ScrollWindow else {
            preconditionFailure("a window of another source was given to OpenSearchLogSource")
        }
        let proof = try await client.readWindow(scroll, of: query, waitsAtMost: nil) { pages in
            for try await page in pages {
                try await sink.add(OpenSearchPage(page: page, hour: window.hour ?? .none))
            }
            return pages.proof
        }
        for hole in proof.holes { sink.addHole(Hole(hole)) }
        guard let report = (proof.windows + proof.partial).first else { return }
        sink.attach(details: try Self.details(of: report))
        noteDelivered(report)
    }

    /// What the plan knew to be out of reach, and the indices that vanished while they were read, or before the reading
    /// was gone on with.
    public func holesAtEnd() async throws -> [Hole] {
        let state = self.state.withLock { $0 }
        guard var plan = state.plan else { return [] }
        let before = plan.indices
        plan.indices = state.planned.indices
        let lost = try await client.lost(
            since: plan, of: query, delivered: delivered, missedEarlier: state.missed)
        // Where an index was renamed before this run, another one has its documents.
        let isComplete = state.deliveredInAll >= state.planned.documents
        let missing = lost.filter { !isComplete || !$0.isGone || $0.hole.index.map { before[$0] != nil } ?? true }
        return state.holes + missing.map { Hole($0.hole) }
    }

    /// Counts what an earlier run has read, so that an index that vanished since is no hole for it.
    func noteDelivered(_ windows: [CommittedWindow]) {
        for report in windows.compactMap({ Self.report(of: $0) }) { noteDelivered(report) }
    }

    private func noteDelivered(_ report: WindowReport) {
        state.withLock { state in
            state.delivered.merge(report.indices, uniquingKeysWith: +)
            state.deliveredInAll += report.delivered
        }
    }

    /// Documents that count as read, by the name of their index.
    var delivered: [String: Int] { state.withLock { $0.delivered } }

    /// Counts what the query leaves out.
    public func exclusions() async throws -> [Exclusion] {
        var exclusions: [Exclusion] = []
        for (reason, query) in excluded {
            var query = query
            query.toleratesHoles = true
            exclusions.append(Exclusion(reason: reason, documents: try await client.plan(query).expectedDocuments))
        }
        return exclusions
    }

    // MARK: Reports

    private static func details(of report: WindowReport) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Array(try encoder.encode(report))
        guard bytes.count > LogSink.largestDetails else { return bytes }
        // An hour over hundreds of indices: which of them matters less than that it was read.
        var short = report
        short.indices = [:]
        bytes = Array(try encoder.encode(short))
        // Hundreds of indices were away: without their names a later run reads it again.
        return bytes.count > LogSink.largestDetails ? [] : bytes
    }

    static func report(of window: CommittedWindow) -> WindowReport? {
        try? JSONDecoder().decode(WindowReport.self, from: Data(window.details))
    }

    private static func name(of window: ScrollWindow) -> String {
        let shard = window.shard.map { ", shard \($0)" } ?? ""
        guard let times = window.times else { return "without time\(shard)" }
        return "\(times.lowerBound)..<\(times.upperBound) ms\(shard)"
    }
}

extension Hole {
    init(_ hole: ScrollHole) { self.init(what: hole.reason, documents: hole.documents) }
}

/// A page of a scroll; all its documents are of the window's hour.
package struct OpenSearchPage: LogPage {
    private let page: ScrollPage
    private let hour: Hour

    package init(page: ScrollPage, hour: Hour = .none) {
        self.page = page
        self.hour = hour
    }

    package var bytes: Int { page.bytes }

    package var mostMessages: Int { page.count }

    package func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally {
        page.forEachMessage { body($0, hour) }
        var tally = PageTally()
        tally.documentsWithoutField = UInt64(page.documentsWithoutField)
        return tally
    }
}
