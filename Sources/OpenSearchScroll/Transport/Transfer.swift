import CLibcurl
import Synchronization

/// One request on its way. Its life: new → queued → (on the transfer thread) → done; a cancel may come at any time,
/// also before it is queued.
final class Transfer: Sendable {
    typealias Outcome = Result<HTTPAnswer, TransferFailure>

    private enum State {
        case new
        case waiting(CheckedContinuation<Outcome, Never>)
        case done
    }

    let request: HTTPRequest
    let authorization: Authorization
    let body: AnswerBody
    private let state = Mutex(State.new)

    init(_ request: HTTPRequest, _ authorization: Authorization, _ pool: BufferPool? = nil) {
        body = AnswerBody(pool: pool)
        self.request = request
        self.authorization = authorization
    }

    /// False when the transfer was cancelled before; the continuation is resumed then.
    func wait(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
        let isNew = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !isNew { continuation.resume(returning: .failure(.cancelled)) }
        return isNew
    }

    /// Whether nobody waits any more: a cancel may overtake its add on the way to the transfer thread.
    var isDone: Bool {
        state.withLock { state in
            if case .done = state { return true }
            return false
        }
    }

    /// Ends the wait, if it has not ended; what comes first counts.
    func finish(_ outcome: Outcome) {
        let waiting: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            defer { state = .done }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        waiting?.resume(returning: outcome)
    }
}
