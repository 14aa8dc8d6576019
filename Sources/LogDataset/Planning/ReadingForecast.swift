/// What a reading will take, as far as a sample tells.
public struct ReadingForecast: Sendable, Codable, Equatable {
    /// Documents that match now.
    public var documents = 0
    /// Windows that they are read in.
    public var windows = 0
    /// Documents that were looked at.
    public var sampledDocuments = 0
    /// Lines that will be counted: documents with the field, less what the cleaning leaves out.
    public var lines = 0
    /// Bytes of their messages.
    public var messageBytes = 0
    /// Bytes that the server sends, uncompressed.
    public var transferBytes = 0
    /// Distinct masked texts.
    public var templates = 0
    /// Bytes of `templates.table`.
    public var tableBytes = 0
    /// Bytes on disk while the reading lasts, the table included.
    public var diskBytes = 0
    /// Bytes of memory at the most.
    public var memoryBytes = 0
    /// Seconds of the server and the network, with one reader.
    public var networkSeconds = 0.0
    /// Seconds of masking and counting, with one worker.
    public var maskingSeconds = 0.0
    /// Seconds in all.
    public var seconds = 0.0
}

/// What was seen of a few pages.
struct ReadingSample: Sendable, Equatable {
    var documents = 0
    var lines = 0
    var messageBytes = 0
    var transferBytes = 0
    /// How many texts occur so often.
    var frequencies: [UInt64: UInt64] = [:]
    /// Bytes of all distinct texts, and of those seen once.
    var textBytes = 0
    var onceBytes = 0
    var networkSeconds = 0.0
    var maskingSeconds = 0.0
}

/// What the run that is planned has to work with.
struct ReadingResources: Sendable {
    var workers: Int
    var parallel: Int
    var budget: MemoryBudget
    /// Resident bytes of a process that has done nothing yet.
    var baseBytes: Int
}

extension ReadingForecast {
    /// Beside its text, a template takes this much in a run or table (docs/table-format.md), and about this much in
    /// memory.
    private static let recordBytes = 36.0
    private static let entryBytes = 64.0
    /// What a table's metadata takes.
    private static let metadataBytes = 3_000.0
    /// Pages of a reader, where masking keeps up: on the wire, being decoded, waiting, and buffers for the next; and one
    /// that each worker is at.
    private static let pagesOfReader = 5
    /// The most documents and bytes of a page (`PageSizing` of OpenSearchScroll).
    private static let pageDocuments = 10_000.0
    private static let pageBytes = 4_194_304.0
    /// Templates merged and written a second.
    private static let mergedPerSecond = 1_000_000.0

    /// What follows from a sample; a pure function.
    ///
    /// - Parameter windows: documents of each window.
    init(_ sample: ReadingSample, windows: [Int], _ resources: ReadingResources) {
        documents = windows.reduce(0, +)
        self.windows = windows.count
        sampledDocuments = sample.documents
        guard sample.documents > 0, sample.lines > 0 else {
            memoryBytes = resources.baseBytes
            return
        }
        let scale = Double(documents) / Double(sample.documents)
        let growth = TemplateGrowth(frequencies: sample.frequencies)
        lines = Int((Double(sample.lines) * scale).rounded())
        messageBytes = Int(Double(sample.messageBytes) * scale)
        transferBytes = Int(Double(sample.transferBytes) * scale)
        templates = Int(growth.distinct(among: Double(lines)).rounded())
        let size = TextSize(sample, growth)
        let perDocument = Double(sample.lines) / Double(sample.documents)
        let ofWindows = windows.map { size.bytes(among: Double($0) * perDocument, each: Self.recordBytes) }
        tableBytes = Int(size.bytes(among: Double(lines), each: Self.recordBytes) + Self.metadataBytes)
        diskBytes = tableBytes + Int(ofWindows.reduce(0, +))
        networkSeconds = sample.networkSeconds * scale
        maskingSeconds = sample.maskingSeconds * scale
        memoryBytes = memory(size, perDocument, windows, resources)
        let readers = Double(max(1, min(resources.parallel, windows.count)))
        seconds =
            max(networkSeconds / readers, maskingSeconds / Double(max(1, resources.workers)))
            + Double(templates) / Self.mergedPerSecond
    }

    private func memory(
        _ size: TextSize, _ perDocument: Double, _ windows: [Int], _ resources: ReadingResources
    ) -> Int {
        let readers = max(1, min(resources.parallel, windows.count))
        let ofDocument = Double(transferBytes) / Double(max(1, documents))
        let page = min(Self.pageBytes, Self.pageDocuments * ofDocument, Double(transferBytes))
        // Where masking is the slower half, pages fill whatever they are given.
        let keepsUp = maskingSeconds / Double(max(1, resources.workers)) <= networkSeconds / Double(readers)
        let held = keepsUp ? page * Double(readers * Self.pagesOfReader + resources.workers) : .infinity
        let inFlight = min(held, Double(transferBytes), Double(resources.budget.pages))
        let largest = windows.sorted(by: >).prefix(readers).map { Double($0) * perDocument }
        let tables = largest.reduce(0) { $0 + size.bytes(among: $1, each: Self.entryBytes) }
        return resources.baseBytes + Int(inFlight)
            + Int(min(tables, Double(resources.budget.tables)))
    }
}

/// What distinct texts take: those of the sample as they are, further ones as those seen once.
private struct TextSize {
    private let growth: TemplateGrowth
    private let seen: Double
    private let mean: Double
    private let meanOfNew: Double

    init(_ sample: ReadingSample, _ growth: TemplateGrowth) {
        self.growth = growth
        seen = sample.frequencies.values.reduce(0) { $0 + Double($1) }
        mean = seen > 0 ? Double(sample.textBytes) / seen : 0
        let once = Double(sample.frequencies[1] ?? 0)
        meanOfNew = once > 0 ? Double(sample.onceBytes) / once : mean
    }

    func bytes(among lines: Double, each overhead: Double) -> Double {
        let distinct = growth.distinct(among: lines)
        let known = min(distinct, seen)
        return known * (mean + overhead) + (distinct - known) * (meanOfNew + overhead)
    }
}
