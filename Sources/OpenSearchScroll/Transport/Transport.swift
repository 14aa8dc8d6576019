/// HTTP over libcurl's multi interface, on one thread of its own: no caller's thread ever waits.
final class Transport: Sendable {
    private let thread: TransferThread
    private let authorizer: Authorizer
    private let pool = BufferPool()

    init(_ settings: TransportSettings) throws(OpenSearchError) {
        authorizer = Authorizer(commandLimit: settings.tokenCommandLimit)
        thread = try TransferThread.start(settings)
    }

    deinit { thread.stop() }

    /// Sends a request and returns the whole answer, whatever its status.
    ///
    /// A 401 leaves everything on the server as it was; so if other credentials can be had then (a token's file has
    /// changed, its command prints another one), the very same request is sent once more.
    ///
    /// When the task is cancelled the connection is closed and the failure is ``TransferFailure/cancelled``.
    ///
    /// - Parameter grace: how long the answer is still waited for when the task is cancelled.
    func send(_ request: HTTPRequest, grace: Duration = .zero) async -> Result<HTTPAnswer, TransferFailure> {
        switch await authorizer.authorization(for: request) {
        case .success(let authorization): return await finish(Transfer(request, authorization, pool), grace: grace)
        case .failure(let failure): return .failure(failure)
        }
    }

    /// Waits for a request that was sent already, or is only made; else as ``send(_:grace:)``.
    func finish(_ transfer: Transfer, grace: Duration) async -> Result<HTTPAnswer, TransferFailure> {
        let (request, first) = (transfer.request, transfer.authorization)
        let outcome = await exchange(transfer, grace)
        guard request.credentials.areRenewable, case .success(let answer) = outcome, answer.status == 401 else {
            return outcome
        }
        switch await authorizer.authorization(for: request, insteadOf: first) {
        case .success(let second) where second != first:
            return await exchange(Transfer(request, second, pool), grace)
        case .success: return outcome
        case .failure(let failure): return .failure(failure)
        }
    }

    private func exchange(_ transfer: Transfer, _ grace: Duration) async -> Result<HTTPAnswer, TransferFailure> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if transfer.wait(continuation), !transfer.isUnderWay { thread.add(transfer) }
            }
        } onCancel: {
            if grace == .zero { return thread.cancel(transfer) }
            Task { [thread] in
                try? await Task.sleep(for: grace)
                thread.cancel(transfer)
            }
        }
    }
}
