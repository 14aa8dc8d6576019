import OpenSearchScrollTesting
import Testing

@testable import OpenSearchScroll

@Suite("TLS", .timeLimit(.minutes(30)))
struct TLSTests {
    @Test(
        "Good certificates are taken, others refused with the reason",
        .enabled(if: Certificates.canBeMade, Certificates.reason))
    func certificates() async throws {
        let certificates = try await Certificates()
        let ca = certificates.ca
        func outcome(_ name: String, ca: String?, verifies: Bool = true) async throws -> String {
            let server = try certificates.server(name)
            defer { server.stop() }
            var settings = configuration(server.url, attempts: 1)
            settings.caFile = ca
            settings.verifiesTLS = verifies
            let client = try OpenSearchClient(configuration: settings)
            do { return "\(try await client.count(ScrollQuery())) documents" } catch {
                return error.message.replacing(server.url, with: "URL")
            }
        }
        #expect(try await outcome("good", ca: ca) == "1 documents")
        #expect(
            try await outcome("good", ca: nil)
                == "the certificate of URL is signed by an unknown authority: this machine does not trust it; give the "
                + "authority's certificate with --ca FILE")
        #expect(
            try await outcome("expired", ca: ca)
                == "the certificate of URL has expired; renew it on the server, or correct the clock of this machine")
        let other = try await outcome("other", ca: ca)
        #expect(
            other.hasPrefix(
                "the certificate of URL is for another host than localhost; use the name that stands in the certificate"
            ),
            "\(other)")
        #expect(try await outcome("other", ca: nil, verifies: false) == "1 documents")
        #expect(
            try await outcome("good", ca: "/nowhere.pem")
                == "the file of certificates /nowhere.pem cannot be read as PEM; give --ca a file with the certificate "
                + "of the authority")
        try await certificates.remove()
    }
}

@Suite(
    "A real node with security", .serialized,
    .enabled(if: Prerequisites.hasNode, Comment(rawValue: Prerequisites.nodeReason)),
    .node("--security", "--set", "search.keep_alive_interval=1s"))
struct SecurityTests {
    @Test(arguments: ScrollContract.all)
    func holds(_ contract: ScrollContract) async throws { try await contract.check(try ServerTrait.current()) }

    @Test("A reader reads its index and may not know the version; others are refused with the right they lack")
    func rights() async throws {
        let target = try ServerTrait.current()
        try await target.load("logs", [("1", Array(#"{"time":5,"log":"x"}"#.utf8))])
        try await target.load("private", [("1", Array(#"{"time":5,"log":"x"}"#.utf8))])
        let reader = try target.client { $0.credentials = .basic(user: "reader", password: "reader-secret") }
        let windows = try await reader.windows(of: ScrollQuery())
        #expect(windows == [ScrollWindow(times: 0..<3_600_000, expectedDocuments: 1)])
        let count = try await reader.readWindow(windows[0], of: ScrollQuery()) { pages in
            var count = 0
            for try await page in pages { count += page.count }
            return count
        }
        #expect(count == 1)
        #expect(try await reader.serverVersion() == nil)
        #expect(try await reader.count(ScrollQuery()) == 1)
        let forbidden = await openSearchError { _ = try await reader.windows(of: ScrollQuery(index: "private")) }
        #expect(forbidden?.message.contains("the right indices:data/read/search is missing for private (403)") == true)
        let stranger = try target.client { $0.credentials = .basic(user: "reader", password: "wrong-secret") }
        let unauthorized = await openSearchError { _ = try await stranger.count(ScrollQuery()) }
        #expect(unauthorized?.code == .unauthorized)
        #expect("\(unauthorized.debugDescription)".contains("wrong-secret") == false)
        #expect(try await target.openContexts() == 0)
    }
}
