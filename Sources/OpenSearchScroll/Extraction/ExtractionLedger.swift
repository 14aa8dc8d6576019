/// What stands in an output file to which documents of several windows are written at once, and from where the file has
/// to be looked through after a crash: a value.
///
/// A window is committed when it was read whole, with no index away, and all that it handed out stands in the file.
public struct ExtractionLedger: Sendable {
    /// A file up to a place.
    public struct Extent: Sendable, Hashable, Codable {
        /// Its bytes.
        public var bytes = 0
        /// Its lines.
        public var documents = 0
        /// Over their documents.
        public var digest = IDDigest()

        /// An empty file.
        public init() {}

        /// Takes in what follows.
        public mutating func add(_ other: Extent) {
            add(bytes: other.bytes, documents: other.documents, digest: other.digest)
        }

        mutating func add(bytes: Int, documents: Int, digest: IDDigest) {
            self.bytes += bytes
            self.documents += documents
            self.digest.add(digest)
        }
    }

    private struct Open: Sendable {
        var start: Int
        var written = 0
        var report: WindowReport?
    }

    /// What has been written.
    public private(set) var end: Extent
    /// Documents written by the name of their index.
    public private(set) var indices: [String: Int]
    private var committed: StretchSet
    private var open: [ScrollWindow: Open] = [:]
    /// From where lines of an earlier run may belong to no window that is committed; and how many do.
    private var left: (start: Int, documents: Int)

    /// - Parameters:
    ///   - plan: what is to be read.
    ///   - end: what stands in the file already.
    ///   - read: the stretches of it that earlier runs have committed.
    ///   - indices: documents that stand in the file, by the name of their index.
    ///   - scanFrom: from where on the file may hold documents of no stretch.
    public init(
        _ plan: ScrollPlan, end: Extent = Extent(), read: [ScrollStretch] = [], indices: [String: Int] = [:],
        scanFrom: Int = 0
    ) {
        self.end = end
        self.indices = indices
        committed = StretchSet(plan, read: read)
        left = (scanFrom, end.documents - read.reduce(0) { $0 + $1.delivered })
    }

    /// The stretches that are committed.
    public var stretches: [ScrollStretch] { committed.stretches }

    /// From where on the file may hold documents of windows that are not committed.
    public var scanFrom: Int {
        let first = open.values.lazy.map(\.start).min() ?? end.bytes
        return left.documents > 0 ? min(left.start, first) : first
    }

    /// The stretches and the place to look from, with at most so many stretches: what was begun last is left out, to be
    /// read again.
    public func bounded(to count: Int) -> (stretches: [ScrollStretch], scanFrom: Int) {
        guard stretches.count > count else { return (stretches, scanFrom) }
        let byStart = stretches.indices.sorted { stretches[$0].start < stretches[$1].start }
        let leftOut = Set(byStart[count...])
        let start = leftOut.lazy.map { stretches[$0].start }.min() ?? end.bytes
        let kept = stretches.indices.filter { !leftOut.contains($0) }.map { stretches[$0] }
        return (kept, min(scanFrom, start))
    }

    /// A page of a window is about to be written.
    public mutating func begin(_ window: ScrollWindow) {
        if open[window] == nil { open[window] = Open(start: end.bytes) }
    }

    /// A page of a window was written, or waits in a buffer before everything that comes later.
    ///
    /// - Parameter indices: its documents by the name of their index.
    /// - Returns: whether that committed the window.
    public mutating func wrote(_ window: ScrollWindow, _ extent: Extent, indices: [String: Int]) -> Bool {
        begin(window)
        end.add(extent)
        self.indices.merge(indices, uniquingKeysWith: +)
        open[window]?.written += extent.documents
        return settle(window)
    }

    /// A window was read whole; its last pages may still come.
    ///
    /// - Returns: whether that committed it.
    public mutating func finished(_ report: WindowReport) -> Bool {
        open[report.window, default: Open(start: end.bytes)].report = report
        return settle(report.window)
    }

    private mutating func settle(_ window: ScrollWindow) -> Bool {
        guard let state = open[window], let report = state.report, report.away == nil,
            state.written == report.delivered - report.deliveredEarlier
        else { return false }
        open[window] = nil
        let start = report.deliveredEarlier > 0 ? min(left.start, state.start) : state.start
        committed.insert(ScrollStretch(report, start: start))
        left.documents -= report.deliveredEarlier
        return true
    }
}
