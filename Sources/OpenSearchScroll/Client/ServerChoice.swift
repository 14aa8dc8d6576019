import Synchronization

/// Which of a cluster's servers is asked: the one that answered last. After a failure that another server may not have,
/// it is the next one's turn.
final class ServerChoice: Sendable {
    private struct State {
        var current = 0
        var isReached = false
    }

    private let servers: [Wire.Server]
    private let state = Mutex(State())

    init(_ servers: [Wire.Server]) { self.servers = servers }

    var current: Wire.Server { state.withLock { servers[$0.current] } }

    /// Whether any server has ever answered as OpenSearch does, be it that it has too much to do.
    var isReached: Bool { state.withLock { $0.isReached } }

    /// A server has given an answer that a web page or a login form would not be.
    func noteReached() { state.withLock { $0.isReached = true } }

    /// Takes note of how a request to a server ended.
    func note<R>(_ result: Result<R, OpenSearchError>, at endpoint: Endpoint) {
        state.withLock { state in
            guard case .failure(let error) = result else { return }
            // Only a server that is there says that it has too much to do.
            if error.code == .overloaded { state.isReached = true }
            // Others that failed at the same server have changed it already.
            guard error.isTransient, !error.isOfCluster, servers[state.current].endpoint == endpoint else { return }
            state.current = (state.current + 1) % servers.count
        }
    }
}
