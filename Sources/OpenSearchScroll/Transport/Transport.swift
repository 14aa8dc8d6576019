/// HTTP over libcurl's multi interface, on one thread of its own: no caller's thread ever waits.
final class Transport: Sendable {
    private let thread: TransferThread
    private let authorizer = Authorizer()
    private let pool = BufferPool()

    init(_ settings: TransportSettings) throws(OpenSearchError) {
        thread = try TransferThread.start(settings)
    }

    deinit { thread.stop() }

    /// Sends a request and returns the whole answer, whatever its status.
    ///
    /// A 401 leaves everything on the server as it was; so if other credentials can be had then (a token's file has
    /// changed, its command prints another one), the very same request is sent once more.
    ///
    /// When the task is cancelled the connection is closed and the failure is ``TransferFailure/cancelled``.
    func send(_ request: HTTPRequest) async -> Result<HTTPAnswer, TransferFailure> {
        let first: Authorization
        switch await authorizer.authorization(for: request) {
        case .success(let authorization): first = authorization
        case .failure(let failure): return .failure(failure)
        }
        let outcome = await exchange(request, first)
        guard request.credentials.areRenewable, case .success(let answer) = outcome, answer.status == 401 else {
            return outcome
        }
        switch await authorizer.authorization(for: request, insteadOf: first) {
        case .success(let second) where second != first: return await exchange(request, second)
        case .success: return outcome
        case .failure(let failure): return .failure(failure)
        }
    }

    private func exchange(
        _ request: HTTPRequest, _ authorization: Authorization
    ) async -> Result<HTTPAnswer, TransferFailure> {
        let transfer = Transfer(request, authorization, pool)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if transfer.wait(continuation) { thread.add(transfer) }
            }
        } onCancel: {
            transfer.finish(.failure(.cancelled))
            thread.cancel(transfer)
        }
    }
}
