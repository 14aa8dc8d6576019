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
    ///   - configuration: that of the run; its folder holds the buckets meanwhile, and nothing afterwards.
    ///   - duration: after so long each reader stops behind its page. A second is some pages of each, and no server
    ///     minds it.
    /// - Returns: also the windows of the whole reading.
    /// - Throws: what the reading throws.
    static func run(
        _ client: OpenSearchClient, _ query: ScrollQuery, _ configuration: DatasetConfiguration,
        for duration: Duration = .seconds(1)
    ) async throws(DatasetError) -> (windows: [ScrollWindow], trial: ReadingTrial) {
        var configuration = configuration
        configuration.checkpoint = CollectionCheckpoint(startedAt: 0)
        configuration.readsInSeededOrder = true
        configuration.monitor = CollectionMonitor()
        let source = TrialSource(OpenSearchLogSource(client: client, query: query), for: duration)
        let collector = TableCollector(source: source, configuration: configuration)
        defer {
            CollectionCheckpoint.discard(in: configuration.directory)
            unlink(collector.tablePath)
        }
        let start = ContinuousClock.now
        var templates = 0
        do throws(DatasetError) {
            templates = Int(try await collector.collect().table.metadata.templates)
        } catch {
            // There is nothing, or not a line of these is kept, which says nothing of the others.
            guard error.code == .unusableSource else { throw error }
        }
        return (source.planned, source.trial(start, templates: templates))
    }
}

/// The logs of an index, of which no page more is read once the trial is over.
private final class TrialSource: LogSource {
    private struct State {
        var planned: [ScrollWindow] = []
        var start: ContinuousClock.Instant?
        var documents = 0
        var stops: [Double] = []
    }

    private let source: OpenSearchLogSource
    private let duration: Duration
    private let state = Mutex(State())

    init(_ source: OpenSearchLogSource, for duration: Duration) {
        self.source = source
        self.duration = duration
    }

    var name: String { source.name }

    /// All windows there are, once they were asked for.
    var planned: [ScrollWindow] { state.withLock { $0.planned } }

    func windows() async throws -> [LogWindow] {
        let windows = try await source.windows()
        state.withLock { $0.planned = windows.compactMap { $0.key as? ScrollWindow } }
        return windows
    }

    func holesAtEnd() async throws -> [Hole] { try await source.holesAtEnd() }

    func read(_ window: LogWindow, into sink: LogSink) async throws {
        guard let scroll = window.key as? ScrollWindow, let start = startUnlessStopped() else { return }
        try await source.client.readWindow(scroll, of: source.query) { pages in
            for try await page in pages {
                try await sink.add(OpenSearchPage(page: page, hour: window.hour ?? .none))
                state.withLock { $0.documents += page.count }
                guard ContinuousClock.now - start >= duration else { continue }
                // What is read and not yet masked would have to be waited for in a run too.
                await sink.drain()
                state.withLock { $0.stops.append((ContinuousClock.now - start) / .seconds(1)) }
                break
            }
        }
    }

    /// When the first window was opened: now for the first; nil once a reader was stopped.
    private func startUnlessStopped() -> ContinuousClock.Instant? {
        state.withLock { state in
            guard state.stops.isEmpty else { return nil }
            let start = state.start ?? .now
            state.start = start
            return start
        }
    }

    func trial(_ start: ContinuousClock.Instant, templates: Int) -> ReadingTrial {
        let state = state.withLock { $0 }
        return ReadingTrial(
            documents: state.documents, templates: templates, seconds: (ContinuousClock.now - start) / .seconds(1),
            stops: state.stops)
    }
}
