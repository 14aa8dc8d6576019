import Synchronization

/// The token that a command prints, run once for all who need it.
final class TokenCommand: Sendable {
    typealias Outcome = Result<Secret, TransferFailure>
    private typealias Waiter = CheckedContinuation<Outcome, Never>

    private struct State {
        var token: Secret?
        var obtained = ContinuousClock.now
        var waiters: [Int: Waiter] = [:]
        /// Cancelled before they could wait.
        var gone: Set<Int> = []
        var nextWaiter = 0
        /// Ends the command that is running; nil while none is.
        var stop: ChildProcess.Stop?
        /// Who was cancelled when nobody else waited.
        var leaving: Int?
    }

    private let arguments: [String]
    private let lifetime: Duration?
    private let limit: Duration
    private let state = Mutex(State())

    /// - Parameter limit: how long the command may take.
    init(_ arguments: [String], lifetime: Duration?, limit: Duration) {
        self.arguments = arguments
        self.lifetime = lifetime
        self.limit = limit
    }

    /// The token, from a new run of the command if there is none, if it is too old, or if it is the one refused. A
    /// cancelled task does not wait for the command to be done; where nobody else does, the command is ended.
    func token(insteadOf refused: Authorization?) async -> Outcome {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in wait(number, waiter, refused) }
        } onCancel: {
            leave(number)
        }
    }

    private func leave(_ number: Int) {
        let (waiter, stop): (Waiter?, ChildProcess.Stop?) = state.withLock { state in
            guard state.waiters[number] != nil else {
                state.gone.insert(number)
                return (nil, nil)
            }
            if state.waiters.count > 1 { return (state.waiters.removeValue(forKey: number), nil) }
            // Resumed once the command is gone: this process may end right after.
            state.leaving = number
            return (nil, state.stop)
        }
        waiter?.resume(returning: .failure(.cancelled))
        stop?.fire()
    }

    private enum Step {
        case done(Outcome)
        case run(ChildProcess.Stop)
        case wait
    }

    private func wait(_ number: Int, _ waiter: Waiter, _ refused: Authorization?) {
        let step: Step = state.withLock { state in
            if state.gone.remove(number) != nil { return .done(.failure(.cancelled)) }
            if let token = good(state), .bearer(token) != refused { return .done(.success(token)) }
            state.waiters[number] = waiter
            if state.stop != nil { return .wait }
            let stop = ChildProcess.Stop()
            state.stop = stop
            return .run(stop)
        }
        switch step {
        case .done(let outcome): waiter.resume(returning: outcome)
        case .run(let stop): run(stop)
        case .wait: break
        }
    }

    private func good(_ state: State) -> Secret? {
        guard let token = state.token else { return nil }
        if let lifetime, ContinuousClock.now - state.obtained >= lifetime { return nil }
        return token
    }

    private func run(_ stop: ChildProcess.Stop) {
        OwnThread.run { [self] in finish(outcome(stop)) }
    }

    private func outcome(_ stop: ChildProcess.Stop) -> Outcome {
        switch ChildProcess.output(of: arguments, within: limit, stop: stop) {
        case .success(let text): Token.checked(text, "what the command \(arguments.first ?? "") prints")
        case .failure(let failure): .failure(.noCredentials(failure.reason, mayPass: failure.mayPass))
        }
    }

    private func finish(_ outcome: Outcome) {
        var waiters: [Int: Waiter] = [:]
        var next: ChildProcess.Stop?
        let left: Waiter? = state.withLock { state in
            let left = state.leaving.flatMap { state.waiters.removeValue(forKey: $0) }
            state.leaving = nil
            if case .success(let token) = outcome { (state.token, state.obtained) = (token, .now) }
            // Who came while the command was being ended gets another run of it.
            if case .failure = outcome, left != nil, !state.waiters.isEmpty { next = ChildProcess.Stop() }
            if next == nil { swap(&waiters, &state.waiters) }
            state.stop = next
            return left
        }
        left?.resume(returning: .failure(.cancelled))
        for waiter in waiters.values { waiter.resume(returning: outcome) }
        if let next { run(next) }
    }
}
