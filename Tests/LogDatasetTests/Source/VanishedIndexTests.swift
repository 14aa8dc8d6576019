import OpenSearchScroll
import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import LogDataset

/// An index that is deleted between a run and the run that goes on with it: no plan of the second one knows it.
@Suite("Indices that vanish between two runs", .timeLimit(.minutes(30)))
struct VanishedIndexTests {
    private let directory = TemporaryDirectory()

    /// One log a minute, from an hour on.
    private func contents(_ count: Int, hour: Int) -> StoredContents {
        StoredContents(
            sources: (0..<count).map { #"{"time":\#(hour * 3_600_000 + $0 * 60_000),"log":"request \#($0) took"}"# })
    }

    /// Reads what a server of these indices has, until `last` windows have been read.
    private func collect(
        _ indices: [String: StoredContents], last: Int = .max, resumes: Bool
    ) async throws -> CollectionReport {
        var settings = OpenSearchServer.Configuration(indices: indices)
        settings.shards = 1
        let server = try OpenSearchServer(configuration: settings)
        defer { server.stop() }
        return try await collect(from: server, last: last, resumes: resumes)
    }

    private func collect(
        from server: OpenSearchServer, last: Int = .max, resumes: Bool
    ) async throws -> CollectionReport {
        let client = try OpenSearchClient(configuration: OpenSearchConfiguration(endpoints: [server.url]))
        let source = OpenSearchLogSource(client: client, query: ScrollQuery(index: "logs-*"))
        var configuration = DatasetConfiguration(directory: directory.path)
        configuration.parallelWindows = 1
        configuration.checkpoint = CollectionCheckpoint(startedAt: 42, settings: [:])
        configuration.resumes = resumes
        let cut = CutSource(source: source, last: last)
        return try await TableCollector(source: cut, configuration: configuration).collect().report
    }

    @Test("What had not been read of it is a hole with its name; an index that had been read whole is none")
    func namesWhatIsMissing() async throws {
        let (old, late, left) = (contents(30, hour: 10), contents(40, hour: 11), contents(50, hour: 12))
        let error = await #expect(throws: DatasetError.self) {
            try await collect(["logs-old": old, "logs-late": late, "logs-left": left], last: 1, resumes: false)
        }
        #expect(error?.cause is CutSource.Cut)
        let expected = Hole(
            what: "the index logs-late vanished while it was read, with 40 of its 40 documents unread; read before its "
                + "retention ends", documents: 40)
        for _ in 0..<2 {
            let report = try await collect(["logs-left": left], resumes: true)
            #expect(report.holes == [expected] && report.total.documents == 80)
        }
    }

    @Test("Where an index was renamed nothing is missing, in later runs either")
    func namesNoRenamed() async throws {
        let (read, left) = (contents(30, hour: 10), contents(50, hour: 12))
        await #expect(throws: DatasetError.self) {
            try await collect(["logs-1": read, "logs-2": left], last: 1, resumes: false)
        }
        for _ in 0..<2 {
            let report = try await collect(["logs-1": read, "logs-2-shrunk": left], resumes: true)
            #expect(report.isComplete && report.total.documents == 80)
        }
    }

    @Test("An index that only the second run's plan knew is missed by the third")
    func namesWhatCameLater() async throws {
        let (read, between, left) = (contents(30, hour: 10), contents(40, hour: 11), contents(50, hour: 12))
        await #expect(throws: DatasetError.self) {
            try await collect(["logs-1": read, "logs-3": left], last: 1, resumes: false)
        }
        await #expect(throws: DatasetError.self) {
            try await collect(["logs-1": read, "logs-2": between, "logs-3": left], last: 0, resumes: true)
        }
        let report = try await collect(["logs-1": read, "logs-3": left], resumes: true)
        #expect(report.holes.map(\.documents) == [40] && report.total.documents == 80)
    }

    /// Reads three hours, of which a second index holds the middle one too; it is gone when the first scroll is opened.
    ///
    /// - Parameter returns: whether it is there again when the third one is.
    private func collectWhileAway(returns: Bool) async throws -> (CollectionReport, OpenSearchServer) {
        let box = Mutex<OpenSearchServer?>(nil)
        let second = contents(40, hour: 11)
        let first = (0..<180).map { #"{"time":\#(36_000_000 + $0 * 60_000),"log":"a \#($0)"}"# }
        var settings = OpenSearchServer.Configuration(indices: [
            "logs-1": StoredContents(sources: first), "logs-2": second,
        ])
        settings.shards = 1
        settings.fault = { request in
            guard request.kind == .openScroll else { return nil }
            let server = box.withLock { $0 }
            if request.ordinal == 0, returns { server?.setClosed(true, "logs-2") }
            if request.ordinal == 0, !returns { server?.setContents(nil, of: "logs-2") }
            if request.ordinal == 2, returns { server?.setClosed(false, "logs-2") }
            return nil
        }
        let server = try OpenSearchServer(configuration: settings)
        box.withLock { $0 = server }
        let report = try await collect(from: server, resumes: false)
        return (report, server)
    }

    @Test("What was read while an index was away that is back is read again, and nothing else is")
    func readsWhatWasAway() async throws {
        let (report, server) = try await collectWhileAway(returns: true)
        defer { server.stop() }
        #expect(report.total.documents == 180 && report.holes.map(\.documents) == [40])
        let before = server.count(of: .openScroll)
        let whole = try await collect(from: server, resumes: true)
        #expect(whole.isComplete && whole.total.documents == 220)
        #expect(server.count(of: .openScroll) - before == 2, "two of the three hours were opened without it")
    }

    @Test("What was read while an index is away that stays so is not read again: others may have gone by then")
    func keepsWhatLacksIt() async throws {
        let (report, server) = try await collectWhileAway(returns: true)
        defer { server.stop() }
        #expect(report.holes.map(\.documents) == [40])
        server.setClosed(true, "logs-2")
        let before = server.count(of: .openScroll)
        let again = try await collect(from: server, resumes: true)
        #expect(again.holes.map(\.documents) == [40] && again.total.documents == 180)
        #expect(server.count(of: .openScroll) == before)
        server.setClosed(false, "logs-2")
        #expect(try await collect(from: server, resumes: true).isComplete)
    }

    @Test("What was read after an index was deleted for good is not read again")
    func keepsWhatWasRead() async throws {
        let (report, server) = try await collectWhileAway(returns: false)
        defer { server.stop() }
        #expect(report.total.documents == 180 && report.holes.map(\.documents) == [40])
        let before = server.count(of: .openScroll)
        let again = try await collect(from: server, resumes: true)
        #expect(again.holes == report.holes && again.total.documents == 180)
        #expect(server.count(of: .openScroll) == before)
    }

    @Test("Where all are still there nothing is missing")
    func namesNothing() async throws {
        let indices = ["logs-old": contents(30, hour: 10), "logs-left": contents(50, hour: 12)]
        await #expect(throws: DatasetError.self) { try await collect(indices, last: 1, resumes: false) }
        let report = try await collect(indices, resumes: true)
        #expect(report.isComplete && report.total.documents == 80)
    }
}

/// A source whose reading fails after some windows.
private struct CutSource: LogSource {
    struct Cut: Error {}

    let source: OpenSearchLogSource
    let last: Int
    private let windowsRead = Counter()

    private final class Counter: Sendable {
        let value = Mutex(0)
    }

    init(source: OpenSearchLogSource, last: Int) {
        self.source = source
        self.last = last
    }

    var name: String { source.name }
    func windows() async throws -> [LogWindow] { try await source.windows() }
    func windows(excluding committed: [CommittedWindow]) async throws -> [LogWindow] {
        try await source.windows(excluding: committed)
    }
    func planToKeep() -> [UInt8] { source.planToKeep() }
    func goOn(with plan: [UInt8]) { source.goOn(with: plan) }
    func holesAtEnd() async throws -> [Hole] { try await source.holesAtEnd() }
    func outdated(among committed: [CommittedWindow]) async throws -> [String] {
        try await source.outdated(among: committed)
    }
    func read(_ window: LogWindow, into sink: LogSink) async throws {
        let count = windowsRead.value.withLock { value in
            value += 1
            return value
        }
        if count > last { throw Cut() }
        try await source.read(window, into: sink)
    }
}
