import CLibcurl
import Glibc
import Testing

@testable import OpenSearchScrollTesting

/// HTTPS as a client sees it that verifies certificates.
@Suite(.timeLimit(.minutes(30)))
struct HTTPSTests {
    /// Gets a page.
    ///
    /// - Parameter authority: path of a PEM file with what is trusted; nil: what the system trusts.
    private func get(_ url: String, authority: String?) -> (code: CURLcode, status: Int) {
        guard let handle = curl_easy_init() else { return (CURLE_FAILED_INIT, 0) }
        defer { curl_easy_cleanup(handle) }
        opnilog_curl_set_string(handle, CURLOPT_URL, url)
        opnilog_curl_set_write(handle, { _, _, count, _ in count }, nil)
        if let authority { opnilog_curl_set_string(handle, CURLOPT_CAINFO, authority) }
        let code = curl_easy_perform(handle)
        var status = 0
        opnilog_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        return (code, status)
    }

    /// A file of its own with the certificate in it.
    private func withAuthority(_ body: (String) throws -> Void) throws {
        var path = Array("/tmp/opnilog-authority-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        try #require(file >= 0)
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(name) }
        let bytes = Array(Fixtures.identity.certificate.utf8)
        #expect(write(file, bytes, bytes.count) == bytes.count)
        close(file)
        try body(name)
    }

    @Test func servesThoseWhoTrustIt() throws {
        let server = try Fixtures.server { $0.identity = Fixtures.identity }
        #expect(server.url == "https://localhost:\(server.port)")
        try withAuthority { authority in
            let (code, status) = get(server.url, authority: authority)
            #expect(code == CURLE_OK)
            #expect(status == 200)
        }
        #expect(get(server.url, authority: nil).code == CURLE_PEER_FAILED_VERIFICATION)
    }

    @Test func plainRequestsGetNothing() throws {
        let server = try Fixtures.server { $0.identity = Fixtures.identity }
        #expect(HTTPClient(server).get("/").status == 0)
        #expect(server.requests.isEmpty)
    }
}
