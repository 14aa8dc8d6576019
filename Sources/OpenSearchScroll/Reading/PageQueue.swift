import Synchronization

/// Pages on their way from the readers of windows to one consumer, bounded in bytes.
///
/// Readers ask for room before they ask the server for more, so beside what stands here there is one page a reader on
/// the wire. The rules are those of ``PageQueueState``; here are only the lock and the waiting.
final class PageQueue: Sendable {
    typealias Next = Result<ScrollPage?, OpenSearchError>

    enum Room: Sendable {
        case free
        /// Nothing was taken out for too long.
        case overdue
        /// Nobody reads any more.
        case closed
    }

    private struct Waiting {
        var state: PageQueueState
        var consumer: CheckedContinuation<Next, Never>?
        var readers: [Int: CheckedContinuation<Room, Never>] = [:]
        var lastReader = 0
    }

    private let waiting: Mutex<Waiting>

    /// - Parameter limit: bytes; one page fits always.
    init(limit: Int) { waiting = Mutex(Waiting(state: PageQueueState(limit: limit))) }

    // MARK: The consumer

    /// The next page, nil after the last, an error where the reading ended before its end.
    func next() async -> Next {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                resume { waiting in
                    if Task.isCancelled { waiting.state.close() }
                    waiting.consumer = continuation
                }
            }
        } onCancel: {
            close()
        }
    }

    /// Nobody reads any more. Readers that wait are told.
    func close() { resume { $0.state.close() } }

    // MARK: Readers

    /// Hands a page over. There is always place for it: room is asked for beforehand.
    func add(_ page: ScrollPage) { resume { $0.state.add(page) } }

    /// Whether a page could be handed over at once.
    var hasRoom: Bool { waiting.withLock { $0.state.room(forEmpty: false) == .free } }

    /// No more pages will come.
    func finish(_ error: OpenSearchError?) { resume { $0.state.finish(error) } }

    /// Waits until there is room for a page, but not longer than `limit`.
    func waitForRoom(atMost limit: Duration) async -> Room { await wait(forEmpty: false, atMost: limit) }

    /// Waits until all that was handed over has been taken, or nobody reads any more.
    func waitUntilEmpty() async -> Room { await wait(forEmpty: true, atMost: nil) }

    private func wait(forEmpty: Bool, atMost limit: Duration?) async -> Room {
        let (ticket, room) = waiting.withLock { waiting in
            waiting.lastReader += 1
            return (waiting.lastReader, waiting.state.room(forEmpty: forEmpty))
        }
        if let room { return room }
        let timer = limit.map { limit in
            Task { [weak self] in
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                self?.expire(ticket)
            }
        }
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                resume { waiting in
                    waiting.state.wait(ticket, forEmpty: forEmpty)
                    waiting.readers[ticket] = continuation
                    if Task.isCancelled { waiting.state.expire(ticket) }
                }
            }
        } onCancel: {
            expire(ticket)
        }
    }

    private func expire(_ ticket: Int) { resume { $0.state.expire(ticket) } }

    // MARK: Waking

    /// Changes the state, and wakes outside of the lock whom that concerns.
    private func resume(_ change: (inout sending Waiting) -> Void) {
        let (consumer, next, readers) = waiting.withLock {
            waiting -> (CheckedContinuation<Next, Never>?, Next?, [(CheckedContinuation<Room, Never>, Room)]) in
            change(&waiting)
            let next = waiting.consumer == nil ? nil : waiting.state.take()
            let consumer = next == nil ? nil : waiting.consumer
            if next != nil { waiting.consumer = nil }
            var readers: [(CheckedContinuation<Room, Never>, Room)] = []
            for (ticket, room) in waiting.state.settled() {
                if let reader = waiting.readers.removeValue(forKey: ticket) { readers.append((reader, room)) }
            }
            return (consumer, next, readers)
        }
        if let consumer, let next { consumer.resume(returning: next) }
        for (reader, room) in readers { reader.resume(returning: room) }
    }
}

/// What a ``PageQueue`` holds and who may go on: a value without locks or tasks.
struct PageQueueState {
    private let limit: Int
    private var pages: [ScrollPage] = []
    private var bytes = 0
    private var isFinished = false
    private var isClosed = false
    private var error: OpenSearchError?
    /// Readers that wait, in the order in which they came; whether they wait for an empty queue.
    private var waiting: [(ticket: Int, forEmpty: Bool)] = []
    private var overdue: Set<Int> = []

    init(limit: Int) { self.limit = limit }

    mutating func add(_ page: ScrollPage) {
        guard !isClosed else { return }
        pages.append(page)
        bytes += page.bytes
    }

    mutating func finish(_ error: OpenSearchError?) {
        guard !isFinished else { return }
        isFinished = true
        self.error = error
    }

    mutating func close() {
        isClosed = true
        pages = []
        bytes = 0
    }

    /// What the consumer gets; nil when there is nothing yet.
    mutating func take() -> PageQueue.Next? {
        if isClosed {
            return .failure(OpenSearchError(.cancelled, "the reading was cancelled, or its scope has ended"))
        }
        if !pages.isEmpty {
            let page = pages.removeFirst()
            bytes -= page.bytes
            return .success(page)
        }
        guard isFinished else { return nil }
        return error.map { .failure($0) } ?? .success(nil)
    }

    /// Whether a reader need not wait.
    func room(forEmpty: Bool) -> PageQueue.Room? {
        if isClosed { return .closed }
        return (forEmpty ? pages.isEmpty : pages.isEmpty || bytes < limit) ? .free : nil
    }

    mutating func wait(_ ticket: Int, forEmpty: Bool) { waiting.append((ticket, forEmpty)) }

    /// A reader has waited long enough. One that does not wait (any more) is not concerned.
    mutating func expire(_ ticket: Int) {
        if waiting.contains(where: { $0.ticket == ticket }) { overdue.insert(ticket) }
    }

    /// The readers that need not wait any more, with why.
    mutating func settled() -> [(Int, PageQueue.Room)] {
        if waiting.isEmpty { return [] }
        var settled: [(Int, PageQueue.Room)] = []
        var left: [(ticket: Int, forEmpty: Bool)] = []
        for reader in waiting {
            if let room = room(forEmpty: reader.forEmpty) {
                settled.append((reader.ticket, room))
            } else if overdue.contains(reader.ticket) {
                settled.append((reader.ticket, .overdue))
            } else {
                left.append(reader)
            }
        }
        waiting = left
        overdue.subtract(settled.map(\.0))
        return settled
    }
}
