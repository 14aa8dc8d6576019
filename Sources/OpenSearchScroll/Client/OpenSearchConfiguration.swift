/// How to reach OpenSearch.
public struct OpenSearchConfiguration: Sendable {
    /// URLs of servers of one cluster (`https://host:9200`, perhaps with a path). The first is used; when something is
    /// tried again, the next one is. A user and password in a URL take precedence over ``credentials`` there.
    public var endpoints: [String]
    /// Who the client says it is.
    public var credentials: Credentials
    /// A file of PEM certificates that are trusted instead of the system's.
    public var caFile: String?
    /// Whether certificate and host name of the server must be good.
    public var verifiesTLS: Bool
    /// A PEM file with our own certificate, and those between it and its authority, shown to servers that ask for one.
    public var clientCertificate: String?
    /// A PEM file with the key of ``clientCertificate``; nil: it stands in the same file.
    public var clientKey: String?
    /// What ``clientKey`` is encrypted under, if it is.
    public var clientKeyPassphrase: String?
    /// The way to the servers.
    public var proxy = HTTPProxy.environment
    /// Whether answers may come compressed by gzip, at a price in CPU time on both sides; nil: where the link is slow.
    public var compression: Bool?
    /// For one request with its whole answer.
    public var requestTimeout: Duration
    /// For a connection, its TLS included.
    public var connectTimeout: Duration
    /// How long the server keeps a scroll between two of its pages. A consumer may take longer: after half of it the
    /// scroll is put aside.
    public var keepAlive: Duration
    /// How often a server is tried that has never answered.
    public var attempts: Int
    /// How long one that has answered may make no progress with a window before that is given up.
    public var patience: Duration
    /// Scrolls read at once; nil: two for each shard of the query, at most one a core. Fewer while the server refuses.
    /// Besides them one may be open that is read and only has to be cleared.
    public var parallel: Int?
    /// The largest answer that is taken, in bytes: at least the largest document.
    public var maximumPageBytes: Int
    /// Bytes of pages that wait for the consumer; one page may always wait.
    public var queueBytes: Int
    /// Told of what went wrong and was mended. Called from any thread, must be quick.
    public var onEvent: (@Sendable (ScrollEvent) -> Void)?
    /// How long a cancelled request that holds a scroll may still take to answer, so that the scroll can be cleared.
    var cancellationGrace: Duration = .milliseconds(1500)
    /// The wait before the second attempt is at most this; it doubles from attempt to attempt.
    var firstBackoff: Duration = .milliseconds(500)
    /// No wait is longer.
    var longestBackoff: Duration = .seconds(30)
    /// How long a scroll is kept that nobody takes pages from; nil: half the keep-alive.
    var parksAfter: Duration?
    /// How long a server that has no room even for that is asked again to free a scroll.
    var clearPatience: Duration = .seconds(15)
    /// How long a command that prints a token may take.
    var tokenCommandLimit: Duration = .seconds(30)

    /// Everything but the endpoints has a default.
    public init(
        endpoints: [String], credentials: Credentials = .none, caFile: String? = nil, verifiesTLS: Bool = true,
        compression: Bool? = nil, requestTimeout: Duration = .seconds(120), connectTimeout: Duration = .seconds(10),
        keepAlive: Duration = .seconds(120), attempts: Int = 5, patience: Duration = .seconds(300),
        parallel: Int? = nil, maximumPageBytes: Int = 256 << 20, queueBytes: Int = 8 << 20,
        onEvent: (@Sendable (ScrollEvent) -> Void)? = nil
    ) {
        self.endpoints = endpoints
        self.credentials = credentials
        self.caFile = caFile
        self.verifiesTLS = verifiesTLS
        self.compression = compression
        self.requestTimeout = requestTimeout
        self.connectTimeout = connectTimeout
        self.keepAlive = keepAlive
        self.attempts = attempts
        self.patience = patience
        self.parallel = parallel
        self.maximumPageBytes = maximumPageBytes
        self.queueBytes = queueBytes
        self.onEvent = onEvent
    }
}

extension OpenSearchConfiguration {
    var parkAfter: Duration { parksAfter ?? keepAlive / 2 }

    /// Refuses what cannot be.
    func check() throws(OpenSearchError) {
        func refuse(_ message: String) -> OpenSearchError { OpenSearchError(.invalidConfiguration, message) }
        if endpoints.isEmpty { throw refuse("no endpoint is given; name one with --endpoint URL") }
        if attempts < 1 { throw refuse("\(attempts) attempts cannot be; allow at least 1") }
        if keepAlive < .seconds(1) { throw refuse("the keep-alive is below a second; allow at least that") }
        if let parallel, parallel < 1 { throw refuse("\(parallel) scrolls at once cannot be; allow at least 1") }
        if maximumPageBytes < 1 << 20 {
            throw refuse("answers of at most \(maximumPageBytes) bytes are too small; allow at least 1 MiB")
        }
    }
}

extension OpenSearchConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The endpoints without user or password, and the kind of the credentials.
    public var description: String {
        let tls = verifiesTLS ? caFile.map { ", CA \($0)" } ?? "" : ", TLS not verified"
        let own = clientCertificate.map { ", certificate \($0)" } ?? ""
        let way = proxy.isEnvironment ? "" : ", proxy \(proxy)"
        return "\(endpoints.map(Redaction.url).joined(separator: ", ")) (\(credentials)\(own)\(tls)\(way))"
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// Shows no parts, because URLs may hold passwords.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What went wrong and was mended, for logs and counters.
public enum ScrollEvent: Sendable {
    /// Something is tried again after a wait. `attempt` counts from 2; `window` is nil for other requests than scrolls.
    case retrying(window: ScrollWindow?, attempt: Int, after: Duration, error: OpenSearchError)
    /// A scroll was opened. Whoever writes it down can free it after a crash (``OpenSearchClient/clear(_:)``).
    case opened(scroll: String, endpoint: String)
    /// A scroll is free, by clearing or because the server had it no more.
    case cleared(scroll: String, endpoint: String)
    /// All documents that were found to read lack the time: it may be that the query's `timeField` is not their field's
    /// name.
    case untimed(documents: Int, timeField: String)
    /// A window was read whole.
    case finished(WindowReport)
    /// Something cannot be read, and the reading goes on without it.
    case hole(ScrollHole)
    /// A scroll may stay open on the server until its keep-alive ends, because clearing it failed.
    case notCleared(error: OpenSearchError)
}
