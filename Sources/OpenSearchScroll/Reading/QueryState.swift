import Synchronization

/// What a client learns about a query while it reads it: how large documents are, what the link can do, how many
/// scrolls the server stands at once. Shared by all windows of the query.
final class QueryState: Sendable {
    private struct State {
        var sizing: PageSizing
        var choice = SourceChoice()
        /// Whether some shards are given up: what misses them is not waited for again.
        var hasMissingShards = false
        /// Shards over all indices; 0 until the query is planned.
        var shards = 0
    }

    let query: ScrollQuery
    let search: SearchBody
    let gate: OpeningGate
    private let state: Mutex<State>

    init(_ query: ScrollQuery, _ search: SearchBody) {
        self.query = query
        self.search = search
        gate = OpeningGate()
        state = Mutex(State(sizing: PageSizing(fixed: query.pageSize)))
    }

    var hasMissingShards: Bool {
        get { state.withLock { $0.hasMissingShards } }
        set { state.withLock { $0.hasMissingShards = newValue } }
    }

    var shards: Int {
        get { state.withLock { $0.shards } }
        set { state.withLock { $0.shards = newValue } }
    }

    /// How to open a window now.
    func opening(_ window: ScrollWindow, _ configuration: OpenSearchConfiguration) -> ScrollSession.Opening {
        let (sizing, choice) = state.withLock { ($0.sizing, $0.choice) }
        let size = sizing.size
        let filter = filter(choice)
        return ScrollSession.Opening(
            index: query.index, timeField: query.timeField,
            body: search.open(window, size: size, filter: filter), shard: window.shard,
            mayBeGone: query.toleratesHoles, size: size,
            isWhole: filter == .whole,
            maximumBytes: sizing.maximumBytes(size: size, hard: configuration.maximumPageBytes),
            acceptsGzip: configuration.compression ?? choice.isLinkSlow)
    }

    // MARK: Samples

    /// Whether nothing is known yet of how large documents are, and that matters.
    var wantsSample: Bool { state.withLock { !$0.sizing.isFixed && !$0.sizing.isInformed } }

    func sampleBody(_ window: ScrollWindow, size: Int) -> JSONValue {
        search.open(window, size: size, filter: filter(state.withLock { $0.choice }))
    }

    func observeSample(documents: Int, bytes: Int) {
        state.withLock { $0.sizing.observe(documents: documents, bytes: bytes) }
    }

    private func filter(_ choice: SourceChoice) -> SearchBody.SourceFilter {
        switch (query.content, query.source) {
        case (.identifiers, _): .nothing
        case (.source, _), (.message, .whole): .whole
        case (.message, .field): .field
        case (.message, .automatic): choice.prefersWhole ? .whole : .field
        }
    }

    /// A page came.
    func observe(_ page: ScrollPage, of session: ScrollSession) {
        let seconds = (session.timing.total - session.timing.firstByte) / .seconds(1)
        let (bytes, isWhole) = (session.wireBytes, session.opening.isWhole)
        state.withLock { state in
            state.sizing.observe(documents: page.count, bytes: page.bytes)
            state.choice.observe(bytes: bytes, seconds: seconds)
            if isWhole {
                state.choice.observe(documents: page.count, bytes: page.bytes, messageBytes: page.usefulBytes)
            }
        }
    }

    /// A scroll ended whole.
    func succeeded() { gate.succeeded() }

    /// Makes of a failure what it means for the next opening. Returns false when it will only happen again.
    func learn(from error: OpenSearchError, size: Int) -> Bool {
        if error.code == .overloaded { gate.refused() }
        return state.withLock { state in
            if let limit = error.pageLimit { return state.sizing.restrict(to: limit) }
            guard error.wantsSmallerPages else {
                state.sizing.relax()
                return true
            }
            let isSmaller = state.sizing.shrink(from: size, bytes: error.pageBytes)
            // A single document that is larger than allowed will be so again; a server without memory may find some.
            return isSmaller || error.pageBytes == nil
        }
    }
}

/// How many scrolls of a query may be open at once. Without a limit until one is set, or the server refuses one.
final class OpeningGate: Sendable {
    private struct State {
        var open = 0
        var limit = Int.max
        /// What was wished for before the server refused.
        var wanted = Int.max
        /// Scrolls that ended whole since the limit last changed.
        var good = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastTicket = 0
    }

    /// Whoever waits longer goes on all the same: the one that holds the place may be its own caller.
    static let longestWait: Duration = .seconds(30)

    private let state = Mutex(State())

    /// Sets how many there should be at most.
    func allow(_ count: Int) {
        wake { state in
            if state.limit == .max || state.limit == state.wanted { state.limit = max(1, count) }
            state.wanted = max(1, count)
        }
    }

    /// A place among those that may be open, until it is left.
    final class Place {
        private let gate: OpeningGate
        private var isLeft = false

        fileprivate init(_ gate: OpeningGate) { self.gate = gate }

        func leave() {
            guard !isLeft else { return }
            isLeft = true
            gate.leave()
        }

        /// Leaves a little before the scroll is cleared, unless the server has refused to have as many as are wanted.
        func leaveEarly() {
            if !gate.isRestricted { leave() }
        }
    }

    /// Waits for a place.
    func enter() async -> Place {
        await wait()
        return Place(self)
    }

    private var isRestricted: Bool { state.withLock { $0.limit < $0.wanted } }

    private func wait() async {
        let ticket: Int? = state.withLock { state in
            if state.open < state.limit {
                state.open += 1
                return nil
            }
            state.lastTicket += 1
            return state.lastTicket
        }
        guard let ticket else { return }
        let timer = Task { [weak self] in
            try? await Task.sleep(for: Self.longestWait)
            self?.release(ticket)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                wake { $0.waiting[ticket] = continuation }
                if Task.isCancelled { release(ticket) }
            }
        } onCancel: {
            release(ticket)
        }
        timer.cancel()
    }

    private func leave() { wake { $0.open -= 1 } }

    /// The server refused to open one more than there are.
    func refused() {
        state.withLock { state in
            state.limit = max(1, min(state.limit, state.open - 1))
            state.good = 0
        }
    }

    func succeeded() {
        wake { state in
            guard state.limit < state.wanted else { return }
            state.good += 1
            guard state.good >= 8 else { return }
            state.good = 0
            state.limit += 1
        }
    }

    /// Lets one go on that has waited enough, above the limit.
    private func release(_ ticket: Int) {
        let waiting: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard let waiting = state.waiting.removeValue(forKey: ticket) else { return nil }
            state.open += 1
            return waiting
        }
        waiting?.resume()
    }

    private func wake(_ change: (inout sending State) -> Void) {
        let released: [CheckedContinuation<Void, Never>] = state.withLock { state in
            change(&state)
            var released: [CheckedContinuation<Void, Never>] = []
            while state.open < state.limit, let ticket = state.waiting.keys.min() {
                if let waiting = state.waiting.removeValue(forKey: ticket) { released.append(waiting) }
                state.open += 1
            }
            return released
        }
        for continuation in released { continuation.resume() }
    }
}
