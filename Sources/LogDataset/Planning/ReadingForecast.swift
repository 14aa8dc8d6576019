import OpenSearchScroll

/// What a reading will take, as far as a sample tells.
public struct ReadingForecast: Sendable, Codable, Equatable {
    /// Documents that match now.
    public var documents = 0
    /// Windows that they are read in.
    public var windows = 0
    /// Documents that were looked at.
    public var sampledDocuments = 0
    /// How many of those have a text in the field asked for.
    public var sampledMessages = 0
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
    /// Documents with the field, what the cleaning leaves out included.
    var messages = 0
    var lines = 0
    var messageBytes = 0
    var transferBytes = 0
    /// How many texts occur so often.
    var frequencies: [UInt64: UInt64] = [:]
    /// Bytes of all distinct texts, and of those seen once.
    var textBytes = 0
    var onceBytes = 0
    /// How long each page took from its opening on.
    var pages: [PageTime] = []
    var maskingSeconds = 0.0
    var trial = ReadingTrial()

    struct PageTime: Sendable, Equatable {
        let documents: Int
        let seconds: Double
    }
}

extension ReadingSample {
    /// What a request costs however little it brings, and what a document costs besides: from the middle times of small
    /// and of large pages. Where all are of one size, documents are all the cost there is.
    var networkCost: (request: Double, document: Double) {
        let sizes = pages.map(\.documents)
        guard let least = sizes.min(), let most = sizes.max(), most > 0 else { return (0, 0) }
        guard least * 2 <= most else {
            let all = middle { _ in true }
            return (0, all.seconds / all.documents)
        }
        let large = middle { $0 * 2 > least + most }
        let small = middle { $0 * 2 <= least + most }
        let document = max(0, (large.seconds - small.seconds) / (large.documents - small.documents))
        return (max(0, small.seconds - document * small.documents), document)
    }

    private func middle(_ isWanted: (Int) -> Bool) -> (documents: Double, seconds: Double) {
        let wanted = pages.filter { isWanted($0.documents) }
        let documents = wanted.map(\.documents).sorted()[wanted.count / 2]
        return (Double(documents), wanted.map(\.seconds).sorted()[wanted.count / 2])
    }
}

/// What the run that is planned has to work with.
struct ReadingResources: Sendable {
    var workers: Int
    /// Windows read at once: one more than scrolls.
    var parallel: Int
    var budget: MemoryBudget
    /// Resident bytes of a process that has done nothing yet.
    var baseBytes: Int
    /// What it took to come so far.
    var baseSeconds: Double
}

extension ReadingForecast {
    /// Beside its text, a template takes this much in a run or table (docs/table-format.md), and about this much in
    /// memory.
    private static let recordBytes = 36.0
    private static let entryBytes = 64.0
    /// What a table's metadata takes.
    private static let metadataBytes = 3_000.0
    /// Pages of a reader, where masking keeps up: on the wire, of the next window, being decoded, waiting, and buffers
    /// for the next; and one that each worker is at.
    private static let pagesOfReader = 6
    /// Buffers are larger than what is in them.
    private static let slack = 1.3
    /// Templates merged and written a second.
    private static let mergedPerSecond = 1_000_000.0

    /// What follows from a sample; a pure function.
    ///
    /// - Parameter windows: documents of each window.
    init(_ sample: ReadingSample, windows: [Int], _ resources: ReadingResources) {
        documents = windows.reduce(0, +)
        self.windows = windows.count
        sampledDocuments = sample.documents
        sampledMessages = sample.messages
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
        let cost = sample.networkCost
        let ofPage = pageDocuments(resources)
        let pages = windows.reduce(0.0) { $0 + (Double($1) / ofPage).rounded(.up) }
        networkSeconds = cost.request * pages + cost.document * Double(documents)
        maskingSeconds = sample.maskingSeconds * scale
        let trial = sample.trial
        memoryBytes = trial.peakBytes
        seconds = resources.baseSeconds + trial.seconds
        // Where the trial has read everything, it has taken what a run takes.
        guard trial.documents < documents else { return }
        let rate = trial.rate ?? Double(documents) / max(networkSeconds, maskingSeconds)
        memoryBytes = memory(size, perDocument, windows, resources)
        seconds += Double(documents - trial.documents) / rate
        seconds += Double(max(0, templates - trial.templates)) / Self.mergedPerSecond
    }

    /// How many documents a page of the run will hold.
    private func pageDocuments(_ resources: ReadingResources) -> Double {
        let ofDocument = Double(transferBytes) / Double(max(1, documents))
        let page = PageSizing.target(scrolls: resources.parallel - 1)
        return max(1, min(Double(PageSizing.usualLimit), Double(page) / max(1, ofDocument)))
    }

    private func memory(
        _ size: TextSize, _ perDocument: Double, _ windows: [Int], _ resources: ReadingResources
    ) -> Int {
        let readers = max(1, min(resources.parallel, windows.count))
        let page = pageDocuments(resources) * Double(transferBytes) / Double(max(1, documents))
        // Where masking is the slower half, pages fill whatever they are given.
        let keepsUp = maskingSeconds / Double(max(1, resources.workers)) <= networkSeconds / Double(readers)
        let held = keepsUp ? page * Double(readers * Self.pagesOfReader + resources.workers) : .infinity
        let inFlight = min(min(held, Double(transferBytes)) * Self.slack, Double(resources.budget.pages))
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
