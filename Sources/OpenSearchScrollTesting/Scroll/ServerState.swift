/// Everything of a server that changes. One lock is around it; pages are built outside of that lock.
struct ServerState: Sendable {
    struct Index: Sendable {
        var contents: any IndexContents
        var shards: Int
        /// A pattern does not mean it then, and its name is refused.
        var isClosed = false
        /// None of its shards is assigned.
        var isRed = false
    }

    var indices: [String: Index]
    var requests: [RequestKind: Int] = [:]
    /// The schedule's faults so far.
    var faults: [FaultKind: Int] = [:]
    /// Only those who name themselves are answered.
    var isSecured = false
    /// The token that is accepted.
    var bearer: String?
    private(set) var contexts: [UInt64: ScrollContext] = [:]
    private var nextNumber: UInt64 = 1
    /// How far tests moved the clock.
    private var offset: Duration = .zero

    init(indices: [String: Index]) {
        self.indices = indices
    }

    var now: ContinuousClock.Instant { ContinuousClock.now + offset }

    mutating func advanceClock(by duration: Duration) {
        offset += duration
        reap()
    }

    /// Frees what has expired: unlike the real server's reaper, which comes once a minute, at once.
    mutating func reap() {
        let now = now
        for (number, context) in contexts where context.deadline < now { contexts[number] = nil }
    }

    /// Context numbers in use, one a shard.
    var openContexts: Int { contexts.values.reduce(0) { $0 + $1.numbers.count - $1.lostShards } }

    /// Context numbers ever in use.
    var openedContexts: Int { Int(nextNumber - 1) }

    mutating func open(
        _ indices: [SearchedIndex], size: Int, filter: SourceFilter, isSorted: Bool, keepAlive: Duration,
        limit: Int, most: Int?
    ) throws(RequestError) -> ScrollContext {
        reap()
        let shards = indices.reduce(0) { $0 + $1.shards.count }
        guard openContexts + shards <= limit else {
            throw .tooManyContexts(limit: limit, index: indices.first?.name)
        }
        let numbers = (0..<UInt64(shards)).map { nextNumber + $0 }
        nextNumber += UInt64(shards)
        let context = ScrollContext(
            indices: indices, size: size, filter: filter, isSorted: isSorted, numbers: numbers,
            deadline: now + keepAlive, most: most)
        contexts[numbers[0]] = context
        return context
    }

    /// The next page of a scroll, with its context after it. Without a keep-alive the context ends with this page.
    ///
    /// - Parameter isVersion3: how a scroll that loses its last shard says so.
    mutating func advance(
        _ number: UInt64, keepAlive: Duration?, _ changes: AnswerChanges = AnswerChanges(), isVersion3: Bool = false
    ) throws(RequestError) -> (context: ScrollContext, page: [DocumentPlace]) {
        reap()
        guard var context = contexts[number] else { throw .contextMissing(number) }
        if changes.losesShard, !context.loseShard() {
            contexts[number] = nil
            throw .nodeLeft(isVersion3: isVersion3)
        }
        let page = changes.repeatsPage ? context.lastPage() : context.nextPage()
        if let keepAlive {
            context.deadline = now + keepAlive
            contexts[number] = context
        } else {
            contexts[number] = nil
        }
        return (context, page)
    }

    /// Frees a scroll.
    ///
    /// - Returns: how many contexts (one a shard) that were, and whether these were all that it once had.
    @discardableResult
    mutating func free(_ number: UInt64) -> (count: Int, isWhole: Bool) {
        reap()
        guard let context = contexts.removeValue(forKey: number) else { return (0, true) }
        return (context.numbers.count - context.lostShards, context.lostShards == 0)
    }

    /// Moves the clock to just after a scroll's end.
    mutating func expire(_ number: UInt64) {
        guard let context = contexts[number] else { return }
        advanceClock(by: max(.zero, context.deadline - now) + .nanoseconds(1))
    }

    /// Changes a few documents of each stored index.
    mutating func mutate(_ draw: UInt64) {
        for (name, index) in indices {
            guard var contents = index.contents as? StoredContents else { continue }
            contents.mutate(draw)
            indices[name]?.contents = contents
        }
    }

    /// Frees the scrolls that read an index which goes away.
    mutating func freeContexts(reading index: String) {
        for (number, context) in contexts where context.indices.contains(where: { $0.name == index }) {
            contexts[number] = nil
        }
    }
}
