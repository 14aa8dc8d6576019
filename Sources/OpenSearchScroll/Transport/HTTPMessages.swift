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
    /// An answer that announces or sends more is broken off.
    var maximumBytes = AnswerBody.largest
    /// Whether the answer may come compressed; nil: as the transport's settings say.
    var acceptsGzip: Bool?
}

/// What came back, whole.
struct HTTPAnswer: Sendable {
    var status: Int
    var body: AnswerBody
    /// What the server asks to wait before the next request.
    var retryAfter: Duration?
    var timing = TransferTiming()
}

/// How an answer came.
struct TransferTiming: Sendable {
    /// From the start to the first byte of the answer.
    var firstByte: Duration = .zero
    /// From the start to its last byte.
    var total: Duration = .zero
    /// Bytes as they came, compressed if they were.
    var wireBytes = 0
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
    /// Whether there was a connection, with its TLS if any: if not, no byte of the request has left.
    var connected = false

    /// Whether a byte of the request may have left.
    var wasSent: Bool { connected }
    /// What the answer would have had, where it was broken off for its size.
    var announcedBytes: Int?
    /// What had come of the answer.
    var partialBody: AnswerBody?

    static let cancelled = TransferFailure(code: 0, detail: "cancelled")
    var isCancellation: Bool { code == 0 }
}
