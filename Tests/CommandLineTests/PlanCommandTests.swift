import FoundationEssentials
import LogDataset
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

@Suite("plan", .timeLimit(.minutes(30)))
struct PlanCommandTests {
    private func server(_ documents: Int) throws -> OpenSearchServer {
        try OpenSearchServer(
            configuration: OpenSearchServer.Configuration(
                indices: ["logs": GeneratedContents(documents: documents, start: 1_600_000_000_000)]))
    }

    @Test("a table of figures, or one object of them; nothing is written, libtorch is not asked for")
    func figures() async throws {
        let server = try server(20_000)
        let folder = TestFolder()
        let source = ["plan", "--endpoint", server.url, "--progress", "none"]
        let shown = try await ProgramRun.of(source, environment: ["TMPDIR": folder.root, "OPNILOG_TORCH": "/nowhere"])
        #expect(shown.code == 0, "\(shown.errors)")
        #expect(shown.errors.isEmpty)
        let names = shown.output.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
        #expect(
            names == [
                "documents", "looked", "lines", "templates", "messages", "transfer", "reading", "memory", "disk",
                "training",
            ])
        #expect(shown.output.hasPrefix("documents  20,000 in "))
        #expect(TestFiles.names(folder.root).isEmpty)
        let json = try await ProgramRun.of(source + ["--json", "--drop-keywords", "original"])
        #expect(json.code == 0, "\(json.errors)")
        let forecast = try JSONDecoder().decode(ReadingForecast.self, from: Data(json.output.utf8))
        #expect(forecast.documents == 20_000)
        #expect(forecast.lines > 10_000 && forecast.lines < 20_000)
        #expect(server.openContexts == 0)
    }

    @Test("a field that no document has ends the plan as it would end the reading, and so does too much cleaning")
    func nothingUsable() async throws {
        let documents = (0..<3).map { #"{"time":"2026-01-01T00:00:0\#($0)Z","log":"line \#($0)"}"# }
        let server = try OpenSearchServer(
            configuration: OpenSearchServer.Configuration(indices: ["logs": StoredContents(sources: documents)]))
        let source = ["plan", "--endpoint", server.url, "--progress", "none"]
        let field = try await ProgramRun.of(source + ["--field", "massage"])
        #expect(field.code == 65)
        #expect(
            field.errors
                == "opnilog-train: none of the 3 documents that were looked at has a text in the field massage. "
                + "name the field that holds the message with --field.\n")
        let cleaned = try await ProgramRun.of(source + ["--minimum-tokens", "63"])
        #expect(cleaned.code == 65)
        #expect(
            cleaned.errors
                == "opnilog-train: the cleaning leaves nothing of the 3 documents that were looked at. "
                + "clean less (--drop-keywords, --minimum-tokens).\n")
    }

    @Test("nothing to read is said, and so is a server that is not there")
    func nothing() async throws {
        let server = try server(100)
        let none = try await ProgramRun.of(
            ["plan", "--endpoint", server.url, "--until", "2000-01-01", "--progress", "none"])
        #expect(none.code == 65)
        #expect(none.errors.hasPrefix("opnilog-train: no document matches. "))
        server.stop()
        #expect(try await ProgramRun.of(["plan", "--endpoint", server.url, "--progress", "none"]).code == 69)
        #expect(try await ProgramRun.of(["plan"]).code == 64)
    }
}
