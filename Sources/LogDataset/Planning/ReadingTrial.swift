import Glibc
import OpenSearchScroll
import Synchronization

/// What the first moments of a reading took, read, masked and kept as a run does it.
struct ReadingTrial: Sendable, Equatable {
    /// Documents that were read.
    var documents = 0
    /// Their templates.
    var templates = 0
    /// From the server's counts to the table on disk.
    var seconds = 0.0
    /// When each reader was stopped, from the first opening on; none where everything was read.
    var stops: [Double] = []
    /// Resident bytes of the process at the most.
    var peakBytes = 0

    /// Documents a second, all readers together, what it takes to open and to keep a window included. Nil where
    /// everything was read.
    var rate: Double? {
        guard !stops.isEmpty, documents > 0 else { return nil }
        // Each reader was stopped behind a page of its own: none is counted with a page it was in the middle of.
        return Double(documents) * Double(stops.count) / stops.reduce(0, +)
    }
}

extension ReadingTrial {
    /// Reads windows in the seed's order, as many at once as a run would, for as long as the trial lasts.
    ///
    /// - Parameters:
    ///   - configuration: that of the run.
    ///   - folder: an empty folder; it holds the buckets meanwhile, and nothing afterwards.
    ///   - duration: after so long each reader stops behind its page. A second is some pages of each, and no server
    ///     minds it.
    /// - Returns: also the plan of the whole reading.
    /// - Throws: what the reading throws, or `unwritable` where the folder is not empty.
    static func run(
        _ client: OpenSearchClient, _ query: ScrollQuery, _ configuration: DatasetConfiguration, in folder: String,
        for duration: Duration = .seconds(1)
    ) async throws -> (plan: ScrollPlan, trial: ReadingTrial) {
        guard Folder.names(folder) == [] else {
            throw DatasetError(
                .unwritable, "The folder to try the reading in, \(folder), is not empty; give one that is.")
        }
        let start = ContinuousClock.now
        let plan = try await client.plan(query)
        let source = TrialSource(client, query, plan, for: duration)
        let collector = TableCollector(source: source, configuration: configuration.ofTrial(in: folder))
        defer {
            CollectionCheckpoint.discard(in: folder)
            unlink(collector.tablePath)
        }
        var templates = 0
        do throws(DatasetError) {
            templates = Int(try await collector.collect().table.metadata.templates)
        } catch {
            // There is nothing, or not a line of these is kept, which says nothing of the others.
            guard error.code == .unusableSource else { throw error }
        }
        return (plan, source.trial(start, templates: templates))
    }
}

extension DatasetConfiguration {
    /// What shapes the work of reading, and none of what a run keeps, takes over, reports or ends by.
    fileprivate func ofTrial(in folder: String) -> Self {
        var trial = Self(directory: folder)
        trial.seed = seed
        trial.workers = workers
        trial.parallelWindows = parallelWindows
        trial.memory = memory
        trial.disk = disk
        trial.maximumBadShare = maximumBadShare
        trial.cleaning = cleaning
        trial.masking = masking
        trial.checkpoint = CollectionCheckpoint(startedAt: 0)
        trial.readsInSeededOrder = true
        return trial
    }
}

/// The logs of an index, of which no page more is read once the trial is over.
private final class TrialSource: LogSource {
    private struct State {
        var start: ContinuousClock.Instant?
        var documents = 0
        var stops: [Double] = []
    }

    let name = "a trial"
    private let client: OpenSearchClient
    private let query: ScrollQuery
    private let plan: ScrollPlan
    private let duration: Duration
    private let state = Mutex(State())

    init(_ client: OpenSearchClient, _ query: ScrollQuery, _ plan: ScrollPlan, for duration: Duration) {
        self.client = client
        self.query = query
        self.plan = plan
        self.duration = duration
    }

    func windows() -> [LogWindow] { plan.windows.map { OpenSearchLogSource.logWindow($0) } }

    /// As in a run. Further ones would go on one by one after the end.
    var windowsAtOnce: Int? { client.windowsAtOnce(for: plan) }

    func read(_ window: LogWindow, into sink: LogSink) async throws {
        guard let scroll = window.key as? ScrollWindow, let start = startUnlessStopped() else { return }
        try await client.readWindow(scroll, of: query, waitsAtMost: nil) { pages in
            for try await page in pages {
                try await sink.add(OpenSearchPage(page: page, hour: window.hour ?? .none))
                state.withLock { $0.documents += page.count }
                guard ContinuousClock.now - start >= duration else { continue }
                // What is read and not yet masked would have to be waited for in a run too.
                await sink.drain()
                stop(start)
                break
            }
        }
    }

    /// When the first window was opened: now for the first; nil once a reader was stopped, or is to be.
    private func startUnlessStopped() -> ContinuousClock.Instant? {
        state.withLock { state in
            guard let start = state.start else {
                state.start = .now
                return state.start
            }
            // Windows without a page have an end too.
            let elapsed = ContinuousClock.now - start
            if state.stops.isEmpty, elapsed > duration { state.stops.append(elapsed / .seconds(1)) }
            return state.stops.isEmpty ? start : nil
        }
    }

    private func stop(_ start: ContinuousClock.Instant) {
        state.withLock { $0.stops.append((ContinuousClock.now - start) / .seconds(1)) }
    }

    func trial(_ start: ContinuousClock.Instant, templates: Int) -> ReadingTrial {
        let state = state.withLock { $0 }
        return ReadingTrial(
            documents: state.documents, templates: templates, seconds: (ContinuousClock.now - start) / .seconds(1),
            stops: state.stops)
    }
}
