import LogMasking
import Synchronization

/// Takes the pages of one window, masks and counts them over the pool, and keeps the counts until the window is whole.
///
/// Pages of a window may be masked at once, each into a table of its own; the order does not matter, since counts add.
public final class LogSink: Sendable {
    private struct State {
        var inFlight = 0
        var drained: CheckedContinuation<Void, Never>?
        /// Tables of this window that no worker holds, the last used at the end.
        var tables: [CountTable] = []
        var bucket: Bucket
        var failure: DatasetError?
    }

    /// The most bytes of details of a window.
    public static let largestDetails = 4096

    private let window: LogWindow
    private let resources: CollectionResources
    private let state: Mutex<State>

    init(window: LogWindow, resources: CollectionResources) {
        self.window = window
        self.resources = resources
        state = Mutex(State(bucket: Bucket(window: window)))
    }

    /// Hands over a page. Waits while the memory for pages is used up, so a slow mask slows the reader down.
    ///
    /// - Throws: `DatasetError` when an earlier page could not be counted or the task is cancelled.
    public func add(_ page: any LogPage) async throws {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        let bytes = page.bytes
        let start = ContinuousClock.now
        try await resources.pageGate.enter(bytes)
        let waited = ContinuousClock.now - start
        resources.monitor.update { $0.stalls.add(waited, to: .readingForMasking) }
        state.withLock { $0.inFlight += 1 }
        resources.pool.submit { [self] worker in
            count(page, worker)
            resources.pageGate.leave(bytes)
            finishPage()
        }
    }

    /// Keeps what the source itself has to say of this window, for the manifest and for a later run that goes on with
    /// this one. It replaces what was attached before.
    ///
    /// - Parameter details: at most `largestDetails` bytes, never the content of a log. A manifest shows them as they
    ///   are if they are JSON. Longer ones make the window fail.
    public func attach(details: [UInt8]) {
        state.withLock { state in
            guard details.count <= LogSink.largestDetails else {
                state.failure = DatasetError(
                    .sourceFailed,
                    "the source has \(details.count) bytes to say of the window \(window.name); attach at most "
                        + "\(LogSink.largestDetails)")
                return
            }
            state.bucket.details = details
        }
    }

    /// Notes a part of this window that cannot be read. The run goes on and is partial; a run that goes on with it
    /// reads the window again.
    public func addHole(_ hole: Hole) {
        state.withLock { $0.bucket.holes.append(hole) }
    }

    /// Runs something that blocks, a file's reading for example, on a thread of its own.
    func runBlocking<R: Sendable>(
        _ body: @escaping @Sendable () throws(DatasetError) -> R
    ) async throws(DatasetError) -> R {
        try await resources.readers.run { _ throws(DatasetError) in try body() }
    }

    /// Throws away what has been added, before the window is read again from its start.
    public func restart() async {
        await drain()
        let taken = takeAll()
        for table in taken.tables { resources.release(table) }
        resources.monitor.update { monitor in
            monitor.documents -= taken.bucket.tally.documents
            monitor.dropped.subtract(taken.bucket.tally.dropped)
            monitor.restarts += 1
        }
    }

    /// Commits the window's bucket, once every page has been counted.
    func finish() async throws(DatasetError) {
        await drain()
        let taken = takeAll()
        if let failure = taken.failure {
            for table in taken.tables { resources.release(table) }
            throw failure
        }
        let resources = resources
        try await resources.pool.run { _ throws(DatasetError) in
            try resources.commit(taken.bucket, tables: taken.tables)
        }
    }

    private func count(_ page: any LogPage, _ worker: WorkerPool.Worker) {
        var table = state.withLock { $0.tables.popLast() } ?? resources.makeTable()
        var held = table.bytes
        var runs: [Run] = []
        var failure: DatasetError?
        var messages: UInt64 = 0
        var messageBytes: UInt64 = 0
        var dropped = DroppedLines()
        let cleaning = resources.cleaning
        let pages = resources.pages
        let idle = worker.idle
        let maskedBefore = worker.masker.tally
        let tally = page.forEachMessage { message, hour in
            guard cleaning.keeps(message: message) else {
                dropped.keywords += 1
                return
            }
            worker.masker.withMasked(message) { masked in
                guard cleaning.keeps(masked: masked) else {
                    dropped.tooShort += 1
                    return
                }
                messages += 1
                messageBytes += UInt64(message.count)
                table.add(masked, hour: pages?.next() ?? hour)
            }
            let growth = table.bytes - held
            if growth == 0 { return }
            held += growth
            do throws(DatasetError) {
                guard let run = try resources.spillIfOverBudget(table, grownBy: growth) else { return }
                runs.append(run)
                table = resources.makeTable()
                held = table.bytes
            } catch {
                failure = failure ?? error
            }
        }
        let masking = worker.masker.tally.since(maskedBefore)
        state.withLock { state in
            state.bucket.tally.add(
                tally, messages: messages, bytes: messageBytes, dropped: dropped, masking: masking)
            state.bucket.runs += runs
            state.tables.append(table)
            state.failure = state.failure ?? failure
        }
        resources.monitor.update { monitor in
            monitor.documents += messages + dropped.total + tally.documents
            monitor.dropped.add(dropped)
            monitor.dropped.fields += tally.documentsDropped
            monitor.stalls.add(idle, to: .maskingForReading)
            monitor.bytes += messageBytes
        }
    }

    private func finishPage() {
        let drained = state.withLock { state in
            state.inFlight -= 1
            guard state.inFlight == 0 else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.drained = nil }
            return state.drained
        }
        drained?.resume()
    }

    /// Waits until no page is being masked. Pages are short work, so this ends also when the task is cancelled.
    func drain() async {
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                if state.inFlight > 0 { state.drained = continuation }
                return state.inFlight == 0
            }
            if isDrained { continuation.resume() }
        }
    }

    private func takeAll() -> State {
        state.withLock { state in
            defer { state = State(bucket: Bucket(window: window)) }
            return state
        }
    }
}
