import Synchronization

/// The reading of some windows, several at once, into one sequence of pages.
final class Reading: Sendable {
    let queue: PageQueue
    private let wire: Wire
    let state: QueryState
    let watch: IndexWatch
    private let windows: Mutex<[ScrollWindow]>
    private let proofSoFar = Mutex(ScrollProof())
    private let isIterated = Mutex(false)
    private let readers: Int
    /// Of the windows that are read: one reader more than those waits, to open its window when another one has come to
    /// its end.
    private let places = OpeningGate()
    private let waitsAtMost: Duration?
    private let earlier: DeliveredDocuments?

    /// - Parameters:
    ///   - earlier: what need not be handed out, because an earlier run did.
    ///   - waitsAtMost: how long for a scroll that is allowed.
    init(
        _ windows: [ScrollWindow], _ state: QueryState, _ watch: IndexWatch, wire: Wire, parallel: Int,
        holes: [ScrollHole] = [],
        earlier: DeliveredDocuments? = nil, waitsAtMost: Duration? = OpeningGate.longestWait
    ) {
        self.earlier = earlier
        self.waitsAtMost = waitsAtMost
        self.wire = wire
        self.state = state
        self.watch = watch
        readers = max(1, min(parallel + 1, windows.count))
        places.allow(parallel)
        self.windows = Mutex(windows.reversed())
        queue = PageQueue(limit: wire.configuration.queueBytes)
        proofSoFar.withLock { $0.holes = holes }
    }

    var proof: ScrollProof { proofSoFar.withLock { $0 } }

    /// Marks the pages as being read; they can be only once.
    func beginIteration() {
        let isSecond = isIterated.withLock { isIterated in
            defer { isIterated = true }
            return isIterated
        }
        precondition(!isSecond, "the pages of a reading can be iterated only once; read again to have them again")
    }

    /// Runs `body` while windows are read, and ends when everything is cleared, however `body` ends.
    func run<R>(
        isolation: isolated (any Actor)?, _ body: (ScrollPages) async throws -> R
    ) async throws -> R {
        let readers = Task { await readAll() }
        let result: Result<R, any Error>
        do {
            result = .success(try await body(ScrollPages(reading: self)))
        } catch {
            result = .failure(error)
        }
        queue.close()
        readers.cancel()
        await readers.value
        return try result.get()
    }

    // MARK: Readers

    private func readAll() async {
        let error = await withTaskGroup(of: OpenSearchError?.self) { group in
            for _ in 0..<readers { group.addTask { await self.readSome() } }
            var first: OpenSearchError?
            for await error in group where first == nil {
                first = error
                if error != nil { group.cancelAll() }
            }
            return first
        }
        queue.finish(error)
    }

    /// Reads windows until there are none left.
    private func readSome() async -> OpenSearchError? {
        let memory = WindowReader.Memory(state.query)
        while true {
            let place = await places.enter()
            defer { place.leave() }
            guard !Task.isCancelled, let window = windows.withLock({ $0.popLast() }) else { break }
            let reader = WindowReader(
                window, state, watch, memory, wire: wire, queue: queue, earlier: earlier, waitsAtMost: waitsAtMost,
                onLast: place.leave)
            switch await read(window, reader) {
            case .failure(let error): return error
            case .success(let isWhole): conclude(reader.report, without: reader.missing, isWhole: isWhole)
            }
        }
        return Task.isCancelled ? .waitWasCancelled : nil
    }

    /// Reads a window; where holes are allowed, what can be read of it.
    ///
    /// - Returns: whether that was everything.
    private func read(_ window: ScrollWindow, _ reader: WindowReader) async -> Result<Bool, OpenSearchError> {
        let mayMiss = state.query.toleratesHoles
        let hasParts = window.shard == nil && state.shards > 1
        let isPatient = !(mayMiss && state.hasMissingShards)
        guard let error = await reader.read(isPatient: isPatient, givesWay: hasParts) else { return .success(true) }
        if error.code == .overloaded, hasParts { return await readShards(window, reader, isPatient: isPatient) }
        // What an earlier run left of a window is read by shards, of which no index may have so many any more. Where it
        // is an index that is gone, the plan knew its name.
        if earlier != nil || mayMiss, error.code == .noIndexMatches, window.shard != nil, reader.report.delivered == 0 {
            return .success(true)
        }
        guard mayMiss, error.leavesAHole else { return .failure(error) }
        guard error.code == .partialShards else {
            add(hole: window, reader, error)
            return .success(false)
        }
        state.hasMissingShards = true
        return await readWhatIsThere(window, reader, error)
    }

    private func conclude(_ report: WindowReport, without missing: IndexWatch.Missing, isWhole: Bool) {
        watch.read(report, without: missing)
        proofSoFar.withLock { proof in
            if isWhole { proof.windows.append(report) } else { proof.partial.append(report) }
        }
        guard isWhole else { return }
        wire.metrics.update { $0.windows += 1 }
        wire.note(.finished(report))
    }

    func add(hole window: ScrollWindow, _ reader: WindowReader, _ error: OpenSearchError, of index: String? = nil) {
        let missing = window.shard == nil ? max(0, window.expectedDocuments - reader.report.delivered) : nil
        let hole = ScrollHole(window: window, index: index, documents: missing, reason: error.message)
        proofSoFar.withLock { $0.holes.append(hole) }
        wire.note(.hole(hole))
    }
}
