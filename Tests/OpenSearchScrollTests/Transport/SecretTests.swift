import CLibcurl
import Testing

@testable import OpenSearchScroll

/// Every secret of these tests has "hush" in it.
@Suite("Secrets are never shown", .timeLimit(.minutes(30)))
struct SecretTests {
    private static let kinds: [Credentials] = [
        .none, .basic(user: "me", password: "hush-password"), .bearer("hush-token"), .bearer(file: "/run/token"),
        .bearer(command: ["get-token", "--secret", "hush-argument"]),
        .awsSigV4(
            region: "r", service: .aoss, accessKey: "AKID", secretKey: "hush-key", sessionToken: "hush-session"),
    ]

    /// All ways there are to make text of a value.
    private func renderings(_ value: Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return "\(value) \(String(describing: value)) \(String(reflecting: value)) \(dumped) \(Optional(value) as Any) "
            + "\([value])"
    }

    @Test("In no rendering of credentials, settings, requests, authorizations", arguments: kinds)
    func renderings(credentials: Credentials) async throws {
        var configuration = configuration("https://user:hush-url@host:9200")
        configuration.credentials = credentials
        configuration.proxy = .url("http://user:hush-url@proxy", user: "me", password: "hush-proxy")
        configuration.clientKeyPassphrase = "hush-phrase"
        let request = try HTTPRequest.to("http://host", credentials: credentials)
        let settings = TransportSettings(
            connectTimeout: .seconds(1), compression: false, verifiesTLS: true,
            clientKeyPassphrase: Secret("hush-phrase"),
            proxy: HTTPProxy.url("http://proxy", password: "hush-proxy").storage)
        let values: [Any] = [
            credentials, credentials.storage, configuration, configuration.proxy, request, settings,
            Transfer(request, .bearer(Secret("hush-token"))),
            Authorization.basic(user: "me", password: Secret("hush-password")),
        ]
        for value in values { #expect(!renderings(value).contains("hush"), "\(type(of: value))") }
    }

    @Test(
        "What describes credentials",
        arguments: zip(
            kinds,
            [
                "none", "basic authentication as me", "a bearer token", "the bearer token in /run/token",
                "the bearer token that get-token prints", "AWS signatures as AKID for aoss in r",
            ]))
    func description(credentials: Credentials, text: String) { #expect("\(credentials)" == text) }

    @Test("In no failure, whatever libcurl says of it", arguments: kinds)
    func failures(credentials: Credentials) async throws {
        let closed = try WireServer { _, _ in .hangUp(reset: true) }
        defer { closed.stop() }
        let gone = try DeadPort()
        defer { withExtendedLifetime(gone) {} }
        let refusing = try WireServer { _, _ in .answer(407, "no") }
        defer { refusing.stop() }
        let ways: [(String, HTTPProxy)] = [
            (closed.url, .direct), (gone.url, .direct), ("https://\(WireServer.host):\(closed.port)", .direct),
            ("https://host.invalid", .url(refusing.url, user: "me", password: "hush-proxy")),
            ("https://host.invalid", .url(gone.url, user: "me", password: "hush-proxy")),
            ("http://host.invalid", .url("http://me:hush-url@\(refusing.url.dropFirst(7))")),
        ]
        for (url, proxy) in ways {
            let transport = try Transport {
                $0.proxy = proxy
                $0.connectTimeout = .milliseconds(500)
            }
            let outcome = await transport.send(try .to(url, credentials: credentials))
            let failure = try #require(outcome.failure)
            #expect(!renderings(failure).contains("hush"))
            #expect(!renderings(OpenSearchError(failure, try requestContext(url))).contains("hush"))
        }
    }
}
