/// Reads one window to its end, over as many scrolls as that takes, and hands each of its documents over once.
final class WindowReader {
    private enum Pass {
        case whole
        /// The pages were not taken for too long; the window goes on when they have been.
        case parked
        case failed(OpenSearchError)
    }

    /// What is of some MiB for a window and can be used again for the next one: to get it from the system, page fault
    /// by page fault, costs more than to fill it.
    final class Memory {
        fileprivate let ids = IDSet(expecting: 0)
        fileprivate let decoder: PageDecoder

        init(_ query: ScrollQuery) { decoder = PageDecoder(content: query.content, field: query.field) }
    }

    private let wire: Wire
    private let state: QueryState
    private let queue: PageQueue
    private let window: ScrollWindow
    private let ledger: WindowLedger
    private let decoder: PageDecoder
    private let onLast: () -> Void
    private let waitsAtMost: Duration?
    private var persistence: Persistence
    /// For shards that are known to be missing. What else goes wrong meanwhile passes as it always does.
    private var hasty: Persistence?
    private var scrolls = 0
    private var repeats = 0
    /// Of the scrolls that ended whole: more than one where a window is read shard by shard.
    private var total = 0
    /// Indices of the plan that these were not over.
    private(set) var missing = IndexWatch.Missing()
    private let watch: IndexWatch

    /// - Parameter onLast: called when the last page of a scroll has come, unless the server has no room for another
    ///   one.
    init(
        _ window: ScrollWindow, _ state: QueryState, _ watch: IndexWatch, _ memory: Memory, wire: Wire,
        queue: PageQueue, earlier: DeliveredDocuments? = nil, waitsAtMost: Duration?, onLast: @escaping () -> Void
    ) {
        self.window = window
        self.onLast = onLast
        self.waitsAtMost = waitsAtMost
        self.state = state
        self.watch = watch
        self.wire = wire
        self.queue = queue
        ledger = WindowLedger(expecting: window.expectedDocuments, in: memory.ids, earlier: earlier)
        decoder = memory.decoder
        decoder.window = window
        persistence = Persistence(wire.configuration)
    }

    var report: WindowReport {
        WindowReport(
            window: window, total: total, delivered: ledger.delivered, deliveredEarlier: ledger.deliveredEarlier,
            digest: ledger.digest, indices: ledger.indices, scrolls: scrolls, retries: persistence.retries + repeats,
            away: missing.away.isEmpty ? nil : missing.away.sorted())
    }

    /// Reads the window, or a part of it that holds the documents of some indices, or of one shard.
    ///
    /// - Parameters:
    ///   - index: names joined by commas; nil: all that the query means.
    ///   - isPatient: false where it is known that nothing will change soon.
    ///   - givesWay: whether it ends early, with the error, when the server refuses again and again: a scroll over
    ///     several shards wants a place in the queue for each of them at once, and one refused is the end of it.
    func read(
        index: String? = nil, shard: Int? = nil, isPatient: Bool = true, givesWay: Bool = false
    ) async -> OpenSearchError? {
        var part = window
        var refusals = 0
        if let shard { part.shard = shard }
        hasty = isPatient ? nil : persistence.impatient
        while true {
            let before = ledger.delivered
            var opening = state.opening(part, wire.configuration)
            // A cluster that the plan could not reach has no index that is named.
            if let index { (opening.index, opening.skippedClusters) = (index, 0) }
            switch await pass(opening) {
            case .whole:
                state.succeeded()
                return nil
            case .parked:
                guard await queue.waitUntilEmpty() == .free, !Task.isCancelled else { return .waitWasCancelled }
            case .failed(let error):
                if Task.isCancelled { return .waitWasCancelled }
                if ledger.delivered > before { persistence.progress() }
                if let given = await pause(after: error, opening) { return given }
                refusals = error.code == .overloaded ? refusals + 1 : 0
                if givesWay, refusals >= 3 { return error }
            }
        }
    }

    /// Waits before another scroll; returns the error when there should be none.
    private func pause(after error: OpenSearchError, _ opening: ScrollSession.Opening) async -> OpenSearchError? {
        guard state.learn(from: error, size: opening.size) else {
            return error.pageBytes.map { .documentTooLarge($0, opening) } ?? error
        }
        // A page that is asked for smaller is no attempt at the same thing.
        if error.pageLimit != nil || error.pageBytes != nil { return nil }
        guard let wait = delay(after: error) else { return error }
        wire.note(.retrying(window: window, attempt: persistence.attempt, after: wait, error: error))
        return (try? await Task.sleep(for: wait)) == nil ? .waitWasCancelled : nil
    }

    /// How long to wait after a failure; nil to give up.
    private func delay(after error: OpenSearchError) -> Duration? {
        guard error.code == .partialShards, var hasty else { return wire.delay(after: error, &persistence) }
        defer { self.hasty = hasty }
        let wait = wire.delay(after: error, &hasty)
        if wait != nil { repeats += 1 }
        return wait
    }

    /// One scroll, from its opening to its clearing.
    private func pass(_ opening: ScrollSession.Opening) async -> Pass {
        let place = await state.gate.enter(waitingAtMost: waitsAtMost)
        defer { place.leave() }
        if Task.isCancelled { return .failed(.waitWasCancelled) }
        if scrolls > 0 { wire.metrics.update { $0.reopened += 1 } }
        let (session, lacks): (ScrollSession, IndexWatch.Missing)
        switch await open(opening) {
        case .failure(let error): return .failed(error)
        case .success(let opened): (session, lacks) = opened
        }
        scrolls += 1
        ledger.beginScroll()
        let outcome = await run(session, place)
        await session.close()
        repeats += session.repeats
        // A smaller page, and fewer scrolls, also where the server was asked until it had room.
        if let refusal = session.refusal { _ = state.learn(from: refusal, size: opening.size) }
        if case .whole = outcome { note(lacks) }
        return outcome
    }

    /// What was read is all of the plan's indices, and not all that the query means.
    func lacksSomeIndices() { missing.away.insert(WindowReport.someIndices) }

    private func note(_ lacks: IndexWatch.Missing) {
        missing.away.formUnion(lacks.away)
        missing.deleted.formUnion(lacks.deleted)
    }

    /// Opens a scroll, once more where indices come or go just then, so that it is known which of them it is not over.
    private func open(
        _ opening: ScrollSession.Opening
    ) async -> Result<(ScrollSession, lacks: IndexWatch.Missing), OpenSearchError> {
        let planner = WindowPlanner(wire: wire, query: state.query, search: state.search)
        var attempt = 1
        while true {
            let opened = await ScrollSession.open(
                opening, decoder, wire: wire, server: wire.servers.current, hasRoom: { [queue] in queue.hasRoom })
            if case .failure(let error) = opened, error.code != .noIndexMatches { return .failure(error) }
            let session = try? opened.get()
            // Of indices that are named nobody is missed but at the end.
            if opening.index != state.query.index { return opened.map { ($0, IndexWatch.Missing()) } }
            var lacks = await watch.missing(shard: opening.shard, shards: session?.shards ?? 0, planner)
            if lacks == nil, attempt == 3 { lacks = IndexWatch.Missing(away: [WindowReport.someIndices]) }
            if var lacks {
                if let skipped = session?.skippedClusters, skipped > 0 { lacks.away.insert(WindowReport.someIndices) }
                // No scroll is over a shard that no index has; it counts as read all the same.
                if session == nil, opening.shard != nil { note(lacks) }
                return opened.map { ($0, lacks) }
            }
            await session?.close()
            attempt += 1
        }
    }

    private func run(_ session: ScrollSession, _ place: OpeningGate.Place) async -> Pass {
        while true {
            let page: ScrollPage
            // After the last page all that is left is to take it apart and to clear: the server could open the next
            // window.
            switch await session.next(onLast: { if place.leaveEarly() { onLast() } }) {
            case .failure(let error): return .failed(error)
            case .success(nil):
                total += session.total
                return .whole
            case .success(let next?): page = next
            }
            state.observe(page, of: session)
            let sifted = ledger.sift(page)
            if let fresh = sifted.page, let end = await handOver(fresh, session) { return end }
            if sifted.hasRepeats { return .failed(session.repeated) }
        }
    }

    /// Puts a page into the queue once there is room; what that ends, if it ends the scroll.
    private func handOver(_ page: ScrollPage, _ session: ScrollSession) async -> Pass? {
        let patience = wire.parkAfter - (ContinuousClock.now - session.lastAnswer)
        switch await queue.waitForRoom(atMost: max(patience, .zero)) {
        case .free:
            hand(page)
            return nil
        case .closed: return .failed(.waitWasCancelled)
        case .overdue:
            // The server gets its memory back; this page is counted already and waits here.
            await session.close()
            wire.metrics.update { $0.parked += 1 }
            guard await queue.waitUntilEmpty() == .free else { return .failed(.waitWasCancelled) }
            hand(page)
            return .parked
        }
    }

    private func hand(_ page: ScrollPage) {
        let count = page.count
        let bytes = page.bytes
        wire.metrics.update { metrics in
            metrics.documents += count
            metrics.bytes += bytes
        }
        queue.add(page)
    }
}
