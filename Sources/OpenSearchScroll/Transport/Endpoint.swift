import CLibcurl

/// Where a server is: scheme, host, port and perhaps a path, without user and password.
struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// Without a slash at its end.
    let url: String
    let host: String
    let isTLS: Bool

    var description: String { url }

    /// Takes a URL apart; a user and a password in it are returned, not kept.
    static func parse(_ text: String) throws(OpenSearchError) -> (endpoint: Endpoint, credentials: Credentials?) {
        guard let parts = curl_url() else { throw OpenSearchError(.invalidConfiguration, "out of memory") }
        defer { curl_url_cleanup(parts) }
        guard curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK,
            let scheme = part(CURLUPART_SCHEME, of: parts), scheme == "http" || scheme == "https",
            let host = part(CURLUPART_HOST, of: parts)
        else {
            throw OpenSearchError(
                .invalidConfiguration,
                "the endpoint \(Redaction.url(text)) is no URL that starts with http:// or https://; "
                    + "write it like https://opensearch.example:9200")
        }
        let user = part(CURLUPART_USER, of: parts, flags: UInt32(CURLU_URLDECODE))
        let password = part(CURLUPART_PASSWORD, of: parts, flags: UInt32(CURLU_URLDECODE))
        for unwanted in [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY, CURLUPART_FRAGMENT] {
            curl_url_set(parts, unwanted, nil, 0)
        }
        var url = part(CURLUPART_URL, of: parts) ?? text
        while url.last == "/" { url.removeLast() }
        let endpoint = Endpoint(url: url, host: host, isTLS: scheme == "https")
        return (endpoint, user.map { .basic(user: $0, password: password ?? "") })
    }

    /// The port, also where the URL does not name it.
    var port: String {
        let authority = url[(url.firstRange(of: "://")?.upperBound ?? url.startIndex)...].prefix { $0 != "/" }
        let named = authority.split(separator: ":").last ?? ""
        let isNamed = authority.contains(":") && !named.isEmpty && named.allSatisfy(\.isNumber)
        return isNamed && authority.last != "]" ? String(named) : isTLS ? "443" : "80"
    }

    private static func part(_ part: CURLUPart, of parts: OpaquePointer, flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(parts, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    /// A piece of a path with everything percent-encoded that is not plain, but for `*` and `,` of index patterns.
    static func encode(_ piece: String) -> String {
        let digits = Array("0123456789ABCDEF".unicodeScalars)
        var encoded = ""
        for byte in piece.utf8 {
            switch Unicode.Scalar(byte) {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "~", "*", ",":
                encoded.unicodeScalars.append(.init(byte))
            default:
                encoded += "%"
                encoded.unicodeScalars.append(digits[Int(byte >> 4)])
                encoded.unicodeScalars.append(digits[Int(byte & 15)])
            }
        }
        return encoded
    }
}
