import CLibcurl
import Synchronization

/// One request on its way. Its life: new → queued → (on the transfer thread) → done; somebody may begin to wait for it
/// at any time, and a cancel come at any time, also before it is queued.
final class Transfer: Sendable {
    typealias Outcome = Result<HTTPAnswer, TransferFailure>

    private enum State {
        case new
        case waiting(CheckedContinuation<Outcome, Never>)
        /// Before anybody waited.
        case ended(Outcome)
        case done
    }

    let request: HTTPRequest
    let authorization: Authorization
    let body: AnswerBody
    let created = ContinuousClock.now
    /// Whether the transfer thread has it from the beginning.
    let isUnderWay: Bool
    private let state = Mutex(State.new)

    init(
        _ request: HTTPRequest, _ authorization: Authorization, _ pool: BufferPool? = nil, isUnderWay: Bool = false
    ) {
        self.isUnderWay = isUnderWay
        body = AnswerBody(pool: pool)
        self.request = request
        self.authorization = authorization
    }

    /// The transfer of the request that is to follow this one's answer at once. A signature is good for one request
    /// only, so after a signed one there is none.
    func next(after answer: HTTPAnswer) -> Transfer? {
        if case .signed = authorization { return nil }
        return request.following?(answer).map { Transfer($0, authorization, body.pool, isUnderWay: true) }
    }

    /// Lets one, and only one, wait for the outcome. False when it is there already, a cancel included; the
    /// continuation is resumed then.
    func wait(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
        let outcome: Outcome? = state.withLock { state in
            switch state {
            case .new:
                state = .waiting(continuation)
                return nil
            case .ended(let outcome):
                state = .done
                return outcome
            case .waiting, .done: preconditionFailure("a transfer is awaited twice")
            }
        }
        if let outcome { continuation.resume(returning: outcome) }
        return outcome == nil
    }

    /// Whether it has ended: a cancel may overtake its add on the way to the transfer thread.
    var isDone: Bool {
        state.withLock { state in
            switch state {
            case .new, .waiting: false
            case .ended, .done: true
            }
        }
    }

    /// Ends the transfer, if it has not ended; what comes first counts.
    ///
    /// - Returns: whether this came first.
    @discardableResult
    func finish(_ outcome: Outcome) -> Bool {
        let (isFirst, waiting) = state.withLock { state -> (Bool, CheckedContinuation<Outcome, Never>?) in
            switch state {
            case .new:
                state = .ended(outcome)
                return (true, nil)
            case .waiting(let continuation):
                state = .done
                return (true, continuation)
            case .ended, .done: return (false, nil)
            }
        }
        waiting?.resume(returning: outcome)
        return isFirst
    }
}
