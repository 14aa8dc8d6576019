import FoundationEssentials
import Glibc
import OpenSearchScrollTesting
import Testing

@testable import opnilog_train

/// Table, vocabulary and model do not depend on how the logs were read: workers, page sizes, file or index.
@Suite(
    "the same model however it was read",
    .enabled(if: Prerequisites.runsTorch, "no bridge to libtorch: make libtorch, or set OPNILOG_TORCH"),
    .timeLimit(.minutes(30)))
struct SameModelTests {
    private struct Result: Equatable {
        let tableDigest: String?
        let vocabulary: String
        let model: [UInt8]
    }

    private let folder = TestFolder()

    private func train(_ name: String, _ options: [String]) async throws -> Result {
        let run = try await ProgramRun.of(
            [
                "train", "--output", folder.path(name), "--samples", "60", "--epochs", "2", "--steps", "6",
                "--threads", "1", "--progress", "none",
            ] + options, environment: Prerequisites.environment)
        try #require(run.code == 0, "\(run.errors)")
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(folder.text("\(name)/manifest.json").utf8))
        return Result(
            tableDigest: manifest.table?.tableDigest, vocabulary: folder.text("\(name)/vocab.txt"),
            model: try SmallFile.read(folder.path("\(name)/nulog_model_latest.pt"), atMost: 1 << 28))
    }

    @Test("1, 2, 3 and 8 workers, pages of 10, 1,000 and 10,000")
    func workersAndPages() async throws {
        let server = try OpenSearchServer(
            configuration: .init(indices: ["logs": GeneratedContents(documents: 3_000, untimedEvery: 50)]))
        defer { server.stop() }
        var results: [Result] = []
        for (workers, pageSize) in [(1, 1_000), (2, 10), (3, 10_000), (8, 1_000), (8, 10)] {
            results.append(
                try await train(
                    "\(workers)-\(pageSize)",
                    ["--endpoint", server.url, "--workers", "\(workers)", "--page-size", "\(pageSize)"]))
        }
        #expect(results[0].tableDigest != nil && results[0].model.count > 1 << 20)
        for result in results.dropFirst() { #expect(result == results[0]) }
        #expect(server.openContexts == 0)
    }
}
