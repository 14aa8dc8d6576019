import CLibcurl
import Glibc

// What libcurl says becomes an OpenSearchError here.

extension OpenSearchError {
    init(_ failure: TransferFailure, _ context: RequestContext) {
        if failure.isCancellation {
            self.init(.cancelled, "the request to \(context.endpoint) was cancelled")
            return
        }
        self =
            Self.credentials(failure) ?? Self.proxy(failure, context) ?? Self.clientCertificate(failure, context)
            ?? Self.connection(failure, context) ?? Self.tls(failure, context) ?? Self.exchange(failure, context)
        isRepeatable = !failure.wasSent
        // Without an announced length: what had come until it was too much.
        if failure.isTooLarge { pageBytes = failure.announcedBytes ?? failure.partialBody?.count ?? 1 }
    }

    private static func credentials(_ failure: TransferFailure) -> OpenSearchError? {
        switch CURLcode(failure.code) {
        case CURLE_LOGIN_DENIED: OpenSearchError(.noCredentials, failure.detail)
        case CURLE_AUTH_ERROR: OpenSearchError(.noCredentials, failure.detail, isTransient: true)
        default: nil
        }
    }

    // MARK: The proxy

    private static func proxy(_ failure: TransferFailure, _ context: RequestContext) -> OpenSearchError? {
        let endpoint = context.endpoint
        switch failure.proxyStatus {
        case 0, 200: break
        case 407:
            return OpenSearchError(
                .proxyFailed,
                "the proxy before \(endpoint) wants credentials, or others than it got (407); give its user and password "
                    + "in OPNILOG_PROXY_USERNAME and OPNILOG_PROXY_PASSWORD")
        case let status:
            return OpenSearchError(
                .proxyFailed,
                "the proxy makes no way to \(endpoint) (HTTP \(status)); let it allow CONNECT there, or go without it: "
                    + "--proxy none, or the host in no_proxy", isTransient: status >= 500)
        }
        let code = CURLcode(failure.code)
        if code == CURLE_COULDNT_RESOLVE_PROXY {
            return OpenSearchError(
                .proxyFailed,
                "no address is known for the host of the proxy (\(failure.detail)); correct --proxy or the environment, "
                    + "or go without: --proxy none", isTransient: true)
        }
        if let other = otherHost(failure, endpoint), [CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT].contains(code) {
            return OpenSearchError(
                .proxyFailed,
                "the proxy \(other) cannot be reached (\(failure.detail)); correct --proxy or the environment, or go "
                    + "without: --proxy none", isTransient: true)
        }
        if failure.proxyVerdict != 0 {
            return OpenSearchError(
                .proxyFailed,
                "the certificate of the proxy is refused (\(failure.detail)); this machine must trust it")
        }
        return nil
    }

    /// Host and port that libcurl says it did not reach, if that is not the server.
    private static func otherHost(_ failure: TransferFailure, _ endpoint: Endpoint) -> String? {
        guard let start = failure.detail.firstRange(of: "Failed to connect to ")?.upperBound else { return nil }
        let words = failure.detail[start...].split(separator: " ")
        guard words.count > 2, words[1] == "port" else { return nil }
        let (host, port) = (endpoint.host.filter { $0 != "[" && $0 != "]" }, endpoint.port)
        return words[0] == host && words[2] == port ? nil : "\(words[0]):\(words[2])"
    }

    // MARK: Our own certificate

    private static func clientCertificate(_ failure: TransferFailure, _ context: RequestContext) -> OpenSearchError? {
        let (endpoint, said) = (context.endpoint, failure.detail.lowercased())
        switch CURLcode(failure.code) {
        case CURLE_SSL_CERTPROBLEM:
            return OpenSearchError(
                .clientCertificate,
                "the client certificate or its key cannot be used (\(failure.detail)); they were good when this "
                    + "client was made: look at what replaced them")
        case CURLE_SSL_CLIENTCERT: return wantsCertificate(endpoint)
        // With TLS 1.3 the server looks at it after the handshake, so these come in place of an answer too.
        case CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            if said.contains("alert certificate required") { return wantsCertificate(endpoint) }
            let verdicts = [
                "alert unknown ca", "alert bad certificate", "alert certificate unknown", "alert certificate expired",
                "alert certificate revoked", "alert unsupported certificate", "alert access denied",
            ]
            guard let verdict = verdicts.first(where: said.contains) else { return nil }
            // Some servers find a certificate bad that is not there.
            guard failure.hasClientCertificate else { return wantsCertificate(endpoint) }
            return OpenSearchError(
                .clientCertificate,
                "\(endpoint) refuses the client certificate (\(verdict.dropFirst("alert ".count))); give "
                    + "--client-certificate one that its authority has signed and that is in force")
        default: return nil
        }
    }

    private static func wantsCertificate(_ endpoint: Endpoint) -> OpenSearchError {
        OpenSearchError(
            .clientCertificate,
            "\(endpoint) wants a client certificate and got none; give --client-certificate FILE and --client-key FILE")
    }

    // MARK: The server

    private static func connection(_ failure: TransferFailure, _ context: RequestContext) -> OpenSearchError? {
        let endpoint = context.endpoint
        switch CURLcode(failure.code) {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return OpenSearchError(
                .hostNotFound,
                "no address is known for the host of \(endpoint); correct the name in --endpoint, or the name service "
                    + "of this machine (\(failure.detail))", isTransient: true)
        case CURLE_COULDNT_CONNECT where failure.systemError == ECONNREFUSED:
            return OpenSearchError(
                .connectionRefused,
                "nothing listens at \(endpoint); is OpenSearch running there, and is the port right?", isTransient: true
            )
        case CURLE_COULDNT_CONNECT:
            return OpenSearchError(
                .unreachable,
                "\(endpoint) cannot be reached (\(failure.detail)); look at the network, a firewall, and the endpoint",
                isTransient: true)
        case CURLE_OPERATION_TIMEDOUT where !failure.wasSent:
            return OpenSearchError(
                .unreachable,
                "\(endpoint) did not answer while connecting (\(failure.detail)); look at the network, a firewall, and "
                    + "the endpoint", isTransient: true)
        default: return nil
        }
    }

    private static func tls(_ failure: TransferFailure, _ context: RequestContext) -> OpenSearchError? {
        let endpoint = context.endpoint
        switch CURLcode(failure.code) {
        case CURLE_PEER_FAILED_VERIFICATION: return certificate(failure, context)
        case CURLE_SSL_CACERT_BADFILE:
            return OpenSearchError(
                .invalidConfiguration,
                "the file of certificates \(context.caFile ?? "of the system") cannot be read as PEM; give --ca a file "
                    + "with the certificate of the authority")
        case CURLE_SSL_CONNECT_ERROR:
            // A server that goes, or a balancer before it, breaks it off; one that speaks no TLS, or another one, does
            // not.
            let brokenOff = ["connection reset", "unexpected eof", "ssl_error_syscall", "broken pipe"]
            let isBrokenOff = brokenOff.contains(where: failure.detail.lowercased().contains)
            return OpenSearchError(
                .tlsFailed,
                "TLS with \(endpoint) failed (\(failure.detail)); if it wants a client certificate, give "
                    + "--client-certificate; if the server speaks plain HTTP there, write http://",
                isTransient: isBrokenOff)
        default: return nil
        }
    }

    /// OpenSSL's verdicts by number, since libcurl's headers do not bring OpenSSL's. Host names are compared by libcurl
    /// itself, before it takes note of the verdict (1 until then).
    private static func certificate(_ failure: TransferFailure, _ context: RequestContext) -> OpenSearchError {
        let endpoint = context.endpoint
        switch failure.certificateVerdict {
        case 0, 1, 62:
            return OpenSearchError(
                .wrongHostName,
                "the certificate of \(endpoint) is for another host than \(context.endpoint.host); use the name that "
                    + "stands in the certificate (\(failure.detail))")
        case 9, 10:
            let state = failure.certificateVerdict == 9 ? "is not valid yet" : "has expired"
            return OpenSearchError(
                .certificateExpired,
                "the certificate of \(endpoint) \(state); renew it on the server, or correct the clock of this machine")
        case 2, 18, 19, 20, 21:
            let trusted = context.caFile.map { "the file \($0) does not hold it" } ?? "this machine does not trust it"
            return OpenSearchError(
                .unknownAuthority,
                "the certificate of \(endpoint) is signed by an unknown authority: \(trusted); give the authority's "
                    + "certificate with --ca FILE")
        default:
            return OpenSearchError(
                .tlsFailed,
                "the certificate of \(endpoint) is refused (\(failure.detail)); replace it on the server")
        }
    }

    private static func exchange(_ failure: TransferFailure, _ context: RequestContext) -> OpenSearchError {
        let endpoint = context.endpoint
        switch CURLcode(failure.code) {
        case CURLE_OPERATION_TIMEDOUT:
            return OpenSearchError(
                .timedOut,
                "\(endpoint) did not send its whole answer within \(context.timeout); allow more time, or ask for "
                    + "smaller pages", isTransient: true)
        case CURLE_FILESIZE_EXCEEDED:
            return OpenSearchError(
                .pageTooLarge,
                "\(endpoint) sends \(failure.detail); ask for smaller pages")
        case CURLE_OUT_OF_MEMORY, CURLE_WRITE_ERROR:
            return OpenSearchError(
                .pageTooLarge, "there is no memory for an answer of \(endpoint); ask for smaller pages")
        case CURLE_GOT_NOTHING where !context.endpoint.isTLS:
            return OpenSearchError(
                .connectionLost,
                "\(endpoint) closed the connection without an answer; if the server speaks TLS there, write https://",
                isTransient: true)
        default:
            return OpenSearchError(
                .connectionLost,
                "the connection to \(endpoint) ended before the answer did (\(failure.detail)); look at the server's "
                    + "log and at proxies between", isTransient: true)
        }
    }
}
