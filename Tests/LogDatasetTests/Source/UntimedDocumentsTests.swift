import OpenSearchScroll
import OpenSearchScrollTesting
import Testing

@testable import LogDataset

@Suite("Documents without a time", .timeLimit(.minutes(30)))
struct UntimedDocumentsTests {
    private func windows(memory: Int?, timeField: String) async throws -> [LogWindow] {
        let contents = StoredContents(sources: (0..<50).map { #"{"time":\#($0 * 60_000),"log":"request \#($0)"}"# })
        var settings = OpenSearchServer.Configuration(indices: ["logs": contents])
        settings.shards = 1
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: OpenSearchConfiguration(endpoints: [server.url]))
        var query = ScrollQuery(index: "logs", timeField: timeField)
        query.windowDocuments = 20
        return try await OpenSearchLogSource(client: client, query: query, memory: memory).windows()
    }

    @Test("more than memory can tell apart are refused before they are read")
    func refused() async throws {
        let error = await #expect(throws: DatasetError.self) {
            try await windows(memory: 50 * 48 - 1, timeField: "when")
        }
        #expect(error?.code == .invalidSetting)
        #expect(
            error?.message.hasPrefix(
                "50 documents have no time in the field when, by which they could be read in parts:")
                == true)
        #expect(try await windows(memory: 50 * 48, timeField: "when").map(\.expectedDocuments) == [50])
        #expect(try await windows(memory: nil, timeField: "when").count == 1)
    }

    @Test("windows that time cuts take what they take")
    func timed() async throws {
        #expect(try await windows(memory: 1, timeField: "time").compactMap(\.expectedDocuments).reduce(0, +) == 50)
    }
}
