import CLibcurl
import Glibc

/// A libcurl handle with all the memory that libcurl uses meanwhile: for one transfer at a time, and for one after the
/// other. Only the transfer thread touches it.
final class EasyHandle {
    let curl: UnsafeMutableRawPointer
    /// Nil between two.
    private(set) var transfer: Transfer?
    private let settings: TransportSettings
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>
    /// How often libcurl came to the point of sending the request.
    fileprivate var sendings = 0
    /// Whether the empty line that ends the head of an answer came; libcurl takes a head for whole that ends anywhere.
    fileprivate var hasHead = false
    fileprivate var refusal: Refusal?

    /// Why we did not take the bytes of an answer.
    fileprivate enum Refusal {
        case tooLarge
        case noMemory
    }

    init(settings: TransportSettings) {
        guard let curl = curl_easy_init() else { fatalError("out of memory for a request") }
        self.curl = curl
        self.settings = settings
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(curl)
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    func begin(_ transfer: Transfer) {
        self.transfer = transfer
        apply(settings)
        apply(transfer.authorization)
        apply(transfer.request)
        opnilog_curl_set_pointer(curl, CURLOPT_ERRORBUFFER, errorText)
        let context = Unmanaged.passUnretained(self).toOpaque()
        opnilog_curl_set_pointer(curl, CURLOPT_PRIVATE, context)
        opnilog_curl_set_write(curl, receive, context)
        opnilog_curl_set_head(curl, receiveHead, context)
        opnilog_curl_set_before(curl, beforeSending, context)
        opnilog_curl_set_open(curl, openSocket, context)
    }

    /// Forgets the transfer, its body and its secrets; libcurl's own memory remains, and the connection is not ours.
    func end() {
        curl_easy_reset(curl)
        curl_slist_free_all(headers)
        (transfer, headers, sendings, hasHead, refusal) = (nil, nil, 0, false, nil)
        errorText.pointee = 0
    }

    private func apply(_ settings: TransportSettings) {
        // Signals would be the whole process's; the thread blocks SIGPIPE itself.
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_BUFFERSIZE, 512 << 10)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout.milliseconds)
        set(CURLOPT_USERAGENT, "opnilog")
        set(CURLOPT_SSL_VERIFYPEER, settings.verifiesTLS ? 1 : 0)
        set(CURLOPT_SSL_VERIFYHOST, settings.verifiesTLS ? 2 : 0)
        if let file = settings.caFile { set(CURLOPT_CAINFO, file) }
        if let certificate = settings.clientCertificate {
            set(CURLOPT_SSLCERT, certificate)
            set(CURLOPT_SSLKEY, settings.clientKey ?? certificate)
            // Always one, since OpenSSL would ask the terminal.
            set(CURLOPT_KEYPASSWD, settings.clientKeyPassphrase?.value ?? "")
        }
        apply(settings.proxy)
    }

    private func apply(_ proxy: HTTPProxy.Storage) {
        // CURLAUTH_BASIC, a macro that Swift cannot read: sent at once, so that no proxy asks first.
        set(CURLOPT_PROXYAUTH, 1)
        switch proxy {
        case .environment(let user, let password): apply(proxyUser: user, password)
        case .direct: set(CURLOPT_PROXY, "")
        case .url(let url, let user, let password):
            set(CURLOPT_PROXY, url)
            apply(proxyUser: user, password)
        }
    }

    private func apply(proxyUser user: String?, _ password: Secret?) {
        if let user { set(CURLOPT_PROXYUSERNAME, user) }
        if let password { set(CURLOPT_PROXYPASSWORD, password.value) }
    }

    private func apply(_ request: HTTPRequest) {
        set(CURLOPT_URL, request.endpoint.url + request.path)
        set(CURLOPT_CUSTOMREQUEST, request.method.name)
        if request.acceptsGzip ?? settings.compression { set(CURLOPT_ACCEPT_ENCODING, "gzip") }
        set(CURLOPT_TIMEOUT_MS, request.timeout.milliseconds)
        if request.body != nil {
            addHeader("Content-Type: application/json")
            // Nothing "expected", which would cost long bodies a round trip.
            addHeader("Expect:")
        }
        opnilog_curl_set_list(curl, CURLOPT_HTTPHEADER, headers)
        guard let body = request.body else { return }
        body.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            opnilog_curl_set_body(curl, start, bytes.count)
        }
    }

    private func apply(_ authorization: Authorization) {
        switch authorization {
        case .none: break
        case .basic(let user, let password):
            set(CURLOPT_USERNAME, user)
            set(CURLOPT_PASSWORD, password.value)
        case .bearer(let token): addHeader("Authorization: Bearer \(token.value)")
        case .signed(let lines): for line in lines { addHeader(line.value) }
        }
    }

    private func addHeader(_ line: String) { headers = curl_slist_append(headers, line) ?? headers }

    private func set(_ option: CURLoption, _ value: Int) { opnilog_curl_set_long(curl, option, value) }
    private func set(_ option: CURLoption, _ value: String) { opnilog_curl_set_string(curl, option, value) }

    /// The transfer's outcome, once libcurl has ended it.
    func outcome(_ result: CURLcode, of transfer: Transfer) -> Transfer.Outcome {
        let status = long(CURLINFO_RESPONSE_CODE)
        if result == CURLE_OK, hasHead, status != 407 { return .success(answer(status, transfer.body)) }
        var failure = failure(result == CURLE_OK ? CURLE_RECV_ERROR : result, transfer.request)
        // No server says that but a proxy.
        if result == CURLE_OK, hasHead { failure.proxyStatus = status }
        return .failure(failure)
    }

    private func answer(_ status: Int, _ body: AnswerBody) -> HTTPAnswer {
        HTTPAnswer(
            status: status, body: body,
            retryAfter: AnswerHeaders.retryAfter(header("Retry-After"), date: header("Date")),
            serverVersion: AnswerHeaders.version(header("X-OpenSearch-Version")),
            timing: TransferTiming(
                firstByte: .microseconds(offset(CURLINFO_STARTTRANSFER_TIME_T)),
                total: .microseconds(offset(CURLINFO_TOTAL_TIME_T))),
            wireBytes: offset(CURLINFO_SIZE_DOWNLOAD_T))
    }

    private func failure(_ result: CURLcode, _ request: HTTPRequest) -> TransferFailure {
        let said = String(cString: errorText)
        var failure = TransferFailure(
            code: result.rawValue,
            detail: said.isEmpty ? String(cString: curl_easy_strerror(result)) : Redaction.detail(said),
            systemError: Int32(truncatingIfNeeded: long(CURLINFO_OS_ERRNO)),
            certificateVerdict: long(CURLINFO_SSL_VERIFYRESULT),
            proxyVerdict: long(CURLINFO_PROXY_SSL_VERIFYRESULT),
            hasClientCertificate: settings.clientCertificate != nil, proxyStatus: long(CURLINFO_HTTP_CONNECTCODE),
            wasSent: sendings > 0, partialBody: transfer?.body)
        if sendings > 0, isRepetition || result == CURLE_COULDNT_CONNECT {
            failure.code = CURLE_GOT_NOTHING.rawValue
            failure.detail = "the connection was closed before the answer began"
        }
        switch refusal {
        case .tooLarge:
            let (announced, allowed) = (header("Content-Length").flatMap { Int($0) }, request.maximumBytes)
            failure.code = CURLE_FILESIZE_EXCEEDED.rawValue
            // Of a compressed answer it may be less than what is too much.
            failure.announcedBytes = announced.flatMap { $0 > allowed ? $0 : nil }
            let size = failure.announcedBytes.map { "\($0)" } ?? "more than \(allowed)"
            failure.detail = "an answer of \(size) bytes, \(allowed) allowed"
        case .noMemory:
            failure.code = CURLE_OUT_OF_MEMORY.rawValue
            failure.detail = "no memory for the answer"
        case nil: break
        }
        return failure
    }

    /// libcurl wanted to send the request again, after a connection that it had used before was closed without a byte
    /// of an answer. It thinks that such a connection was closed while it was idle, but a server may as well have read
    /// the request, and moved the scroll on; so it is not let.
    private var isRepetition: Bool { sendings > 1 }

    /// Takes bytes of the answer, unless they are too many.
    fileprivate func take(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        guard let transfer else { return false }
        let body = transfer.body
        let told = offset(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T)
        if told > transfer.request.maximumBytes {
            // Its start tells which scroll it has opened, so that it can be cleared. That may come in several pieces.
            let start = 64 << 10
            guard body.append(bytes, count: min(count, start - body.count)) else { return refuse(.noMemory) }
            let needsMore = body.count < start && body.withBytes { PageDecoder.isScrollIDCut(startOf: $0) }
            return needsMore || refuse(.tooLarge)
        }
        // Told in advance, the length saves all growing; of a compressed answer it is too small, which does no harm.
        if body.count == 0, told > 0, !body.reserve(told) { return refuse(.noMemory) }
        if body.count + count > transfer.request.maximumBytes { return refuse(.tooLarge) }
        return body.append(bytes, count: count) || refuse(.noMemory)
    }

    private func refuse(_ reason: Refusal) -> Bool {
        refusal = reason
        return false
    }

    private func header(_ name: String) -> String? { opnilog_curl_header(curl, name).map { String(cString: $0) } }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        opnilog_curl_get_long(curl, info, &value)
        return value
    }

    private func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        opnilog_curl_get_offset(curl, info, &value)
        return value
    }
}

/// libcurl's write callback.
private func receive(
    bytes: UnsafeMutablePointer<CChar>, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    return Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue().take(bytes, count) ? count : 0
}

/// libcurl's callback for a line of the head.
private func receiveHead(
    bytes: UnsafeMutablePointer<CChar>, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
    if count <= 2 {
        handle.hasHead = true
    } else if strncmp(bytes, "HTTP/", 5) == 0 {
        // The heads of a proxy and of 1xx come before the answer's own; trailers after its body.
        handle.hasHead = false
    }
    return count
}

/// libcurl's callback once there is a connection and before the request is sent: it lets the first sending go on only.
private func beforeSending(
    context: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?, _: UnsafeMutablePointer<CChar>?, _: Int32,
    _: Int32
) -> Int32 {
    guard let context else { return CURL_PREREQFUNC_ABORT }
    let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
    handle.sendings += 1
    return handle.sendings == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// libcurl's callback for a new socket, which no child process shall inherit. A request that was sent already gets
/// none.
private func openSocket(
    context: UnsafeMutableRawPointer?, _: curlsocktype, address: UnsafeMutablePointer<curl_sockaddr>
) -> curl_socket_t {
    guard let context, Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue().sendings == 0 else {
        return CURL_SOCKET_BAD
    }
    let wanted = address.pointee
    return socket(wanted.family, wanted.socktype | Int32(SOCK_CLOEXEC.rawValue), wanted.`protocol`)
}

extension Duration {
    /// Rounded up, so that a short time never becomes libcurl's "no limit".
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
