import Synchronization
import Testing

@testable import OpenSearchScroll

/// The figures of AWS's published test suite for Signature Version 4 (aws-sig-v4-test-suite): one identity, one moment.
@Suite("AWS signatures", .timeLimit(.minutes(30)))
struct AWSSignerTests {
    private static let emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let suite = AWSSigner(
        identity: AWSIdentity(
            region: "us-east-1", service: "service", accessKey: "AKIDEXAMPLE",
            secretKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), sessionToken: nil),
        timestamp: "20150830T123600Z")

    struct Vector: Sendable, CustomTestStringConvertible {
        var name: String
        var method = "GET"
        var path = "/"
        var query = ""
        var headers: [(String, String)] = []
        var body = ""
        var names = "host;x-amz-date"
        var signature: String
        var testDescription: String { name }
    }

    private static let vectors = [
        Vector(name: "get-vanilla", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-vanilla-query-order-key-case", query: "Param2=value2&Param1=value1",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Vector(
            name: "get-vanilla-utf8-query", query: "%E1%88%B4=bar",
            signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        Vector(
            name: "get-unreserved", path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        // The suite gives the path as it is before any escaping, which for us is what goes over the wire.
        Vector(
            name: "get-utf8", path: "/\u{1234}",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Vector(
            name: "get-vanilla-with-session-token",
            headers: [
                ("x-amz-security-token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267")
            ], names: "host;x-amz-date;x-amz-security-token",
            signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
        Vector(
            name: "post-vanilla", method: "POST",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Vector(
            name: "post-vanilla-query", method: "POST", query: "Param1=value1",
            signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
        Vector(
            name: "post-x-www-form-urlencoded", method: "POST",
            headers: [("content-type", "application/x-www-form-urlencoded")], body: "Param1=value1",
            names: "content-type;host;x-amz-date",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ]

    @Test("AWS's own vectors", arguments: vectors)
    func published(_ vector: Vector) {
        let digest = AWSSigner.hexadecimal(AWSSigner.sha256(Array(vector.body.utf8)))
        let value = Self.suite.authorization(
            method: vector.method, path: vector.path, query: vector.query,
            headers: [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")] + vector.headers,
            bodyDigest: digest)
        #expect(
            value
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=\(vector.names), Signature=\(vector.signature)")
    }

    @Test(
        "Paths as the service has said that it signs them",
        arguments: [
            ("/*/*/_search/", "/%2A/%2A/_search/"), ("/*,-notme/_search", "/%2A%2C-notme/_search"),
            ("/_search/%3Fa=b%20c", "/_search/%253Fa%3Db%2520c"), ("", "/"), ("/", "/"),
        ])
    func paths(path: String, canonical: String) { #expect(AWSSigner.canonicalPath(path) == canonical) }

    @Test(
        "Parameters are sorted and escaped in one way",
        arguments: [
            ("scroll=5m&allow_partial_search_results=false", "allow_partial_search_results=false&scroll=5m"),
            ("a=2&a=1&A=3&b", "A=3&a=1&a=2&b="), ("a=b%2fc&d=e*f", "a=b%2Fc&d=e%2Af"), ("a=%zz&b=%4", "a=%25zz&b=%254"),
            ("", ""),
        ])
    func queries(query: String, canonical: String) { #expect(AWSSigner.canonicalQuery(query) == canonical) }

    @Test(
        "Moments",
        arguments: [(1_440_938_160, "20150830T123600Z"), (0, "19700101T000000Z"), (951_786_061, "20000229T010101Z")])
    func timestamps(seconds: Int, text: String) { #expect(AWSSigner.timestamp(seconds) == text) }

    @Test(
        "What goes over the wire is what was signed, for every request that we make",
        arguments: [
            ("POST", "/logs-*,b/_search?scroll=300000ms&allow_partial_search_results=false", #"{"size":1}"#),
            ("POST", "/_search/scroll", #"{"scroll_id":"x"}"#), ("DELETE", "/_search/scroll", #"{"scroll_id":["x"]}"#),
            ("POST", "/%3Clogs-%7Bnow%2Fd%7D%3E/_count?allow_no_indices=false", "{}"), ("GET", "/", nil),
        ] as [(String, String, String?)], ["", "/base"])
    func wire(request: (method: String, path: String, body: String?), base: String) async throws {
        let server = try WireServer { _, _ in .answer() }
        defer { server.stop() }
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        let credentials = Credentials.awsSigV4(
            region: "eu-central-1", service: .es, accessKey: "AKIDEXAMPLE", secretKey: secret, sessionToken: "a+token/="
        )
        let sent = try HTTPRequest.to(
            server.url + base, HTTPRequest.Method(name: request.method), request.path, body: request.body,
            credentials: credentials)
        #expect(try await Transport().send(sent).get().status == 200)
        let seen = try #require(server.requests.first)
        #expect(seen.line == "\(request.method) \(base)\(request.path) HTTP/1.1")
        #expect(seen.body == request.body ?? "")
        #expect(seen.headers["host"] == "\(WireServer.host):\(server.port)")
        #expect(seen.headers["x-amz-security-token"] == "a+token/=")
        #expect(seen.headers["content-type"] == (request.body == nil ? nil : "application/json"))
        if request.body == nil { #expect(seen.headers["x-amz-content-sha256"] == Self.emptyDigest) }
        // The server's part: the signature anew, from nothing but what came and the secret.
        let authorization = try #require(seen.headers["authorization"])
        let names = try #require(authorization.split(separator: ", ").first { $0.hasPrefix("SignedHeaders=") })
            .dropFirst("SignedHeaders=".count).split(separator: ";").map(String.init)
        let expected = ["host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]
        #expect(names == (request.body == nil ? [] : ["content-type"]) + expected)
        let judge = AWSSigner(
            identity: AWSIdentity(
                region: "eu-central-1", service: "es", accessKey: "AKIDEXAMPLE", secretKey: Secret(secret)),
            timestamp: try #require(seen.headers["x-amz-date"]))
        let target = seen.line.split(separator: " ")[1].split(separator: "?", maxSplits: 1)
        let body = AWSSigner.hexadecimal(AWSSigner.sha256(Array(seen.body.utf8)))
        #expect(
            authorization
                == judge.authorization(
                    method: request.method, path: String(target[0]), query: target.count > 1 ? String(target[1]) : "",
                    headers: names.map { ($0, seen.headers[$0] ?? "") }, bodyDigest: body))
    }

    @Test(
        "The host as its header says it, and the port",
        arguments: [
            ("https://a.example", "a.example", "443"), ("https://a.example:443/x", "a.example", "443"),
            ("http://a:80", "a", "80"), ("https://a:9200", "a:9200", "9200"), ("http://a:443", "a:443", "443"),
            ("http://[::1]:9200/x:7", "[::1]:9200", "9200"), ("http://[::1]", "[::1]", "80"),
        ])
    func authority(url: String, authority: String, port: String) throws {
        let endpoint = try Endpoint.parse(url).endpoint
        #expect(endpoint.authority == authority && endpoint.port == port)
    }

    @Test(
        "Service and region out of Amazon's host names",
        arguments: [
            ("search-x-abc.eu-central-1.es.amazonaws.com", AWSService.es, "eu-central-1"),
            ("vpc-x.CN-north-1.es.amazonaws.com.cn", .es, "cn-north-1"),
            ("abc.us-east-1.aoss.amazonaws.com", .aoss, "us-east-1"),
            ("search-x.aos.us-west-2.on.aws", .es, "us-west-2"), ("opensearch.example", nil, nil),
            ("es.amazonaws.com", nil, nil), ("x.us-east-1.s3.amazonaws.com", nil, nil), ("", nil, nil),
        ] as [(String, AWSService?, String?)])
    func hosts(host: String, service: AWSService?, region: String?) {
        let found = AWSService.named(byHost: host)
        #expect(found?.service == service && found?.region == region)
    }
}
