import Synchronization

/// Counters and latencies of a client since it was made.
public struct ScrollMetrics: Sendable, Equatable {
    /// Requests of one kind.
    public struct Requests: Sendable, Equatable {
        /// Answered well.
        public var succeeded = 0
        /// Failed, by the code of the error.
        public var failed: [OpenSearchError.Code: Int] = [:]
        /// Seconds from sending to the end of the answer, failures included.
        public var seconds = 0.0
        /// Requests by latency: place `i` counts those below 2ⁱ milliseconds that are in no earlier place, the last one
        /// all others.
        public var latencies = [Int](repeating: 0, count: 18)
    }

    /// By kind: `open`, `next`, `clear`, `plan`, `count`, `root`.
    public var requests: [String: Requests] = [:]
    /// Bytes of pages, uncompressed.
    public var bytes = 0
    /// Documents handed out.
    public var documents = 0
    /// Scrolls opened again after a loss.
    public var reopened = 0
    /// Scrolls put aside because their pages were not taken for half the keep-alive.
    public var parked = 0
    /// Windows read whole.
    public var windows = 0
}

/// Counts, from any thread.
final class MetricsRecorder: Sendable {
    private let state = Mutex(ScrollMetrics())

    var snapshot: ScrollMetrics { state.withLock { $0 } }

    func update(_ change: (inout sending ScrollMetrics) -> Void) { state.withLock { change(&$0) } }

    func count<R>(_ purpose: RequestContext.Purpose, _ result: Result<R, OpenSearchError>, seconds: Double) {
        var place = 0
        while place < 17, seconds * 1000 >= Double(1 << place) { place += 1 }
        let code: OpenSearchError.Code? = if case .failure(let error) = result { error.code } else { nil }
        state.withLock { metrics in
            var requests = metrics.requests[purpose.rawValue] ?? .init()
            if let code { requests.failed[code, default: 0] += 1 } else { requests.succeeded += 1 }
            requests.seconds += seconds
            requests.latencies[place] += 1
            metrics.requests[purpose.rawValue] = requests
        }
    }
}
