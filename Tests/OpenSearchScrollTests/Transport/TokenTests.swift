@preconcurrency import Glibc
import Synchronization
import Testing

@testable import OpenSearchScroll

@Suite("Tokens", .timeLimit(.minutes(30)))
struct TokenTests {
    /// A folder that goes with it.
    private struct Folder: ~Copyable {
        let path: String

        init() throws {
            var template = Array("/tmp/opnilog-token-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw Missing(description: "no temporary folder") }
            path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        }

        /// By a rename, as tokens are replaced where it matters.
        func write(_ text: String, _ name: String = "token") throws {
            guard let file = fopen("\(path)/new", "w") else { throw Missing(description: "cannot write \(path)") }
            fputs(text, file)
            fclose(file)
            rename("\(path)/new", "\(path)/\(name)")
        }

        deinit {
            for name in ["token", "count"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }
    }

    /// Takes one token, and notes which came.
    private func server(taking good: String) throws -> WireServer {
        try WireServer { request, _ in
            request.headers["authorization"] == "Bearer \(good)"
                ? .answer() : .answer(401, "Unauthorized", ["WWW-Authenticate: Basic realm=x"])
        }
    }

    private func shown(_ server: WireServer) -> [String?] { server.requests.map { $0.headers["authorization"] } }

    @Test("A token is sent as it is, and a 401 is an answer")
    func fixed() async throws {
        let server = try server(taking: "good")
        defer { server.stop() }
        let transport = try Transport()
        #expect(try await transport.send(try .to(server.url, credentials: .bearer("good"))).get().status == 200)
        #expect(try await transport.send(try .to(server.url, credentials: .bearer("old"))).get().status == 401)
        #expect(shown(server) == ["Bearer good", "Bearer old"])
    }

    @Test("A file's token is read again when the file has changed")
    func changed() async throws {
        let folder = try Folder()
        try folder.write(" first\n")
        let server = try WireServer { _, _ in .answer() }
        defer { server.stop() }
        let transport = try Transport()
        let request = try HTTPRequest.to(server.url, credentials: .bearer(file: folder.path + "/token"))
        for text in ["second", "second", "third\r\n"] {
            #expect(try await transport.send(request).get().status == 200)
            try folder.write(text)
        }
        #expect(try await transport.send(request).get().status == 200)
        #expect(shown(server) == ["Bearer first", "Bearer second", "Bearer second", "Bearer third"])
    }

    @Test("On a 401 a new token is got, and the very same request sent once more")
    func renewed() async throws {
        let folder = try Folder()
        let server = try server(taking: "token-2")
        defer { server.stop() }
        let count = folder.path + "/count"
        // Prints token-1, then token-2, …
        let script = "echo x >> \"$0\"; echo token-$(wc -l < \"$0\")"
        let credentials = Credentials.bearer(command: ["sh", "-c", script, count])
        let transport = try Transport()
        let request = try HTTPRequest.to(server.url, body: #"{"scroll_id":"same"}"#, credentials: credentials)
        #expect(try await transport.send(request).get().status == 200)
        #expect(try await transport.send(request).get().status == 200)
        #expect(shown(server) == ["Bearer token-1", "Bearer token-2", "Bearer token-2"])
        #expect(Set(server.requests.map(\.body)) == [#"{"scroll_id":"same"}"#])
        #expect(Set(server.requests.map(\.line)) == ["POST /_search/scroll HTTP/1.1"])
    }

    @Test("If the new token is the old one, the 401 stands")
    func unchanged() async throws {
        let folder = try Folder()
        try folder.write("old")
        let server = try server(taking: "good")
        defer { server.stop() }
        let transport = try Transport()
        for credentials in [Credentials.bearer(file: folder.path + "/token"), .bearer(command: ["echo", "old"])] {
            #expect(try await transport.send(try .to(server.url, credentials: credentials)).get().status == 401)
        }
        #expect(shown(server) == ["Bearer old", "Bearer old"])
    }

    @Test("A command is run once for all that wait for its token, and again when its lifetime is over")
    func once() async throws {
        let folder = try Folder()
        let count = folder.path + "/count"
        let script = "echo x >> \"$0\"; echo token"
        let server = try WireServer { _, _ in .answer() }
        defer { server.stop() }
        let transport = try Transport()
        let request = try HTTPRequest.to(server.url, credentials: .bearer(command: ["sh", "-c", script, count]))
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 { group.addTask { _ = try await transport.send(request).get() } }
            try await group.waitForAll()
        }
        #expect(try readFile(count).count == 2, "run once")
        let short = try HTTPRequest.to(
            server.url, credentials: .bearer(command: ["sh", "-c", script, count], lifetime: .zero))
        for _ in 0..<2 { _ = try await transport.send(short).get() }
        #expect(try readFile(count).count == 6, "run for each request")
    }

    @Test("Who is cancelled does not wait for a command's end")
    func cancelled() async throws {
        let transport = try Transport()
        let request = try HTTPRequest.to(
            "http://127.0.0.1:9", credentials: .bearer(command: ["sleep", "600"]))
        let sending = Task { await transport.send(request) }
        sending.cancel()
        let start = ContinuousClock.now
        #expect(await sending.value.failure?.isCancellation == true)
        #expect(ContinuousClock.now - start < .seconds(300))
    }

    @Test(
        "A token that cannot be had: nothing is sent, and the reason is said",
        arguments: [
            (.bearer(""), "the bearer token is empty; look at what makes it"),
            (
                .bearer("a\r\nX-Evil: secret"),
                "the bearer token has blanks, line ends or other characters that no token has; it must be the token and "
                    + "nothing else"
            ),
            (
                .bearer(file: "/nowhere/token"),
                "the token file /nowhere/token cannot be read (No such file or directory); name one that this user may "
                    + "read"
            ),
            (
                .bearer(command: ["/nowhere/command", "secret"]),
                "the command /nowhere/command cannot be run (No such file or directory); name a program that is in PATH"
            ),
            (
                .bearer(command: ["sh", "-c", "echo secret; exit 3"]),
                "the command sh, which prints the token, ended by status 3; run it by hand"
            ),
            (
                .bearer(command: ["sh", "-c", "kill -9 $$"]),
                "the command sh, which prints the token, ended by signal 9; run it by hand"
            ),
            (
                .bearer(command: ["sh", "-c", "yes | head -100000"]),
                "the command sh did not end within 600.0 seconds, or printed more than a token; run it by hand"
            ),
            (.bearer(command: []), "no command is given that prints a bearer token; name one"),
        ] as [(Credentials, String)])
    func none(credentials: Credentials, reason: String) async throws {
        let server = try WireServer { _, _ in .answer() }
        defer { server.stop() }
        let failure = try #require(
            try await Transport().send(try .to(server.url, credentials: credentials)).failure)
        #expect(!failure.wasSent)
        let error = OpenSearchError(failure, try requestContext(server.url))
        #expect(error.code == .noCredentials)
        #expect(error.message == reason)
        #expect(server.requests.isEmpty)
    }
}
