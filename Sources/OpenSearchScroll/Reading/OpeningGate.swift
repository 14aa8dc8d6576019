import Synchronization

/// How many scrolls may be read at once. Without a limit until one is set, or the server refuses one.
final class OpeningGate: Sendable {
    private struct State {
        var open = 0
        /// Open on the server, but read to their end.
        var lingering = 0
        var hasRefused = false
        var limit = Int.max
        /// What was wished for before the server refused.
        var wanted = Int.max
        /// Scrolls that ended whole since the limit last changed.
        var good = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastTicket = 0
    }

    /// For those who may have been called by the one that holds the place they wait for.
    static let longestWait: Duration? = .seconds(30)

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
        private enum State { case held, early, left }

        private let gate: OpeningGate
        private var state = State.held

        fileprivate init(_ gate: OpeningGate) { self.gate = gate }

        func leave() {
            gate.wake { gate in
                switch state {
                case .held: gate.open -= 1
                case .early: gate.lingering -= 1
                case .left: break
                }
            }
            state = .left
        }

        /// Makes place a little before the scroll is cleared, one at a time, but not where the server has ever refused
        /// to have so many.
        ///
        /// - Returns: whether it did.
        func leaveEarly() -> Bool {
            guard state == .held, gate.mayLinger() else { return false }
            state = .early
            return true
        }
    }

    /// Waits for a place.
    ///
    /// - Parameter longestWait: who waits longer goes on all the same; nil: never.
    func enter(waitingAtMost longestWait: Duration? = nil) async -> Place {
        await wait(atMost: longestWait)
        return Place(self)
    }

    private func wait(atMost longestWait: Duration?) async {
        let ticket: Int? = state.withLock { state in
            if state.open < state.limit {
                state.open += 1
                return nil
            }
            state.lastTicket += 1
            return state.lastTicket
        }
        guard let ticket else { return }
        let timer = longestWait.map { limit in
            Task { [weak self] in
                try? await Task.sleep(for: limit)
                self?.release(ticket)
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                wake { $0.waiting[ticket] = continuation }
                if Task.isCancelled { release(ticket) }
            }
        } onCancel: {
            release(ticket)
        }
        timer?.cancel()
    }

    private func mayLinger() -> Bool {
        var lingers = false
        wake { state in
            lingers = !state.hasRefused && state.lingering == 0
            guard lingers else { return }
            state.open -= 1
            state.lingering += 1
        }
        return lingers
    }

    /// The server refused to open one more than there are.
    func refused() {
        state.withLock { state in
            state.hasRefused = true
            state.limit = max(1, min(state.limit, state.open + state.lingering - 1))
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
