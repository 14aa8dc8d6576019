import Synchronization

/// What a client learns about a query while it reads it: how large documents are, what the link can do, how many
/// scrolls the server stands at once. Shared by all windows of the query.
final class QueryState: Sendable {
    private struct State {
        var sizing: PageSizing
        var choice = SourceChoice()
        /// Whether some shards are given up: what misses them is not waited for again.
        var hasMissingShards = false
        /// Indices of which shards are missing.
        var brokenIndices: Set<String> = []
        /// Shards over all indices; 0 until the query is planned.
        var shards = 0
        /// Indices that the server's newest plan had.
        var indices: Set<String> = []
        /// Of the plan that was taken last.
        var watch = IndexWatch()
        /// Remote clusters that are a hole of the plan.
        var skippedClusters = 0
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

    var brokenIndices: Set<String> { state.withLock { $0.brokenIndices } }

    func noteBroken(_ names: Set<String>) { state.withLock { $0.brokenIndices.formUnion(names) } }

    var shards: Int {
        get { state.withLock { $0.shards } }
        set { state.withLock { $0.shards = newValue } }
    }

    var watch: IndexWatch { state.withLock { $0.watch } }

    /// Takes over what a plan found; what an earlier reading missed is of no concern to that of this one.
    ///
    /// - Parameter isNew: whether the server has just made it.
    /// - Returns: the watch over the plan's indices.
    @discardableResult
    func take(_ plan: ScrollPlan, isNew: Bool = false) -> IndexWatch {
        state.withLock { state in
            if isNew { state.indices = Set(plan.indices.keys) }
            let isNewest = isNew || plan.shards == state.shards
            let areThere = isNewest && plan.indices.keys.allSatisfy(state.indices.contains)
            state.watch = IndexWatch(plan, areThere: areThere)
            state.shards = plan.shards
            state.skippedClusters = query.toleratesHoles ? plan.skippedClusters : 0
            return state.watch
        }
    }

    /// Sets how many scrolls there should be at most.
    func allow(_ scrolls: Int) {
        gate.allow(scrolls)
        state.withLock { $0.sizing.scrolls = scrolls }
    }

    /// How to open a window now.
    func opening(_ window: ScrollWindow, _ configuration: OpenSearchConfiguration) -> ScrollSession.Opening {
        let (sizing, choice, skippedClusters) = state.withLock { ($0.sizing, $0.choice, $0.skippedClusters) }
        let size = sizing.size
        let filter = filter(choice)
        return ScrollSession.Opening(
            index: query.index, timeField: query.timeField,
            body: search.open(window, size: size, filter: filter), shard: window.shard,
            mayBeGone: query.toleratesHoles, skippedClusters: skippedClusters, size: size,
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
