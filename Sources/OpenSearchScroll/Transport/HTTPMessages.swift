import CLibcurl

/// What is sent to a server.
struct HTTPRequest: Sendable {
    struct Method: Sendable {
        var name: String
        static let get = Method(name: "GET")
        static let post = Method(name: "POST")
        static let delete = Method(name: "DELETE")
    }

    var method: Method
    var endpoint: Endpoint
    var credentials: Credentials
    /// Everything after host and port and the endpoint's own path, percent-encoded.
    var path: String
    var body: [UInt8]?
    /// For the whole exchange, connecting included.
    var timeout: Duration
    /// An answer that announces or sends more bytes than this is broken off, before its memory is taken.
    var maximumBytes = AnswerBody.largest
    /// Whether the answer may come compressed; nil as the settings say.
    var acceptsGzip: Bool?
    /// Asked on the transfer thread when an answer has come whole, whatever its status: the request to send at once,
    /// before anybody has been woken to look at the answer.
    var following: (@Sendable (HTTPAnswer) -> HTTPRequest?)?
}

/// What came back, whole.
struct HTTPAnswer: Sendable {
    var status: Int
    var body: AnswerBody
    /// How long the server wants us to stay away, if it said so.
    var retryAfter: Duration?
    /// The version out of `X-OpenSearch-Version`, which servers from 3 on send.
    var serverVersion: String?
    var timing: TransferTiming
    /// The bytes of the body as they came: compressed, if they were.
    var wireBytes: Int
    /// The request that followed at once, if one did (``HTTPRequest/following``). Whoever takes the answer awaits it.
    var next: Transfer?
}

/// How long an exchange took, from its start: connecting included, waiting in our own queue not.
struct TransferTiming: Sendable {
    /// Until the answer began.
    var firstByte: Duration
    var total: Duration
}

/// Why nothing came back, or not all of it.
struct TransferFailure: Error, Sendable {
    /// libcurl's code; 0 when the transfer was cancelled.
    var code: UInt32
    /// libcurl's own words, which never hold a secret, since none stands in a URL.
    var detail: String
    /// `errno` of the failed connection, 0 if there is none.
    var systemError: Int32 = 0
    /// OpenSSL's verdict on the certificate, 0 if it is good or was not looked at.
    var certificateVerdict = 0
    /// The same on the certificate of an https:// proxy.
    var proxyVerdict = 0
    /// Whether we have a certificate of our own to show.
    var hasClientCertificate = false
    /// The status that a proxy refused by; 200 if it made way, 0 if it was not asked.
    var proxyStatus = 0
    /// False only when surely no byte of the request has left, or the server has refused it by a 401 (which leaves all
    /// as it was) and there were no other credentials: it may be sent again as if it had never been. Else nobody knows
    /// what the server made of it.
    var wasSent = true
    /// How long an answer was said to be that was broken off because it is larger than allowed; nil if it is not that,
    /// or if the answer did not tell its length.
    var announcedBytes: Int?

    /// What had come of the answer.
    var partialBody: AnswerBody?

    static let cancelled = TransferFailure(code: 0, detail: "cancelled")
    var isCancellation: Bool { code == 0 }
    /// Whether the answer was larger than ``HTTPRequest/maximumBytes``.
    var isTooLarge: Bool { code == CURLE_FILESIZE_EXCEEDED.rawValue }
}
