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
    var proxy = HTTPProxy.Storage.environment
}

extension TransportSettings {
    /// - Throws: when a file cannot be read, or the proxy is no URL: better now than at every request.
    init(_ configuration: OpenSearchConfiguration) throws(OpenSearchError) {
        self.init(
            connectTimeout: configuration.connectTimeout, compression: configuration.compression ?? false,
            verifiesTLS: configuration.verifiesTLS, caFile: configuration.caFile,
            clientCertificate: configuration.clientCertificate, clientKey: configuration.clientKey,
            clientKeyPassphrase: configuration.clientKeyPassphrase.map(Secret.init), proxy: configuration.proxy.storage)
        try check()
    }

    private func check() throws(OpenSearchError) {
        if clientKey != nil, clientCertificate == nil {
            throw OpenSearchError(
                .invalidConfiguration, "there is a client key but no certificate; give --client-certificate FILE too")
        }
        for (path, option) in [(clientCertificate, "--client-certificate"), (clientKey, "--client-key")] {
            guard let path, access(path, R_OK) != 0 else { continue }
            throw OpenSearchError(
                .invalidConfiguration,
                "\(path) cannot be read (\(String(cString: strerror(errno)))); give \(option) a PEM file that this user "
                    + "may read")
        }
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
}
