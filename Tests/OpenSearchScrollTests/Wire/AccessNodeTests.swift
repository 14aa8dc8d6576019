import Testing

@testable import OpenSearchScroll

/// Who may ask a real node, and how: all but Amazon's signatures, which no node of ours knows.
@Suite(
    "A real node with security: tokens and certificates", .serialized, .timeLimit(.minutes(30)),
    .enabled(if: Prerequisites.hasNode, Comment(rawValue: Prerequisites.nodeReason)), .node("--security"))
struct AccessNodeTests {
    private func target() async throws -> TestTarget {
        let target = try ServerTrait.current()
        try await target.send(.delete, "/logs?ignore_unavailable=true")
        try await target.load(
            "logs", (0..<6).map { ("\($0)", Array(#"{"time":\#($0),"log":"line \#($0)"}"#.utf8)) }, shards: 1)
        return target
    }

    private func identity(_ target: TestTarget, _ name: String) throws -> String {
        guard let value = target.identities[name]?.string else { throw Missing(description: "no \(name)") }
        return value
    }

    @Test("A JWT, a client certificate; those that are expired or have no right are refused with the reason")
    func identities() async throws {
        let target = try await target()
        func count(_ change: (inout OpenSearchConfiguration) throws -> Void) async throws -> String {
            var settings = configuration(target.url, attempts: 1)
            settings.caFile = target.caFile
            try change(&settings)
            let client = try OpenSearchClient(configuration: settings)
            do { return "\(try await client.count(ScrollQuery()))" } catch { return "\(error.code)" }
        }
        #expect(try await count { $0.credentials = .basic(user: "reader", password: "reader-secret") } == "6")
        #expect(try await count { $0.credentials = .bearer(try identity(target, "jwt")) } == "6")
        #expect(try await count { $0.credentials = .bearer(try identity(target, "jwt_expired")) } == "unauthorized")
        #expect(try await count { $0.credentials = .bearer("no.jwt.atall") } == "unauthorized")
        #expect(try await count { _ in } == "unauthorized")
        #expect(
            try await count {
                $0.clientCertificate = try identity(target, "client_cert")
                $0.clientKey = try identity(target, "client_key")
            } == "6")
        #expect(
            try await count {
                $0.clientCertificate = try identity(target, "stranger_cert")
                $0.clientKey = try identity(target, "stranger_key")
            } == "forbidden")
        #expect(try await count { $0.caFile = nil } == "unknownAuthority")
    }

    @Test("A token that ends in the middle of a scroll is renewed, and the scroll goes on without a document lost")
    func renewed() async throws {
        let target = try await target()
        let state = "/tmp/opnilog-jwt-\(UInt64.random(in: 0 ... .max))"
        // The ended one the first time, then the good one.
        let script = #"if [ -e "$0" ]; then echo "$2"; else touch "$0"; echo "$1"; fi"#
        let command = [
            "sh", "-c", script, state, try identity(target, "jwt_expired"), try identity(target, "jwt"),
        ]
        let transport = try Transport { $0.caFile = target.caFile }
        func page(_ path: String, _ body: String, _ credentials: Credentials) async throws -> JSONValue {
            let answer = try await transport.send(
                try .to(target.url, .post, path, body: body, credentials: credentials)
            ).get()
            #expect(answer.status == 200)
            return try #require(answer.body.withBytes { JSONValue(parsing: $0) })
        }
        func ids(_ page: JSONValue) -> [String?] { page["hits"]?["hits"]?.elements.map { $0["_id"]?.string } ?? [] }
        let open = try await page(
            "/logs/_search?scroll=1m", #"{"size":2,"sort":["_doc"]}"#, .basic(user: "reader", password: "reader-secret")
        )
        let id = try #require(open["_scroll_id"]?.string)
        var found = ids(open)
        for _ in 0..<2 {
            let next = try await page(
                "/_search/scroll", #"{"scroll":"1m","scroll_id":"\#(id)"}"#, .bearer(command: command))
            #expect(ids(next).count == 2, "a page was lost")
            found += ids(next)
        }
        #expect(Set(found.compactMap { $0 }) == Set((0..<6).map(String.init)))
        try await target.send(.delete, "/_search/scroll", Array(#"{"scroll_id":["\#(id)"]}"#.utf8))
        _ = try await Shell.run(["rm", state])
    }
}

@Suite(
    "A real node that wants client certificates", .serialized, .timeLimit(.minutes(30)),
    .enabled(if: Prerequisites.hasNode, Comment(rawValue: Prerequisites.nodeReason)),
    .node("--security", "--client-certificate", "required"))
struct RequiredCertificateTests {
    @Test("Without one: what to give is said")
    func missing() async throws {
        let target = try ServerTrait.current()
        let error = await openSearchError {
            _ = try await target.client { $0.attempts = 1 }.count(ScrollQuery(index: "_all"))
        }
        #expect(error?.code == .clientCertificate)
        #expect(
            error?.message
                == "\(target.url) wants a client certificate and got none; give --client-certificate FILE and "
                + "--client-key FILE")
        let reader = try target.client {
            $0.credentials = .none
            $0.clientCertificate = target.identities["client_cert"]?.string
            $0.clientKey = target.identities["client_key"]?.string
        }
        // There is no index yet, so the right to it is what is asked for.
        let answered = await openSearchError { _ = try await reader.count(ScrollQuery(index: "logs")) }
        #expect(answered?.code == .indexNotFound)
    }
}

@Suite(
    "A real node with the certificate of another host", .serialized, .timeLimit(.minutes(30)),
    .enabled(if: Prerequisites.hasNode, Comment(rawValue: Prerequisites.nodeReason)),
    .node("--security", "--certificate", "wrong-host"))
struct WrongHostTests {
    @Test func refused() async throws {
        try await expectRefusal(.wrongHostName, "is for another host than localhost; ")
    }
}

@Suite(
    "A real node whose certificate has expired", .serialized, .timeLimit(.minutes(30)),
    .enabled(if: Prerequisites.hasNode, Comment(rawValue: Prerequisites.nodeReason)),
    .node("--security", "--certificate", "expired"))
struct ExpiredCertificateTests {
    @Test func refused() async throws {
        try await expectRefusal(.certificateExpired, "has expired; renew it on the server")
    }
}

private func expectRefusal(_ code: OpenSearchError.Code, _ words: String) async throws {
    let target = try ServerTrait.current()
    let error = await openSearchError {
        _ = try await target.client { $0.attempts = 1 }.count(ScrollQuery(index: "logs"))
    }
    #expect(error?.code == code)
    #expect(error?.message.contains("the certificate of \(target.url) " + words) == true, "\(error?.message ?? "")")
    #expect(error?.isTransient == false)
}
