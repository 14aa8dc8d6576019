import Synchronization

/// An OpenSearch for tests and trials inside this process: HTTP on 127.0.0.1, scroll as the real server does it, and
/// faults on demand.
///
/// It speaks `_search` (with and without scroll, single shards, the aggregations `date_histogram`, `min`, `max`,
/// `terms` of `_index`, `filter` and `missing`, queries by time, existence, term and id), `_count`, `_bulk`, index
/// creation and deletion, and refuses everything else in OpenSearch's own words.
public final class OpenSearchServer: Sendable {
    /// What a server serves, and how.
    public struct Configuration: Sendable {
        /// A certificate and its key for HTTPS, as PEM texts.
        public struct Identity: Sendable {
            /// The certificate, chain included.
            public var certificate: String
            /// Its private key.
            public var key: String

            /// A certificate and its key.
            public init(certificate: String, key: String) {
                self.certificate = certificate
                self.key = key
            }
        }

        /// The indices by name. `_bulk` creates further ones.
        public var indices: [String: any IndexContents]
        /// The port; 0: any free one.
        public var port: UInt16 = 0
        /// Shards of each index: how `_shards` counts and how many contexts a scroll holds.
        public var shards = 1
        /// What `GET /` says. With `3.…` ids and headers take the form of 3.x, otherwise that of 2.19.
        public var version = "2.19.4"
        /// Basic authentication; nil: everyone may do everything.
        public var credentials: (user: String, password: String)?
        /// A bearer token that is accepted besides the credentials, until ``OpenSearchServer/acceptBearer(_:)`` changes
        /// it; nil: none.
        public var bearer: String?
        /// HTTPS; nil: plain HTTP.
        public var identity: Identity?
        /// `search.max_open_scroll_context`, counted by shard.
        public var maximumOpenContexts = 500
        /// `search.max_keep_alive`.
        public var maximumKeepAlive = Duration.seconds(86_400)
        /// `http.max_content_length`: a request with more bytes of body is answered 413.
        public var maximumRequestBytes = 100 << 20
        /// Threads that answer requests.
        public var threads = 4
        /// Asked before each authorized request what goes wrong with it; nil: nothing. Called on several threads at
        /// once.
        public var fault: (@Sendable (RequestInfo) -> Fault?)?
        /// What else goes wrong, where the hook has nothing; nil: nothing.
        public var faults: FaultSchedule?
        /// The pause before each of the eight pieces of an answer that ``FaultKind/slowBytes`` strikes.
        public var dribblePause = Duration.milliseconds(1)

        /// - Parameters:
        ///   - indices: the indices by name.
        ///   - port: the port; 0: any free one.
        public init(indices: [String: any IndexContents] = [:], port: UInt16 = 0) {
            self.indices = indices
            self.port = port
        }
    }

    private let core: ServerCore
    private let listener: HTTPListener
    private let scheme: String

    /// The port that is listened on.
    public let port: Int

    /// Starts a server, which runs until ``stop()`` or until it is released.
    ///
    /// - Throws: when the port is taken or HTTPS cannot be had.
    public init(configuration: Configuration) throws(OpenSearchServerError) {
        let core = ServerCore(configuration)
        self.core = core
        listener = try HTTPListener(configuration) { core.answer($0) }
        scheme = configuration.identity == nil ? "http" : "https"
        port = listener.port
    }

    deinit {
        stop()
    }

    /// `http://127.0.0.1:PORT`, or `https://localhost:PORT`, since certificates name hosts.
    public var url: String {
        "\(scheme)://\(scheme == "https" ? "localhost" : "127.0.0.1"):\(port)"
    }

    /// Scroll contexts that are open and not expired, one a shard of each scroll, as a node counts them.
    public var openContexts: Int {
        core.state.withLock { state in
            state.reap()
            return state.openContexts
        }
    }

    /// Scroll contexts ever opened, one a shard of each scroll.
    public var openedContexts: Int { core.state.withLock { $0.openedContexts } }

    /// The ids of the scrolls that are open and not expired, oldest first.
    public var openScrollIDs: [String] {
        let contexts = core.state.withLock { state in
            state.reap()
            return state.contexts
        }
        return contexts.sorted { $0.key < $1.key }.map { core.scrollID(of: $0.value) }
    }

    /// How many requests ``Configuration/faults`` struck, by what struck them.
    public var faults: [FaultKind: Int] { core.state.withLock { $0.faults } }

    /// Accepts this bearer token and no other from now on; nil: none.
    public func acceptBearer(_ token: String?) {
        core.state.withLock { state in
            state.bearer = token
            state.isSecured = true
        }
    }

    /// How many requests came, by ``RequestKind``'s raw value, refused and faulted ones included.
    public var requests: [String: Int] {
        let counts = core.state.withLock { $0.requests }
        return Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
    }

    /// How many requests of one kind came.
    public func count(of kind: RequestKind) -> Int {
        core.state.withLock { $0.requests[kind] ?? 0 }
    }

    /// Moves the clock that keep-alives are measured on, so that tests need not wait.
    public func advanceClock(by duration: Duration) {
        core.state.withLock { $0.advanceClock(by: duration) }
    }

    /// Sets or replaces an index, or deletes it (nil). Scrolls that are open on it keep what they were opened on.
    public func setContents(_ contents: (any IndexContents)?, of index: String) {
        let shards = core.configuration.shards
        core.state.withLock { state in
            guard let contents else {
                state.indices[index] = nil
                return
            }
            state.indices[index] = ServerState.Index(
                contents: contents, shards: state.indices[index]?.shards ?? max(1, shards))
        }
    }

    /// Closes an index or opens it again, as `_close` and `_open` do. Scrolls that are open on it go on.
    public func setClosed(_ isClosed: Bool, _ index: String) {
        core.state.withLock { $0.indices[index]?.isClosed = isClosed }
    }

    /// Takes all shards of an index away, as when their nodes are lost, or brings them back. Scrolls that are open go
    /// on.
    public func setRed(_ isRed: Bool, _ index: String) {
        core.state.withLock { $0.indices[index]?.isRed = isRed }
    }

    /// Ends all connections and frees the port; a second call does nothing.
    public func stop() {
        listener.stop()
    }
}
