import CLibcurl
import Synchronization

/// What holds for every request of a client.
struct TransportSettings: Sendable {
    var connectTimeout: Duration
    var compression: Bool
    var verifiesTLS: Bool
    var caFile: String?
}

/// HTTP over libcurl's multi interface, on one thread of its own: no caller's thread ever waits.
final class Transport: Sendable {
    private let thread: TransferThread

    init(_ settings: TransportSettings) throws(OpenSearchError) {
        thread = try TransferThread.start(settings)
    }

    deinit { thread.stop() }

    /// Sends a request and returns the whole answer, whatever its status.
    ///
    /// When the task is cancelled the connection is closed and the failure is ``TransferFailure/cancelled``.
    func send(_ request: HTTPRequest) async -> Result<HTTPAnswer, TransferFailure> {
        let transfer = Transfer(request)
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
