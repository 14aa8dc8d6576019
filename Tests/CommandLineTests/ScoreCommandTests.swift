import Glibc
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

/// `score` as a stream, with the original's model.
@Suite(
    "score",
    .enabled(if: Prerequisites.runsShared, "no bridge to libtorch, or no ../shared"), .timeLimit(.minutes(30)))
struct ScoreCommandTests {
    private let folder = TestFolder()

    private var model: String { (Prerequisites.shared ?? "") + "/vectors/model-hdfs-zookeeper" }

    private func score(_ options: [String], input: [UInt8] = []) async throws -> ProgramRun {
        try await ProgramRun.of(
            ["score", "--model", model, "--device", "cpu"] + options, environment: Prerequisites.environment,
            input: input)
    }

    /// The logs of the lines, as JSON texts.
    private func logs(_ output: String) -> [String] {
        output.split(separator: "\n").map { line in
            String(line.prefix { $0 != "," }.dropFirst("{\"log\":".count))
        }
    }

    @Test("a line a log, in order, duplicates kept, over many blocks")
    func order() async throws {
        let tail = String(repeating: " block", count: 200)
        let lines = (0..<4000).map { "\($0) \(["read", "write", "delete"][$0 % 3])\(tail)" }
        let run = try await score(["--input", "-"], input: Array(lines.map { $0 + "\n" }.joined().utf8))
        #expect(run.code == 0, "\(run.errors)")
        #expect(logs(run.output) == lines.map { "\"\($0)\"" })
        #expect(Set(run.output.split(separator: "\n").map { $0.drop { $0 != "," } }).count == 3)
    }

    @Test("bytes that are no UTF-8, quotes and control characters make valid JSON")
    func repaired() async throws {
        let input = Array("a \"b\" \\ \t".utf8) + [0xFF, 0x0A] + Array("é".utf8) + [0x0A]
        let run = try await score(["--input", "-", "--input-format", "text"], input: input)
        #expect(logs(run.output) == [#""a \"b\" \\ \t\#u{FFFD}""#, "\"é\""])
    }

    /// A running `score` between two named pipes that this process holds open.
    private struct Piped {
        let child: ChildProcess
        let input: Int32

        func send(_ text: String) throws {
            let bytes = Array(text.utf8)
            try #require(write(input, bytes, bytes.count) == bytes.count)
        }
    }

    private func piped(output: String) throws -> Piped {
        let pipe = folder.path("feed")
        try #require(mkfifo(pipe, 0o600) == 0)
        let input = open(pipe, O_RDWR | O_CLOEXEC)
        try #require(input >= 0)
        let child = try ChildProcess(
            ["score", "--model", model, "--input", "-", "--device", "cpu"], environment: Prerequisites.environment,
            input: pipe, output: output, errors: folder.path("errors"))
        return Piped(child: child, input: input)
    }

    @Test("what comes through a pipe is answered while the pipe stays open")
    func stream() async throws {
        let answers = try LinePipe(folder.path("answers"))
        let piped = try piped(output: answers.path)
        for line in ["first", "second 1", "first"] {
            try piped.send(line + "\n")
            #expect(await answers.nextLine().hasPrefix("{\"log\":\"\(line)\",\"masked\":"))
        }
        close(piped.input)
        #expect(await piped.child.wait() == 0, "\(folder.text("errors"))")
    }

    @Test("once nobody reads the lines the run ends, though its input stays open")
    func brokenPipe() async throws {
        let path = folder.path("answers")
        try #require(mkfifo(path, 0o600) == 0)
        let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let piped = try piped(output: path)
        close(reader)
        try piped.send("a line\n")
        #expect(await piped.child.wait() == 74)
        #expect(!folder.text("errors").contains("standard output"), "\(folder.text("errors"))")
        close(piped.input)
    }

    // MARK: From OpenSearch

    private func expected(_ documents: [StoredContents.Document]) -> [String] {
        documents.indices.map { "\"line \($0) é\"" }.sorted()
    }

    @Test("an index, whatever fails meanwhile: each document once, nothing stays open")
    func faults() async throws {
        let documents = ExtractionTrial.documents(2000, hours: 6)
        let kinds: [FaultKind] = [.closeAfter, .cutBody, .lostContext, .duplicatePage, .shrunkTotal, .timedOut]
        let trial = try ExtractionTrial(documents) { $0.faults = FaultSchedule(seed: 3, rate: 0.1, kinds: kinds) }
        let server = trial.server
        let run = try await score(["--endpoint", server.url, "--page-size", "100"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(logs(run.output).sorted() == expected(documents))
        #expect(server.openContexts == 0)
        let inOrder = try await score(["--endpoint", server.url, "--query", #"{"exists":{"field":"time"}}"#])
        let hours = logs(inOrder.output).compactMap { Int($0.split(separator: " ")[1]) }.map { $0 * 6 / 2000 }
        #expect(hours.count > 1700 && hours == hours.sorted())
    }

    @Test("progress counts the documents of an index, of as many as its windows should have")
    func progress() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(300, hours: 3))
        let run = try await score(["--endpoint", trial.server.url, "--progress", "json"])
        #expect(run.code == 0, "\(run.errors)")
        let last = try #require(run.errors.split(separator: "\n").last)
        #expect(
            last.hasPrefix(
                #"{"event":"progress","stage":"scoring","unit":"documents","done":300,"total":300,"#), "\(last)"
        )
    }

    @Test("what cannot be read is listed: exit 2, the rest is scored")
    func holes() async throws {
        let mark = Array("\(ExtractionTrial.start + ExtractionTrial.hour)".utf8)
        let trial = try ExtractionTrial(ExtractionTrial.documents(300, hours: 3)) { configuration in
            configuration.fault = { request in
                guard request.kind == .openScroll, request.body.firstRange(of: mark) != nil else { return nil }
                return .status(404, #"{"error":{"type":"index_not_found_exception","reason":"odd"},"status":404}"#)
            }
        }
        let run = try await score(["--endpoint", trial.server.url])
        #expect(run.code == 2, "\(run.errors)")
        #expect(run.errors.contains("opnilog-train: missing: "))
        let scored = logs(run.output)
        #expect(scored.count > 90 && scored.count < 300 && Set(scored).count == scored.count)
    }

    @Test("a field that no document has is said")
    func field() async throws {
        let trial = try ExtractionTrial(ExtractionTrial.documents(20, hours: 1))
        let run = try await score(["--endpoint", trial.server.url, "--field", "message"])
        #expect(run.code == 65 && run.output.isEmpty)
        #expect(run.errors.contains("name the field that holds the message with --field"))
    }
}
