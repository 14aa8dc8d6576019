import CLibcurl
import OpenSearchScrollTesting
import Testing

@testable import OpenSearchScroll

@Suite("Errors")
struct ErrorTests {
    private func message(_ url: String, attempts: Int = 1) async throws -> OpenSearchError? {
        let client = try OpenSearchClient(configuration: configuration(url, attempts: attempts))
        return await openSearchError { _ = try await client.count(ScrollQuery()) }
    }

    @Test("Nothing listens")
    func refused() async throws {
        let server = try ScriptedServer([])
        server.stop()
        let error = try await message(server.url)
        #expect(error?.code == .connectionRefused)
        #expect(
            error?.message == "nothing listens at \(server.url); is OpenSearch running there, and is the port right?")
    }

    @Test("No such host")
    func noHost() async throws {
        let error = try await message("http://nowhere.invalid:9200")
        #expect(error?.code == .hostNotFound)
        #expect(error?.message.hasPrefix("no address is known for the host of http://nowhere.invalid:9200; ") == true)
    }

    @Test("TLS asked of a plain server")
    func plain() async throws {
        let server = try OpenSearchServer(configuration: OpenSearchServer.Configuration())
        defer { server.stop() }
        let error = try await message("https://127.0.0.1:\(server.port)")
        #expect(error?.code == .tlsFailed)
        #expect(error?.message.hasSuffix("if the server speaks plain HTTP there, write http://") == true)
    }

    @Test("A proxy's page instead of an answer")
    func proxy() async throws {
        let server = try ScriptedServer([.answer(502, "<html>Bad gateway</html>"), .answer(200, "<html>")])
        defer { server.stop() }
        #expect(
            try await message(server.url)?.message
                == "\(server.url) is not ready (HTTP 502); it may be starting, or overloaded")
        #expect(try await message(server.url)?.code == .badAnswer)
    }

    @Test("The embedded server's: wrong password, none, missing index")
    func embedded() async throws {
        var settings = OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: [#"{"log":"x"}"#])])
        settings.credentials = ("reader", "right")
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        #expect(
            try await message(server.url)?.message
                == "\(server.url) wants credentials and got none (401); give user and password in OPNILOG_USERNAME and "
                + "OPNILOG_PASSWORD, or what else the server takes")
        let wrong = server.url.replacing("http://", with: "http://reader:wrong-secret@")
        let error = try await message(wrong)
        #expect(error?.code == .unauthorized)
        #expect(error?.message.contains("refuses basic authentication as reader (401)") == true)
        #expect(error?.message.contains("secret") == false)
        let right = server.url.replacing("http://", with: "http://reader:right@")
        #expect(try await OpenSearchClient(configuration: configuration(right)).count(ScrollQuery()) == 1)
    }

    @Test(
        "The certificate's faults by OpenSSL's verdict",
        arguments: [
            (0, "wrongHostName"), (1, "wrongHostName"), (9, "certificateExpired"), (10, "certificateExpired"),
            (18, "unknownAuthority"),
            (19, "unknownAuthority"), (20, "unknownAuthority"), (23, "tlsFailed"),
        ])
    func certificates(verdict: Int, code: String) throws {
        let failure = TransferFailure(
            code: CURLE_PEER_FAILED_VERIFICATION.rawValue, detail: "x", certificateVerdict: verdict)
        #expect(OpenSearchError(failure, try context()).code.description == code)
    }

    @Test("Shards that fail one after another make a page of an error")
    func failedPage() throws {
        let reason = #"{"type":"search_context_missing_exception","reason":"No search context found for id [7]"}"#
        let body =
            #"{"_scroll_id":"x","took":1,"timed_out":false,"_shards":{"total":2,"successful":0,"skipped":0,"failed":2,"#
            + #""failures":[{"shard":-1,"index":null,"reason":\#(reason)},{"shard":0,"index":"logs","reason":\#(reason)}]},"#
            + #""hits":{"total":{"value":507,"relation":"eq"},"max_score":null,"hits":[]}}"#
        let error = try Array(body.utf8).withUnsafeBytes { OpenSearchError(status: 404, body: $0, try context(.next)) }
        #expect(error.code == .scrollLost && error.isTransient && error.httpStatus == 404)
        #expect(error.message.contains("search_context_missing_exception: No search context found for id [7]"))
    }

    @Test(
        "What is said in the place of a page leaves open whether it is lost; the opening tells what is wrong",
        arguments: [
            (302, ""), (404, "<html>default backend - 404</html>"), (408, ""), (403, "<html>Sign in</html>"),
            (404, #"{"error":{"type":"no_such_remote_cluster_exception","reason":"no such remote cluster: [b]"}}"#),
        ])
    func stray(status: Int, body: String) throws {
        let (page, opening) = (try context(.next), try context(.open))
        Array(body.utf8).withUnsafeBytes { bytes in
            let next = OpenSearchError(status: status, body: bytes, page)
            #expect(next.code == .scrollLost && next.isTransient, "\(next)")
            #expect(!OpenSearchError(status: status, body: bytes, opening).isTransient)
        }
    }

    @Test(
        "What does not speak as OpenSearch is an address to correct, not a query",
        arguments: [
            (400, "<html>The plain HTTP request was sent to HTTPS port</html>", "without a path?"),
            (400, #"{"error":"no handler found for uri [/x/logs/_search] and method [POST]"}"#, "without a path?"),
            (302, "", "name the address of OpenSearch itself"),
        ])
    func otherAddress(status: Int, body: String, said: String) throws {
        let context = try context(.plan)
        let error = Array(body.utf8).withUnsafeBytes { OpenSearchError(status: status, body: $0, context) }
        #expect(error.code == .rejected && !error.isTransient)
        #expect(error.message.contains(said), "\(error.message)")
    }

    @Test("A refusal that names no right is quoted")
    func blocked() throws {
        for (body, said) in [
            (
                #"{"error":{"root_cause":[],"type":"cluster_block_exception","reason":"index [a] blocked by: [FORBIDDEN/7/x];"}}"#,
                "cluster_block_exception: index [a] blocked by: [FORBIDDEN/7/x];"
            ), (#"{"message":"The security token is expired"}"#, "The security token is expired"),
        ] {
            let error = try Array(body.utf8).withUnsafeBytes { OpenSearchError(status: 403, body: $0, try context()) }
            #expect(error.code == .forbidden && error.message.contains(" refuses the request (403): \(said); look at "))
        }
    }

    @Test("Shards that fail when an opening fetches from them are shards that are missing")
    func fetched() throws {
        let body =
            #"{"error":{"root_cause":[{"type":"x","reason":"y"}],"type":"search_phase_execution_exception","#
            + #""reason":"Shard failures","phase":"","grouped":true,"failed_shards":[]},"status":500}"#
        let (page, opening) = (try context(.next), try context(.open))
        Array(body.utf8).withUnsafeBytes { bytes in
            #expect(OpenSearchError(status: 500, body: bytes, opening).code == .partialShards)
            #expect(OpenSearchError(status: 500, body: bytes, page).code == .rejected)
        }
    }

    @Test("A proxy's address does not come out with what is wrong about it")
    func proxyAddress() {
        for said in ["Unsupported proxy syntax in 'http://u:pa#s@p:1'", "Unsupported proxy scheme for 'ftp://u:s@p'"] {
            #expect(!Redaction.detail(said).contains("@"))
        }
        #expect(Redaction.detail("Connection refused") == "Connection refused")
    }

    @Test("Types that the server names in causes only are found")
    func causes() throws {
        let body =
            #"{"error":{"root_cause":[],"type":"search_phase_execution_exception","reason":"","phase":"fetch","#
            + #""grouped":true,"failed_shards":[],"caused_by":{"type":"too_many_buckets_exception","reason":"Trying"}},"#
            + #""status":503}"#
        let error = try Array(body.utf8).withUnsafeBytes { OpenSearchError(status: 503, body: $0, try context(.plan)) }
        #expect(error.code == .tooManyBuckets && !error.isTransient)
    }
}

@Suite("Endpoints and secrets")
struct EndpointTests {
    @Test(
        "URLs are taken apart",
        arguments: [
            ("http://host:9200", "http://host:9200", "host"), ("https://host/", "https://host", "host"),
            ("https://host:1/a/b/", "https://host:1/a/b", "host"), ("http://[::1]:9200", "http://[::1]:9200", "[::1]"),
            ("https://u:p@host:1/x?y#z", "https://host:1/x", "host"),
        ])
    func parse(text: String, url: String, host: String) throws {
        let (endpoint, credentials) = try Endpoint.parse(text)
        #expect(endpoint.url == url && endpoint.host == host && endpoint.isTLS == text.hasPrefix("https"))
        #expect(credentials == (text.contains("@") ? .basic(user: "u", password: "p") : nil))
    }

    @Test("An escaped password is unescaped")
    func escaped() throws {
        #expect(try Endpoint.parse("http://a%40b:p%2Fq@h").credentials == .basic(user: "a@b", password: "p/q"))
    }

    @Test(
        "What is no URL of a server is refused, without its password",
        arguments: [
            "host:9200", "ftp://host", "", "http://", "opensearch", "https://u:secret@host:port",
        ])
    func refused(text: String) {
        do {
            _ = try Endpoint.parse(text)
            Issue.record("\(text) was taken")
        } catch {
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains("is no URL that starts with http:// or https://"))
            #expect(!error.message.contains("secret"))
        }
    }

    @Test(
        "Index names are escaped, patterns stay",
        arguments: [
            ("logs-*,b", "logs-*,b"), ("a/b", "a%2Fb"), ("<logs-{now/d}>", "%3Clogs-%7Bnow%2Fd%7D%3E"), ("é", "%C3%A9"),
        ])
    func encode(name: String, path: String) {
        #expect(Endpoint.encode(name) == path)
    }

    @Test("No way of printing shows a password")
    func redaction() throws {
        var settings = configuration("https://user:secret@host:9200", "not a url secret@host")
        settings.credentials = .basic(user: "user", password: "secret")
        var dumped = ""
        dump(settings, to: &dumped)
        dump(settings.credentials, to: &dumped)
        dump(
            HTTPRequest(
                method: .get, endpoint: try Endpoint.parse("http://h").endpoint, credentials: settings.credentials,
                path: "/", timeout: .seconds(1)), to: &dumped)
        let printed = "\(settings) \(settings.credentials) \(String(reflecting: settings)) \(dumped)"
        #expect(!printed.contains("secret"))
        #expect(printed.contains("https://…@host:9200"))
        #expect(printed.contains("basic authentication as user"))
    }

    @Test("Settings that cannot be are refused")
    func settings() {
        var none = configuration()
        #expect(throws: OpenSearchError.self) { _ = try OpenSearchClient(configuration: none) }
        none.endpoints = ["http://h"]
        none.attempts = 0
        #expect(throws: OpenSearchError.self) { _ = try OpenSearchClient(configuration: none) }
        none.attempts = 1
        none.keepAlive = .milliseconds(10)
        #expect(throws: OpenSearchError.self) { _ = try OpenSearchClient(configuration: none) }
    }
}
