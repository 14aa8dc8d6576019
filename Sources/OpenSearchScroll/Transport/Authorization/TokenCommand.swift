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
        var isRunning = false
    }

    private let arguments: [String]
    private let lifetime: Duration?
    private let state = Mutex(State())

    init(_ arguments: [String], lifetime: Duration?) {
        self.arguments = arguments
        self.lifetime = lifetime
    }

    /// The token, from a new run of the command if there is none, if it is too old, or if it is the one refused. A
    /// cancelled task does not wait for the command's end.
    func token(insteadOf refused: Authorization?) async -> Outcome {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in wait(number, waiter, refused) }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: number)
                if waiter == nil { state.gone.insert(number) }
                return waiter
            }
            waiter?.resume(returning: .failure(.cancelled))
        }
    }

    private enum Step {
        case done(Outcome)
        case run
        case wait
    }

    private func wait(_ number: Int, _ waiter: Waiter, _ refused: Authorization?) {
        let step: Step = state.withLock { state in
            if state.gone.remove(number) != nil { return .done(.failure(.cancelled)) }
            if let token = good(state), .bearer(token) != refused { return .done(.success(token)) }
            state.waiters[number] = waiter
            defer { state.isRunning = true }
            return state.isRunning ? .wait : .run
        }
        switch step {
        case .done(let outcome): waiter.resume(returning: outcome)
        case .run: OwnThread.run { [self] in finish(run()) }
        case .wait: break
        }
    }

    private func good(_ state: State) -> Secret? {
        guard let token = state.token else { return nil }
        if let lifetime, ContinuousClock.now - state.obtained >= lifetime { return nil }
        return token
    }

    private func run() -> Outcome {
        switch ChildProcess.output(of: arguments, within: .seconds(30)) {
        case .success(let text): Token.checked(text, "what the command \(arguments.first ?? "") prints")
        case .failure(let failure): .failure(.noCredentials(failure.reason, mayPass: failure.mayPass))
        }
    }

    private func finish(_ outcome: Outcome) {
        let waiters = state.withLock { state in
            if case .success(let token) = outcome { (state.token, state.obtained) = (token, .now) }
            defer { state.waiters = [:] }
            state.isRunning = false
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }
}
