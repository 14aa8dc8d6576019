/// Everything of a server that changes. One lock is around it; pages are built outside of that lock.
struct ServerState: Sendable {
    struct Index: Sendable {
        var contents: any IndexContents
        var shards: Int
    }

    var indices: [String: Index]
    var requests: [RequestKind: Int] = [:]
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
    var openContexts: Int { contexts.values.reduce(0) { $0 + $1.numbers.count } }

    mutating func open(
        _ indices: [SearchedIndex], size: Int, filter: SourceFilter, isSorted: Bool, keepAlive: Duration,
        limit: Int, most: Int?
    ) throws(RequestError) -> ScrollContext {
        reap()
        let shards = indices.reduce(0) { $0 + $1.shards }
        guard openContexts + shards <= limit else {
            throw RequestError(
                status: 429, type: "rejected_execution_exception",
                reason: "Trying to create too many scroll contexts. Must be less than or equal to: [\(limit)]. "
                    + "This limit can be set by changing the [search.max_open_scroll_context] setting.",
                shape: .allShards(index: indices.first?.name))
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
    mutating func advance(
        _ number: UInt64, keepAlive: Duration?
    ) -> (context: ScrollContext, page: [DocumentPlace])? {
        reap()
        guard var context = contexts[number] else { return nil }
        let page = context.nextPage()
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
    /// - Returns: how many contexts (one a shard) that were.
    mutating func free(_ number: UInt64) -> Int {
        reap()
        return contexts.removeValue(forKey: number)?.numbers.count ?? 0
    }

    /// Frees the scrolls that read an index which goes away.
    mutating func freeContexts(reading index: String) {
        for (number, context) in contexts where context.indices.contains(where: { $0.name == index }) {
            contexts[number] = nil
        }
    }
}
