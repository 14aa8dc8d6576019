import Glibc
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

/// `collect` against the in-process server: what an operator sees when something is wrong with the server's side.
@Suite("collect from OpenSearch", .timeLimit(.minutes(30)))
struct OpenSearchCommandTests {
    private let folder = TestFolder()

    private func server(
        _ documents: Int = 3000, untimedEvery: Int = 0,
        _ change: (inout OpenSearchServer.Configuration) -> Void = { _ in }
    ) throws -> OpenSearchServer {
        let contents = GeneratedContents(documents: documents, start: 1_600_000_000_000, untimedEvery: untimedEvery)
        var configuration = OpenSearchServer.Configuration(indices: ["logs": contents])
        change(&configuration)
        return try OpenSearchServer(configuration: configuration)
    }

    private func collect(
        _ url: String, _ options: [String] = [], _ environment: [String: String] = [:]
    ) async throws -> ProgramRun {
        try await ProgramRun.of(
            ["collect", "--endpoint", url, "--output", folder.path("out"), "--workers", "2", "--progress", "none"]
                + options, environment: environment)
    }

    @Test("reads all, those without a time too, and leaves no context open")
    func all() async throws {
        let server = try server(untimedEvery: 10)
        let run = try await collect(server.url, ["--page-size", "500"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.hasPrefix("opnilog-train: 3,000 lines, "))
        #expect(server.openContexts == 0)
    }

    @Test("the page size and the number of workers do not change the table")
    func sameTable() async throws {
        let server = try server()
        var digests: Set<String> = []
        for options in [["--page-size", "10"], ["--page-size", "1000", "--workers", "3"], ["--page-size", "auto"]] {
            let run = try await collect(server.url, options + ["--overwrite"])
            digests.insert(String(run.errors.split(separator: " ").last ?? "none"))
        }
        #expect(digests.count == 1)
    }

    @Test("a part of the time; documents without a time are then not asked for")
    func range() async throws {
        let server = try server(untimedEvery: 10)
        let run = try await collect(server.url, ["--since", "1600000001000", "--until", "1600000002000"])
        #expect(run.errors.hasPrefix("opnilog-train: 900 lines, "), "\(run.errors)")
    }

    @Test("a time field that no document has is said")
    func wrongTimeField() async throws {
        let server = try server()
        let run = try await collect(server.url, ["--time-field", "timestamp"])
        let note =
            "none of the 3,000 documents has a time in the field timestamp; if they have one in another, name it with "
            + "--time-field"
        #expect(run.errors.hasPrefix("opnilog-train: \(note)\nopnilog-train: 3,000 lines, "), "\(run.errors)")
        let limited = ["--since", "2020-01-01", "--time-field", "timestamp", "--overwrite"]
        let other = try await collect(server.url, limited)
        #expect(other.code == 65 && other.errors.contains("check the index, the query, the time range and its field"))
        let right = try await collect(server.url, ["--overwrite"])
        #expect(!right.errors.contains("--time-field"), "\(right.errors)")
    }

    @Test("a query as JSON, and out of a file")
    func query() async throws {
        let server = try server()
        let json = #"{"query": {"range": {"time": {"lt": 1600000000100}}}}"#
        #expect(try await collect(server.url, ["--query", json]).errors.contains("100 lines"))
        try folder.write("q.json", json)
        let run = try await collect(server.url, ["--query", folder.path("q.json"), "--overwrite"])
        #expect(run.errors.contains("100 lines"), "\(run.errors)")
        let missing = try await collect(server.url, ["--query", "/nowhere/q.json", "--overwrite"])
        #expect(missing.code == 64)
        #expect(missing.errors.contains("the file /nowhere/q.json cannot be read: No such file or directory."))
    }

    @Test("a wrong password is said, and never shown")
    func password() async throws {
        let server = try server { $0.credentials = ("opni", "right") }
        let environment = ["ES_USERNAME": "opni", "ES_PASSWORD": "wrong-secret"]
        let run = try await collect(server.url, [], environment)
        #expect(run.code == 69)
        #expect(!run.errors.contains("wrong-secret") && !run.errors.isEmpty)
        #expect(try await collect(server.url, [], ["ES_USERNAME": "opni", "ES_PASSWORD": "right"]).code == 0)
        #expect(!folder.text("out/manifest.json").contains("right"))
        let half = try await collect(server.url, ["--overwrite"], ["ES_USERNAME": "opni"])
        #expect(half.code == 64)
        #expect(half.errors.contains("there is a user but no password. set OPNILOG_PASSWORD or ES_PASSWORD"))
    }

    @Test("an index that is missing, a wildcard that matches none, a field no document has, nothing in the time")
    func nothing() async throws {
        let server = try server()
        let missing = try await collect(server.url, ["--index", "absent"])
        #expect(missing.code == 69)
        #expect(missing.errors.contains("absent"))
        let wildcard = try await collect(server.url, ["--index", "absent-*"])
        #expect(wildcard.code == 69)
        #expect(wildcard.errors.contains("absent-*"))
        let field = try await collect(server.url, ["--field", "message"])
        #expect(field.code == 65)
        #expect(field.errors.contains("--field"))
        let empty = try await collect(server.url, ["--since", "2026-01-01", "--until", "2026-01-02"])
        #expect(empty.code == 65)
        for run in [missing, wildcard, field, empty] {
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
        #expect(!folder.exists("out/templates.table"))
        #expect(server.openContexts == 0)
    }

    @Test("a server that is not there is tried again and then given up")
    func refused() async throws {
        let server = try server()
        let url = server.url
        server.stop()
        let run = try await collect(url)
        #expect(run.code == 69)
        #expect(run.errors.contains("attempt 2: nothing listens at \(url)"))
        #expect(run.errors.split(separator: "\n").last?.hasPrefix("opnilog-train: nothing listens at \(url)") == true)
    }

    @Test(
        "a certificate nobody vouches for; --insecure is logged", .enabled(if: TestCertificate.isPossible, "no openssl")
    )
    func certificate() async throws {
        let identity = try TestCertificate.make(in: folder)
        let server = try server { $0.identity = .init(certificate: identity.certificate, key: identity.key) }
        let run = try await collect(server.url)
        #expect(run.code == 69)
        #expect(run.errors.contains("--ca"))
        let insecure = try await collect(server.url, ["--insecure"])
        #expect(insecure.code == 0, "\(insecure.errors)")
        #expect(insecure.errors.hasPrefix("opnilog-train: the server's certificate is not verified"))
        let trusted = try await collect(server.url, ["--ca", folder.path("cert.pem"), "--overwrite"])
        #expect(trusted.code == 0, "\(trusted.errors)")
    }

    @Test("a signal in the middle: contexts are cleared, exit 75", arguments: [SIGINT, SIGTERM])
    func interrupted(number: Int32) async throws {
        // Small pages make the reading far longer than this test, which acts once the twentieth page is asked for.
        let (pages, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = try server(2_000_000) { configuration in
            configuration.fault = { request in
                if request.kind == .continueScroll, request.ordinal == 20 { continuation.finish() }
                return nil
            }
        }
        let child = try ChildProcess(
            ["collect", "--endpoint", server.url, "--output", folder.path("out"), "--page-size", "10"],
            environment: [:], input: "/dev/null", output: folder.path("o"), errors: folder.path("e"))
        for await _ in pages {}
        #expect(server.openContexts > 0)
        child.signal(number)
        #expect(await child.wait() == 75)
        #expect(folder.text("e").hasSuffix("opnilog-train: interrupted. run again with --resume.\n"))
        // An opening that was answered after the run had given it up lives for a minute, a scroll that was read on for
        // two.
        server.advanceClock(by: .seconds(61))
        #expect(server.openContexts == 0)
        #expect(!folder.exists("out/templates.table"))
    }

    @Test("doctor that is interrupted finds nothing wrong with the server: exit 75")
    func doctor() async throws {
        let trigger = RequestTrigger()
        trigger.arm(at: 1, signal: SIGTERM)
        let server = try server {
            $0.fault = { _ in
                trigger.request()
                return .stall
            }
        }
        let child = try ChildProcess(
            ["doctor", "--endpoint", server.url, "--torch", "/nowhere/bridge.so"], environment: [:],
            input: "/dev/null", output: folder.path("o"), errors: folder.path("e"))
        trigger.aim(at: child.identifier)
        #expect(await child.wait() == 75)
        #expect(folder.text("e") == "opnilog-train: interrupted. run the same command again.\n")
        #expect(!folder.text("o").contains("cancelled"), "\(folder.text("o"))")
    }

    @Test("the program that prints tokens ends with a run that is interrupted")
    func bearerCommand() async throws {
        let started = try LinePipe(folder.path("started"))
        try folder.write("token.sh", "echo $$ > '\(started.path)'\nexec sleep 600\n")
        let child = try ChildProcess(
            [
                "collect", "--endpoint", try server().url, "--output", folder.path("out"), "--bearer-command",
                "sh \(folder.path("token.sh"))",
            ], environment: [:], input: "/dev/null", output: folder.path("o"), errors: folder.path("e"))
        let program = try #require(pid_t(await started.nextLine()))
        child.signal(SIGTERM)
        #expect(await child.wait() == 75)
        // It is gone, and the run has waited for it.
        #expect(kill(program, SIGKILL) == -1 && errno == ESRCH)
    }

    @Test("simulate prints its URL first, serves, and ends by a signal")
    func simulate() async throws {
        let output = try LinePipe(folder.path("pipe"))
        let child = try ChildProcess(
            ["simulate", "--documents", "5000", "--seed", "3"], environment: [:], input: "/dev/null",
            output: output.path, errors: folder.path("e"))
        let url = await output.nextLine()
        #expect(url.hasPrefix("http://127.0.0.1:"))
        let run = try await collect(url)
        #expect(run.errors.hasPrefix("opnilog-train: 5,000 lines, "), "\(run.errors)")
        child.signal(SIGTERM)
        #expect(await child.wait() == 0)
    }

    @Test("simulate with faults says which were met")
    func simulateFaults() async throws {
        let output = try LinePipe(folder.path("pipe"))
        let child = try ChildProcess(
            ["simulate", "--documents", "50", "--faults", "rate=1,kinds=unauthorized"], environment: [:],
            input: "/dev/null", output: output.path, errors: folder.path("e"))
        let url = await output.nextLine()
        let run = try await collect(url)
        #expect(run.code == 69, "\(run.errors)")
        child.signal(SIGTERM)
        #expect(await child.wait() == 0)
        let notes = folder.text("e").split(separator: "\n")
        #expect(notes.count == 3)
        #expect(notes.dropFirst().first == "opnilog-train: faults by rate=1.0,seed=0,kinds=unauthorized")
        #expect(notes.last?.hasPrefix("opnilog-train: faults met: unauthorized ") == true)
    }

    @Test("a bad fault schedule is a usage error that names the kinds")
    func badFaults() async throws {
        let run = try await ProgramRun.of(["simulate", "--faults", "rate=0.1,kinds=cut-bdy"])
        #expect(run.code == 64)
        #expect(run.errors.contains("cut-bdy is no kind of fault; the kinds are close-before, failed-handshake, "))
    }

    @Test("simulated hours begin at whole hours and lie in the past")
    func moments() {
        let hour: Int64 = 3_600_000
        let now = 500_000 * hour + 1234
        #expect(EmbeddedServer.firstMoment(documents: 1, now: now) == 499_999 * hour)
        #expect(EmbeddedServer.firstMoment(documents: 3_600_000, now: now) == 499_999 * hour)
        #expect(EmbeddedServer.firstMoment(documents: 3_600_001, now: now) == 499_998 * hour)
    }
}
