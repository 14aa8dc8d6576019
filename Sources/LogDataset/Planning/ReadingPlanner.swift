import LogMasking
public import OpenSearchScroll

/// Predicts what a reading of an index will take: from the counts of its windows, from a few pages over all of them
/// that are read, masked and counted, and from the first moments of a reading.
public struct ReadingPlanner: Sendable {
    /// Pages looked at at the most, and their documents on average.
    private static let pages = 16
    private static let pageDocuments = 1_000
    /// Documents of a page, by turns: two sizes tell what a request costs apart from what it brings.
    private static let pageSizes = [1_500, 500]

    private let client: OpenSearchClient
    private let query: ScrollQuery
    private let configuration: DatasetConfiguration
    private let scratch: String

    /// A planner for a reading with these settings.
    ///
    /// - Parameters:
    ///   - client: reads the index.
    ///   - query: what would be read.
    ///   - configuration: of that reading; nothing happens in its folder.
    ///   - scratch: an empty folder to try the reading in, left empty.
    public init(client: OpenSearchClient, query: ScrollQuery, configuration: DatasetConfiguration, scratch: String) {
        self.client = client
        self.configuration = configuration
        self.scratch = scratch
        var query = query
        query.toleratesHoles = true
        self.query = query
    }

    /// Asks the server for its counts, for the first moments of a reading, and for the sample.
    ///
    /// - Parameters:
    ///   - baseBytes: resident bytes of this process before it did anything.
    ///   - baseSeconds: what it took to come so far.
    ///   - peakBytes: asks for the most resident bytes that this process has had.
    /// - Throws: what the client throws, or `DatasetError`.
    public func forecast(
        baseBytes: Int, baseSeconds: Double, peakBytes: () -> Int
    ) async throws -> ReadingForecast {
        // First of all, so that what a first request costs is in it.
        var (plan, trial) = try await ReadingTrial.run(client, query, configuration, in: scratch)
        trial.peakBytes = peakBytes()
        var sample = try await sample(Self.points(try await parts(plan.windows)))
        sample.trial = trial
        let resources = ReadingResources(
            workers: configuration.workers,
            parallel: min(configuration.parallelWindows ?? configuration.workers, client.windowsAtOnce(for: plan)),
            budget: configuration.memory, baseBytes: baseBytes, baseSeconds: baseSeconds)
        return ReadingForecast(sample, windows: plan.windows.map(\.expectedDocuments), resources)
    }

    /// The windows, cut finer where the documents of one lie together: a page behind them would be empty.
    private func parts(_ windows: [ScrollWindow]) async throws -> [ScrollWindow] {
        let documents = windows.reduce(0) { $0 + $1.expectedDocuments }
        let size = max(2 * Self.pageDocuments, documents / Self.pages)
        guard windows.contains(where: { $0.expectedDocuments > size }), size < query.windowDocuments else {
            return windows
        }
        var query = query
        query.windowDocuments = size
        return try await client.plan(query).windows
    }

    /// Where the pages begin: evenly over the documents, and far enough apart not to overlap where documents lie evenly
    /// in their window.
    static func points(_ windows: [ScrollWindow]) -> [ScrollWindow] {
        let total = windows.reduce(0) { $0 + $1.expectedDocuments }
        let count = max(1, min(pages, total / (2 * pageDocuments)))
        var points: [ScrollWindow] = []
        var rest = windows[...]
        var before = 0
        for point in 0..<count {
            let position = total * (2 * point + 1) / (2 * count)
            while let first = rest.first, before + first.expectedDocuments <= position {
                before += first.expectedDocuments
                rest = rest.dropFirst()
            }
            guard let window = rest.first else { break }
            let start = cut(window, before: min(position - before, max(0, window.expectedDocuments - pageSizes[0])))
            if points.last != start { points.append(start) }
        }
        return points
    }

    /// What is left of a window behind its first documents. One without times, or of a moment, cannot be cut.
    private static func cut(_ window: ScrollWindow, before documents: Int) -> ScrollWindow {
        guard let times = window.times, window.expectedDocuments > 0 else { return window }
        let share = Double(documents) / Double(window.expectedDocuments)
        var cut = window
        cut.times = times.lowerBound + Int64(Double(times.upperBound - times.lowerBound) * share)..<times.upperBound
        cut.expectedDocuments -= documents
        return cut
    }

    private func sample(_ points: [ScrollWindow]) async throws -> ReadingSample {
        var sample = ReadingSample()
        let table = CountTable()
        try await withWorkerPool(count: 1, masking: configuration.masking) { pool throws(DatasetError) in
            do {
                for (number, point) in points.enumerated() {
                    let size = Self.pageSizes[number % Self.pageSizes.count]
                    try await add(point, size, to: &sample, table, pool)
                }
            } catch {
                throw DatasetError(wrapping: error, as: .sourceFailed, "the sample of the index could not be read")
            }
        }
        table.forEachSorted { _, record in
            sample.frequencies[record.count, default: 0] += 1
            sample.textBytes += record.masked.count
            if record.count == 1 { sample.onceBytes += record.masked.count }
        }
        return sample
    }

    private func add(
        _ point: ScrollWindow, _ size: Int, to sample: inout ReadingSample, _ table: CountTable, _ pool: WorkerPool
    ) async throws {
        var query = query
        query.pageSize = min(query.pageSize ?? size, size)
        let start = ContinuousClock.now
        guard let page = try await client.firstPage(point, of: query) else { return }
        sample.pages.append(
            .init(documents: page.count, seconds: (ContinuousClock.now - start) / .seconds(1)))
        sample.documents += page.count
        sample.transferBytes += page.bytes
        let cleaning = configuration.cleaning
        let counted = try await pool.run { worker throws(DatasetError) in
            Self.count(page, into: table, worker, cleaning)
        }
        sample.messages += counted.messages
        sample.lines += counted.lines
        sample.messageBytes += counted.bytes
        sample.maskingSeconds += counted.seconds
    }

    private static func count(
        _ page: ScrollPage, into table: CountTable, _ worker: WorkerPool.Worker, _ cleaning: LineCleaning
    ) -> (messages: Int, lines: Int, bytes: Int, seconds: Double) {
        let start = ContinuousClock.now
        var messages = 0
        var lines = 0
        var bytes = 0
        page.forEachMessage { message in
            messages += 1
            guard cleaning.keeps(message: message) else { return }
            worker.masker.withMasked(message) { masked in
                guard cleaning.keeps(masked: masked) else { return }
                lines += 1
                bytes += message.count
                table.add(masked, hour: .none)
            }
        }
        return (messages, lines, bytes, (ContinuousClock.now - start) / .seconds(1))
    }
}
