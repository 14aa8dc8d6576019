import CCrypto
import CLibcurl
import Glibc

/// What holds for every request of a client.
struct TransportSettings: Sendable {
    var connectTimeout: Duration
    var compression: Bool
    var verifiesTLS: Bool
    var caFile: String?
    var clientCertificate: String?
    var clientKey: String?
    var clientKeyPassphrase: Secret?
    var proxy = HTTPProxy.environment.storage
    /// How long a command that prints a token may take.
    var tokenCommandLimit: Duration = .seconds(30)
}

extension TransportSettings {
    /// - Throws: when a file cannot be read, or the proxy is no URL: better now than at every request.
    init(_ configuration: OpenSearchConfiguration) throws(OpenSearchError) {
        self.init(
            connectTimeout: configuration.connectTimeout, compression: configuration.compression ?? false,
            verifiesTLS: configuration.verifiesTLS, caFile: configuration.caFile,
            clientCertificate: configuration.clientCertificate, clientKey: configuration.clientKey,
            clientKeyPassphrase: configuration.clientKeyPassphrase.map(Secret.init), proxy: configuration.proxy.storage,
            tokenCommandLimit: configuration.tokenCommandLimit)
        try check()
    }

    private func check() throws(OpenSearchError) {
        try checkIdentity()
        guard case .url(let url, _, _) = proxy else { return }
        guard let parts = curl_url() else { throw OpenSearchError(.invalidConfiguration, "out of memory") }
        defer { curl_url_cleanup(parts) }
        let isURL = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK
        guard isURL, ["http://", "https://"].contains(where: { url.lowercased().hasPrefix($0) }) else {
            throw OpenSearchError(
                .invalidConfiguration,
                "the proxy \(Redaction.url(url)) is no URL that starts with http:// or https://; write it like "
                    + "http://proxy.example:3128")
        }
    }

    private func checkIdentity() throws(OpenSearchError) {
        guard let certificate = clientCertificate else {
            guard let clientKey else { return }
            throw OpenSearchError(
                .invalidConfiguration,
                "there is the client key \(clientKey) but no certificate; give --client-certificate FILE too")
        }
        let key = clientKey ?? certificate
        for path in [certificate, key] where access(path, R_OK) != 0 {
            throw OpenSearchError(
                .clientCertificate,
                "\(path) cannot be read (\(String(cString: strerror(errno)))); give --client-certificate and "
                    + "--client-key files that this user may read")
        }
        let fault: String
        switch opnilog_identity_check(certificate, key, clientKeyPassphrase?.value ?? "") {
        case OPNILOG_IDENTITY_GOOD: return
        case OPNILOG_IDENTITY_NO_CERTIFICATE:
            fault = "\(certificate) holds no certificate in PEM; give --client-certificate one that does"
        case OPNILOG_IDENTITY_NO_KEY:
            fault =
                "\(key) holds no key in PEM that can be read; give --client-key one that does, and its passphrase, if it "
                + "has one, in OPNILOG_CLIENT_KEY_PASSPHRASE"
        default:
            fault =
                "the key in \(key) does not belong to the certificate in \(certificate); give --client-key the one that "
                + "the certificate was made for"
        }
        throw OpenSearchError(.clientCertificate, fault)
    }
}
