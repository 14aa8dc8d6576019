import CLibcurl
import OpenSearchScrollTesting
import Testing

@testable import OpenSearchScroll

@Suite("Proxies", .timeLimit(.minutes(30)))
struct ProxyTests {
    private func message(_ outcome: Result<HTTPAnswer, TransferFailure>, _ url: String) throws -> String {
        guard let failure = outcome.failure else { return "none" }
        return "\(OpenSearchError(failure, try requestContext(url)))"
    }

    private static let basic = "Basic dXNlcjpodXNoLXByb3h5"

    @Test("Plain HTTP goes to the proxy with the whole URL, and its user and password")
    func plain() async throws {
        let proxy = try WireServer { _, _ in .answer(200, "from the proxy") }
        defer { proxy.stop() }
        let transport = try Transport { $0.proxy = .url(proxy.url, user: "user", password: "hush-proxy") }
        let answer = try await transport.send(try .to("http://opensearch.invalid:9200")).get()
        #expect(answer.body.count == "from the proxy".utf8.count)
        #expect(proxy.requests.map(\.line) == ["POST http://opensearch.invalid:9200/_search/scroll HTTP/1.1"])
        #expect(proxy.requests.first?.headers["proxy-authorization"] == Self.basic)
    }

    @Test(
        "TLS goes through it by CONNECT, which shows the proxy no more than the host",
        .enabled(if: Certificates.canBeMade, Certificates.reason))
    func connect() async throws {
        let certificates = try await Certificates()
        let server = try certificates.server("good")
        defer { server.stop() }
        let port = server.port
        let proxy = try WireServer { _, _ in .tunnel(Array("HTTP/1.1 200 x\r\n\r\n".utf8), port: port) }
        defer { proxy.stop() }
        let transport = try Transport {
            $0.proxy = .url(proxy.url, user: "user", password: "hush-proxy")
            $0.caFile = certificates.ca
        }
        let request = try HTTPRequest.to(server.url, .get, "/", body: nil, credentials: .bearer("hush-token"))
        #expect(try await transport.send(request).get().status == 200)
        #expect(proxy.requests.map(\.line) == ["CONNECT localhost:\(port) HTTP/1.1"])
        #expect(proxy.requests.first?.headers["proxy-authorization"] == Self.basic)
        #expect(proxy.requests.first?.headers["authorization"] == nil)
        try await certificates.remove()
    }

    @Test("It refuses the way, or wants a password: said so, and nothing was sent")
    func refused() async throws {
        let server = "https://opensearch.invalid:9200"
        let cases: [(Int, String)] = [
            (
                407,
                "proxyFailed: the proxy before \(server) wants credentials, or others than it got (407); give its user and "
                    + "password in OPNILOG_PROXY_USERNAME and OPNILOG_PROXY_PASSWORD"
            ),
            (
                403,
                "proxyFailed: the proxy makes no way to \(server) (HTTP 403); let it allow CONNECT there, or go without "
                    + "it: --proxy none, or the host in no_proxy"
            ),
        ]
        for (status, text) in cases {
            let proxy = try WireServer { _, _ in .answer(status, "no") }
            defer { proxy.stop() }
            let outcome = try await Transport { $0.proxy = .url(proxy.url) }.send(try .to(server))
            #expect(try message(outcome, server) == text)
            #expect(outcome.failure?.wasSent == false)
            #expect(proxy.requests.count == 1)
        }
        let proxy = try WireServer { _, _ in .answer(407, "no") }
        defer { proxy.stop() }
        let plain = "http://opensearch.invalid:9200"
        let outcome = try await Transport { $0.proxy = .url(proxy.url) }.send(try .to(plain))
        #expect(try message(outcome, plain).hasPrefix("proxyFailed: the proxy before \(plain) wants credentials"))
    }

    @Test("It is not there: the message names the proxy, not the server")
    func gone() async throws {
        let proxy = try DeadPort()
        defer { withExtendedLifetime(proxy) {} }
        for url in ["http://localhost:9200", "https://localhost:9200"] {
            let outcome = try await Transport { $0.proxy = .url(proxy.url) }.send(try .to(url))
            let text = try message(outcome, url)
            #expect(
                text.hasPrefix(
                    "proxyFailed: the proxy \(WireServer.host):\(proxy.port) cannot be reached (Failed to connect to"),
                "\(text)"
            )
            #expect(text.hasSuffix("; correct --proxy or the environment, or go without: --proxy none"))
            #expect(outcome.failure?.wasSent == false)
        }
        let outcome = try await Transport { $0.proxy = .url("http://nowhere.invalid:1") }.send(
            try .to("http://localhost"))
        #expect(try message(outcome, "http://localhost").hasPrefix("proxyFailed: no address is known for the host of"))
    }

    @Test(
        "What is no proxy is refused, without its password",
        arguments: ["proxy:3128", "socks5://proxy", "", "http://", "http://user:hush@proxy:port"])
    func unfit(url: String) {
        do {
            _ = try Transport { $0.proxy = .url(url) }
            Issue.record("\(url) was taken")
        } catch {
            #expect("\(error)".contains("is no URL that starts with http:// or https://; write it like"))
            #expect(!"\(error)".contains("hush"))
        }
    }

    @Test("Without one, whatever the environment says")
    func direct() async throws {
        let server = try WireServer { _, _ in .answer() }
        defer { server.stop() }
        #expect(try await Transport { $0.proxy = .direct }.send(try .to(server.url)).get().status == 200)
        #expect(server.requests.map(\.line) == ["POST /_search/scroll HTTP/1.1"])
    }
}
