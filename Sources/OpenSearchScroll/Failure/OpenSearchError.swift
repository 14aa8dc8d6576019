/// What went wrong between us and OpenSearch, and how to mend it. Never holds a secret or the content of a document.
public struct OpenSearchError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A bounded vocabulary, fit for the labels of a metric.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case invalidConfiguration, invalidQuery, cancelled
            case hostNotFound, connectionRefused, unreachable, connectionLost, timedOut
            case unknownAuthority, wrongHostName, certificateExpired, tlsFailed, clientCertificate, proxyFailed
            case unauthorized, forbidden, noCredentials
            case indexNotFound, noIndexMatches, timeFieldIsNoDate, tooManyBuckets, pageTooLarge
            case partialShards, scrollLost, incomplete
            case overloaded, unavailable, rejected, badAnswer
        }

        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The name of the code.
        public var description: String { value.rawValue }

        /// A setting of ours that cannot be: a URL, a page size, a window.
        public static let invalidConfiguration = Code(.invalidConfiguration)
        /// The query is not JSON, or OpenSearch does not understand it.
        public static let invalidQuery = Code(.invalidQuery)
        /// The task was cancelled.
        public static let cancelled = Code(.cancelled)
        /// No address for the host's name.
        public static let hostNotFound = Code(.hostNotFound)
        /// Nothing listens at host and port.
        public static let connectionRefused = Code(.connectionRefused)
        /// No way to the host, or no answer from it while connecting.
        public static let unreachable = Code(.unreachable)
        /// The connection ended before the answer did.
        public static let connectionLost = Code(.connectionLost)
        /// The whole answer did not come in time.
        public static let timedOut = Code(.timedOut)
        /// The server's certificate is signed by nobody we trust.
        public static let unknownAuthority = Code(.unknownAuthority)
        /// The server's certificate is for another host.
        public static let wrongHostName = Code(.wrongHostName)
        /// The server's certificate is over, or not valid yet.
        public static let certificateExpired = Code(.certificateExpired)
        /// TLS failed for another reason.
        public static let tlsFailed = Code(.tlsFailed)
        /// The server does not take our own certificate, or wants one and got none, or its file cannot be used.
        public static let clientCertificate = Code(.clientCertificate)
        /// The proxy cannot be reached, or does not let us through.
        public static let proxyFailed = Code(.proxyFailed)
        /// The token cannot be had: its file cannot be read, or its command fails.
        public static let noCredentials = Code(.noCredentials)
        /// 401: no credentials, or wrong ones.
        public static let unauthorized = Code(.unauthorized)
        /// 403: the credentials lack a right.
        public static let forbidden = Code(.forbidden)
        /// An index of that name does not exist.
        public static let indexNotFound = Code(.indexNotFound)
        /// A pattern matches no index.
        public static let noIndexMatches = Code(.noIndexMatches)
        /// The time field is not mapped as a date.
        public static let timeFieldIsNoDate = Code(.timeFieldIsNoDate)
        /// A histogram has more buckets than the cluster allows.
        public static let tooManyBuckets = Code(.tooManyBuckets)
        /// The page size is above what the index allows, or its bytes above what a page can hold.
        public static let pageTooLarge = Code(.pageTooLarge)
        /// Not all shards answered.
        public static let partialShards = Code(.partialShards)
        /// The server no longer has the scroll: expired, cleared, or its node is gone.
        public static let scrollLost = Code(.scrollLost)
        /// A scroll ended with fewer or more documents than it had said.
        public static let incomplete = Code(.incomplete)
        /// 429: the server has too much to do, or too little memory.
        public static let overloaded = Code(.overloaded)
        /// 502, 503, 504: the server or what stands before it is not ready.
        public static let unavailable = Code(.unavailable)
        /// Any other status that is not 200.
        public static let rejected = Code(.rejected)
        /// The answer is not what OpenSearch answers.
        public static let badAnswer = Code(.badAnswer)
    }

    /// What kind of failure it is.
    public let code: Code
    /// One sentence on what went wrong, one on how to mend it.
    public let message: String
    /// The status of the answer, if there was one.
    public let httpStatus: Int?
    /// Whether the same may succeed a little later without anybody's doing.
    public let isTransient: Bool
    /// What the server asks to wait before anything is tried again.
    public internal(set) var retryAfter: Duration?
    /// Whether the request surely was not carried out: it never left, or was refused before it reached a shard. Only
    /// then may a request for a page be sent again on the same scroll; after all else its scroll has to be given up,
    /// for it may have moved on.
    var isRepeatable = false
    /// The keep-alive that the cluster allows at most.
    var keepAliveLimit: Duration?
    /// The documents that a page of the index may have.
    var pageLimit: Int?
    /// The bytes that an answer had which was too large, at least.
    var pageBytes: Int?

    /// Whether the server refused for lack of memory.
    let isOutOfMemory: Bool

    init(
        _ code: Code, _ message: String, httpStatus: Int? = nil, isTransient: Bool = false, isOutOfMemory: Bool = false
    ) {
        self.isOutOfMemory = isOutOfMemory
        self.code = code
        self.message = message
        self.httpStatus = httpStatus
        self.isTransient = isTransient
    }

    /// The same as one that may pass.
    var transient: OpenSearchError { OpenSearchError(code, message, httpStatus: httpStatus, isTransient: true) }

    /// The message after its code.
    public var description: String { "\(code): \(message)" }
}
