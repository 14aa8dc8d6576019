import Synchronization

/// Lines that the cleaning keeps, as pages of 10,000 in the order in which they come, each reduced by its own weights
/// (``PageReduction``).
package struct PageDraw: Sendable {
    /// The table of all lines.
    package let table: TemplateTable
    /// What was read.
    package let report: CollectionReport
    /// K, the draws that were wanted.
    package let samples: Int
    /// How many of them the pages' quotas have left.
    package let draws: Int

    /// Its counts are draws.
    private let drawn: CountTable

    fileprivate init(table: TemplateTable, report: CollectionReport, samples: Int, drawn: CountTable, draws: Int) {
        self.table = table
        self.report = report
        self.samples = samples
        self.drawn = drawn
        self.draws = draws
    }

    /// Calls `body` with each template in table order and how often it was drawn.
    ///
    /// - Parameters:
    ///   - undrawn: Whether templates that were drawn 0 times are shown too.
    ///   - body: Called once a template; what it throws ends the walk.
    /// - Throws: What `body` throws, and what reading the table throws.
    package func walk(undrawn: Bool, _ body: (TemplateRecord, _ drawn: Int) throws -> Void) throws {
        for shard in 0..<TemplateShard.count {
            try table.forEachRecord(inShard: shard) { record in
                let times = Int(drawn.count(of: record.masked, hour: .none))
                if undrawn || times > 0 { try body(record, times) }
            }
        }
    }
}

extension TableCollector {
    /// Lines of a page of the original program.
    static let pageLength = 10_000

    /// Reads the source by one worker, one window after another, and draws by the original's literal law.
    ///
    /// While it is read, the number of its page stands for the hour of a line: so pages are counted apart, in the same
    /// memory and on the same disk as hours are. Nothing is kept for a later run.
    ///
    /// - Throws: What `collect()` throws, and `invalidSetting` for a number of draws out of range.
    package func drawByPages(epoch: Int) async throws(DatasetError) -> PageDraw {
        let store = try BucketStore(temporaryIn: configuration.directory, disk: configuration.disk)
        defer { store.remove() }
        let pages = PageNumbers(length: TableCollector.pageLength)
        return try await withWorkerPool(count: 1, masking: configuration.masking) { pool throws(DatasetError) in
            try await withWorkerPool(count: 1) { readers throws(DatasetError) in
                let resources = CollectionResources(
                    pool: pool, readers: readers, budget: configuration.memory, store: store,
                    monitor: configuration.monitor, cleaning: configuration.cleaning, pages: pages)
                let stopped = try await readWindows(resources, store, parallel: 1)
                let report = try await reportAtEnd(store, stopped)
                try report.checkUsable(maximumBadShare: configuration.maximumBadShare)
                let plan = try StepPlan(lines: report.total.lines, settings: configuration.steps)
                let reduction = PageReduction(
                    samples: plan.samples, total: report.total.lines, seed: configuration.seed, epoch: UInt64(epoch))
                let runs = store.allRuns
                let (drawn, draws) = try await pool.run { _ throws(DatasetError) in
                    try TableCollector.reduced(runs, by: reduction)
                }
                let table = try await merge(store, pool, report)
                return PageDraw(table: table, report: report, samples: plan.samples, drawn: drawn, draws: draws)
            }
        }
    }

    /// Draws page by page, in the order of pages, and sums the draws of each template.
    private static func reduced(
        _ runs: [Run], by reduction: PageReduction
    ) throws(DatasetError) -> (drawn: CountTable, draws: Int) {
        var reduction = reduction
        let inputs = runs.flatMap { run in
            run.segments.map { Merge.Input(run: run, segment: $0, isHeldOut: false) }
        }
        let drawn = CountTable()
        var draws = 0
        for (_, page) in Dictionary(grouping: inputs, by: \.segment.hour).sorted(by: {
            $0.key ?? .none < $1.key ?? .none
        }) {
            let texts = CountTable()
            var counts: [UInt64] = []
            var merge = try Merge(page)
            try merge.forEach { record throws(DatasetError) in
                counts.append(record.count)
                texts.add(record.masked, hour: .none)
            }
            let times = reduction.reduce(counts)
            texts.forEach { index, text in
                if times[index] > 0 { drawn.add(text, hour: .none, count: UInt64(times[index])) }
            }
            draws += times.reduce(0, +)
        }
        return (drawn, draws)
    }
}

/// Gives each line that is kept the number of its page, in the order in which one worker sees them.
final class PageNumbers: Sendable {
    private let length: Int
    private let lines = Atomic<Int>(0)

    init(length: Int) { self.length = length }

    /// The page of the next line, in place of its hour.
    func next() -> Hour {
        Hour(number: Int32(truncatingIfNeeded: lines.add(1, ordering: .relaxed).oldValue / length))
    }
}
