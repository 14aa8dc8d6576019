import CCrypto
import Glibc

/// AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"), at one moment.
///
/// Our own rather than libcurl's: docs/decisions/0006 says why.
struct AWSSigner {
    var identity: AWSIdentity
    /// As `20150830T123600Z`.
    var timestamp: String

    /// The header lines that a request of ours goes out with, `Host` among them, since the signature covers it.
    func headers(of request: HTTPRequest) -> [String] {
        let body = request.body ?? []
        let digest = Self.hexadecimal(Self.sha256(body))
        // Serverless wants the digest of the body as a header too; for the other service it does no harm.
        var signed = [
            ("host", request.endpoint.authority), ("x-amz-content-sha256", digest), ("x-amz-date", timestamp),
        ]
        if request.body != nil { signed.append(("content-type", "application/json")) }
        if let token = identity.sessionToken { signed.append(("x-amz-security-token", token.value)) }
        let (path, query) = request.target
        let value = authorization(
            method: request.method.name, path: path, query: query, headers: signed, bodyDigest: digest)
        // Content-Type goes out with the body.
        return signed.filter { $0.0 != "content-type" }.map { "\($0.0): \($0.1)" } + ["authorization: \(value)"]
    }

    /// The value of `Authorization`.
    ///
    /// - Parameters:
    ///   - path: as it goes over the wire.
    ///   - query: likewise, without the question mark.
    ///   - headers: names in lower case, and values, of all headers to be signed.
    func authorization(
        method: String, path: String, query: String, headers: [(String, String)], bodyDigest: String
    ) -> String {
        let sorted = headers.sorted { $0.0 < $1.0 }
        let names = sorted.map(\.0).joined(separator: ";")
        let canonical = [
            method, Self.canonicalPath(path), Self.canonicalQuery(query),
            sorted.map { "\($0.0):\($0.1)\n" }.joined(), names, bodyDigest,
        ].joined(separator: "\n")
        let scope = "\(timestamp.prefix(8))/\(identity.region)/\(identity.service)/aws4_request"
        let digest = Self.hexadecimal(Self.sha256(Array(canonical.utf8)))
        let text = "AWS4-HMAC-SHA256\n\(timestamp)\n\(scope)\n\(digest)"
        var key = Array("AWS4\(identity.secretKey.value)".utf8)
        for part in scope.split(separator: "/") { key = Self.code(key, String(part)) }
        let signature = Self.hexadecimal(Self.code(key, text))
        return "AWS4-HMAC-SHA256 Credential=\(identity.accessKey)/\(scope), SignedHeaders=\(names), "
            + "Signature=\(signature)"
    }

    /// The service encodes the path it receives once more, escapes included: `/a*,%3C` becomes `/a%2A%2C%253C`.
    static func canonicalPath(_ path: String) -> String {
        path.isEmpty
            ? "/"
            : path.split(separator: "/", omittingEmptySubsequences: false).map { encode($0.utf8) }
                .joined(separator: "/")
    }

    /// Parameters decoded, encoded in one way only, and sorted by their bytes.
    static func canonicalQuery(_ query: String) -> String {
        let pairs = query.split(separator: "&").map { parameter in
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (encode(decoded(parts[0])), parts.count > 1 ? encode(decoded(parts[1])) : "")
        }
        return pairs.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    private static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in bytes {
            switch Unicode.Scalar(byte) {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "~": encoded.append(byte)
            default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func decoded(_ text: Substring) -> [UInt8] {
        var bytes = Array(text.utf8)[...]
        var decoded: [UInt8] = []
        while let byte = bytes.popFirst() {
            let digits = bytes.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                decoded.append(value)
                bytes.removeFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    /// - Parameter seconds: since 1970.
    static func timestamp(_ seconds: Int) -> String {
        var (moment, parts) = (time_t(seconds), tm())
        gmtime_r(&moment, &parts)
        let date = (Int(parts.tm_year) + 1900) * 10_000 + Int(parts.tm_mon + 1) * 100 + Int(parts.tm_mday)
        let time = Int(parts.tm_hour) * 10_000 + Int(parts.tm_min) * 100 + Int(parts.tm_sec)
        return "\(date)T" + String(repeating: "0", count: 6 - "\(time)".count) + "\(time)Z"
    }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        guard let state = opnilog_sha256_new() else { fatalError("libcrypto gave no SHA-256: memory is exhausted") }
        defer { opnilog_sha256_free(state) }
        opnilog_sha256_update(state, bytes, bytes.count)
        var digest = [UInt8](repeating: 0, count: 32)
        opnilog_sha256_finish(state, &digest)
        return digest
    }

    private static func code(_ key: [UInt8], _ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var code = [UInt8](repeating: 0, count: 32)
        guard opnilog_hmac_sha256(key, key.count, bytes, bytes.count, &code) else {
            fatalError("libcrypto gave no HMAC: memory is exhausted")
        }
        return code
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

extension HTTPRequest {
    /// Path and query as they go over the wire.
    fileprivate var target: (path: String, query: String) {
        let whole = endpoint.basePath + path
        guard let mark = whole.firstIndex(of: "?") else { return (whole, "") }
        return (String(whole[..<mark]), String(whole[whole.index(after: mark)...]))
    }
}

extension Endpoint {
    /// Host and port as `Host` says them: without the port that the scheme has by default.
    var authority: String {
        let rest = url[(url.firstRange(of: "://")?.upperBound ?? url.startIndex)...]
        let authority = rest.prefix { $0 != "/" }
        let standard = isTLS ? ":443" : ":80"
        return String(authority.hasSuffix(standard) ? authority.dropLast(standard.count) : authority)
    }

    fileprivate var basePath: String {
        let rest = url[(url.firstRange(of: "://")?.upperBound ?? url.startIndex)...]
        return String(rest.drop { $0 != "/" })
    }
}
