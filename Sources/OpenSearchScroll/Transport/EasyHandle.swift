import CLibcurl

/// A libcurl handle set up for one transfer, with all the memory that libcurl uses meanwhile. Only the transfer thread
/// touches it.
final class EasyHandle {
    let curl: UnsafeMutableRawPointer
    let transfer: Transfer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>

    init(_ transfer: Transfer, settings: TransportSettings) {
        guard let curl = curl_easy_init() else { fatalError("out of memory for a request") }
        self.curl = curl
        self.transfer = transfer
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        apply(settings)
        apply(transfer.request)
        opnilog_curl_set_pointer(curl, CURLOPT_ERRORBUFFER, errorText)
        opnilog_curl_set_pointer(curl, CURLOPT_PRIVATE, Unmanaged.passUnretained(self).toOpaque())
        opnilog_curl_set_write(curl, receive, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        curl_easy_cleanup(curl)
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    private func apply(_ settings: TransportSettings) {
        // Signals would be the whole process's; the thread blocks SIGPIPE itself.
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_BUFFERSIZE, 256 << 10)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout.milliseconds)
        set(CURLOPT_USERAGENT, "opnilog")
        if settings.compression { set(CURLOPT_ACCEPT_ENCODING, "gzip") }
        set(CURLOPT_SSL_VERIFYPEER, settings.verifiesTLS ? 1 : 0)
        set(CURLOPT_SSL_VERIFYHOST, settings.verifiesTLS ? 2 : 0)
        if let file = settings.caFile { set(CURLOPT_CAINFO, file) }
    }

    private func apply(_ request: HTTPRequest) {
        set(CURLOPT_URL, request.endpoint.url + request.path)
        set(CURLOPT_CUSTOMREQUEST, request.method.name)
        set(CURLOPT_TIMEOUT_MS, request.timeout.milliseconds)
        if case .basic(let user, let password) = request.credentials.storage {
            set(CURLOPT_USERNAME, user)
            set(CURLOPT_PASSWORD, password)
        }
        guard let body = request.body else { return }
        // Without "Expect", which would cost long bodies a round trip.
        headers = curl_slist_append(nil, "Content-Type: application/json")
        headers = curl_slist_append(headers, "Expect:")
        opnilog_curl_set_list(curl, CURLOPT_HTTPHEADER, headers)
        body.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            opnilog_curl_set_body(curl, start, bytes.count)
        }
    }

    private func set(_ option: CURLoption, _ value: Int) { opnilog_curl_set_long(curl, option, value) }
    private func set(_ option: CURLoption, _ value: String) { opnilog_curl_set_string(curl, option, value) }

    /// The transfer's outcome, once libcurl has ended it.
    func outcome(_ result: CURLcode) -> Transfer.Outcome {
        if result == CURLE_OK {
            return .success(HTTPAnswer(status: long(CURLINFO_RESPONSE_CODE), body: transfer.body))
        }
        let said = String(cString: errorText)
        return .failure(
            TransferFailure(
                code: result.rawValue,
                detail: said.isEmpty ? String(cString: curl_easy_strerror(result)) : said,
                systemError: Int32(truncatingIfNeeded: long(CURLINFO_OS_ERRNO)),
                certificateVerdict: long(CURLINFO_SSL_VERIFYRESULT),
                connected: offset(CURLINFO_PRETRANSFER_TIME_T) > 0))
    }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        opnilog_curl_get_long(curl, info, &value)
        return value
    }

    fileprivate func offset(_ info: CURLINFO) -> Int {
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
    let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
    let body = handle.transfer.body
    if body.count == 0 {
        // Told in advance, the length saves all growing; of a compressed answer it is too small, which does no harm.
        let told = handle.offset(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T)
        if told > 0, !body.reserve(told) { return 0 }
    }
    return body.append(bytes, count: count) ? count : 0
}

extension Duration {
    /// Rounded up, so that a short time never becomes libcurl's "no limit".
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
