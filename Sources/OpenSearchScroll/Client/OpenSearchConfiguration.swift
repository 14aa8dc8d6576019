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
    /// Whether answers may come compressed by gzip: for slow links, at a price in CPU time on both sides.
    public var compression: Bool
    /// For one request with its whole answer.
    public var requestTimeout: Duration
    /// For a connection, its TLS included.
    public var connectTimeout: Duration
    /// How long the server keeps a scroll between two of its pages: the time a consumer has for one page.
    public var keepAlive: Duration
    /// How often a window or an opening is tried in all.
    public var attempts: Int
    /// Told of what went wrong and was mended. Called from any thread, must be quick.
    public var onEvent: (@Sendable (ScrollEvent) -> Void)?
    /// How long a cancelled request that holds a scroll may still take to answer, so that the scroll can be cleared.
    var cancellationGrace: Duration = .seconds(4)
    /// The wait before the second attempt is at most this; it doubles from attempt to attempt.
    var firstBackoff: Duration = .milliseconds(500)

    /// Everything but the endpoints has a default.
    public init(
        endpoints: [String], credentials: Credentials = .none, caFile: String? = nil, verifiesTLS: Bool = true,
        compression: Bool = false, requestTimeout: Duration = .seconds(120), connectTimeout: Duration = .seconds(10),
        keepAlive: Duration = .seconds(300), attempts: Int = 5, onEvent: (@Sendable (ScrollEvent) -> Void)? = nil
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
        self.onEvent = onEvent
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
    /// A scroll may stay open on the server until its keep-alive ends, because clearing it failed.
    case notCleared(error: OpenSearchError)
}
