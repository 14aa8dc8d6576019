import Glibc
import OpenSearchScrollTesting
import Synchronization
import Testing

@testable import LogDataset
@testable import OpenSearchScroll

/// A window of 30 days that slides over an index a day: what is read of it, and that the table is that of a run from
/// scratch. `OPNILOG_WINDOW_DOCUMENTS` asks for so many documents in every hour, instead of a few in every sixth, and
/// `OPNILOG_WINDOW_RESULTS` for the figures in a file.
@Suite("A sliding window", .timeLimit(.minutes(60)))
struct SlidingWindowTests {
    private static let hour: Int64 = 3_600_000
    private static let day = 24 * hour
    /// A midnight.
    private static let start: Int64 = 1_767_225_600_000
    private static let asked = getenv("OPNILOG_WINDOW_DOCUMENTS").flatMap { Int(String(cString: $0)) }
    private static let perHour = asked ?? 4
    private static let hoursADay = asked == nil ? 4 : 24
    private static let perDay = hoursADay * perHour

    private let folders = TemporaryDirectory()

    /// A day's documents: the first at each hour's first millisecond, some with a second date, an hour later.
    private static func documents(day number: Int) -> [StoredContents.Document] {
        (0..<perDay).map { index in
            let (place, inHour) = index.quotientAndRemainder(dividingBy: perHour)
            let time =
                start + Int64(number) * day + Int64(place * 24 / hoursADay) * hour
                + Int64(inHour) * hour / Int64(perHour)
            let second = index % 50 == 7 ? #"[\#(time),\#(time + hour)]"# : "\(time)"
            return StoredContents.Document(
                id: "\(number + 100)-\(index)",
                source: #"{"time":\#(second),"log":"\#(word(index % 5)) \#(word(number)) \#(word(index * 31 % 97))"}"#)
        }
    }

    private static func index(_ day: Int) -> String { "logs-\(day + 100)" }

    /// A word of letters, which no mask touches.
    private static func word(_ number: Int) -> String {
        String(number + 100).map { String(UnicodeScalar(UInt8(ascii: "g") + UInt8($0.wholeNumberValue ?? 0))) }.joined()
    }

    /// The cluster: an index a day.
    private final class Cluster: Sendable {
        let server: OpenSearchServer
        private let indices: Mutex<[String: StoredContents]>

        init(days: Int) throws {
            var indices: [String: StoredContents] = [:]
            for day in 0..<days {
                for document in SlidingWindowTests.documents(day: day) {
                    indices[SlidingWindowTests.index(day), default: StoredContents()].put(document)
                }
            }
            self.indices = Mutex(indices)
            server = try OpenSearchServer(configuration: .init(indices: indices))
        }

        func put(_ documents: [StoredContents.Document], into index: String) {
            let contents = indices.withLock { indices in
                for document in documents { indices[index, default: StoredContents()].put(document) }
                return indices[index] ?? StoredContents()
            }
            server.setContents(contents, of: index)
        }

        /// As if the index were deleted: nothing of it is found any more.
        func drop(_ index: String) {
            indices.withLock { $0[index] = nil }
            server.setContents(StoredContents(), of: index)
        }
    }

    private struct Reading {
        var table: [UInt8]
        var digest: String
        var bytes: Int
        var documents: Int
        var reused: Int
        var report: CollectionReport
        /// Documents that the source counts as read, by itself or by an earlier run.
        var delivered: Int
    }

    /// Reads 30 days from `day` on into a folder, as `collect` does.
    private func read(
        _ cluster: Cluster, from day: Int, offset: Int64 = 0, into name: String, reusing earlier: String? = nil,
        query: String? = nil, field: String = "log", workers: Int = 2
    ) async throws -> Reading {
        var settings = OpenSearchConfiguration(endpoints: [cluster.server.url])
        settings.parallel = 2
        let client = try OpenSearchClient(configuration: settings)
        let since = Self.start + Int64(day) * Self.day + offset
        var asked = ScrollQuery(
            index: "logs-*", body: query, since: since, until: since + 30 * Self.day, field: field, pageSize: 1_000)
        // Left to itself a reading begins with small pages, and tries what the server is quicker with: some bytes a
        // run.
        asked.source = .field
        let source = OpenSearchLogSource(client: client, query: asked)
        let path = "\(folders.path)/\(name)"
        mkdir(path, 0o700)
        var configuration = DatasetConfiguration(directory: path)
        configuration.workers = workers
        configuration.checkpoint = CollectionCheckpoint(
            startedAt: 1, settings: ["since": "\(since)", "query": query ?? "", "field": field])
        configuration.keepsHours = true
        configuration.reuse = earlier.map {
            DatasetConfiguration.Reuse(directory: "\(folders.path)/\($0)", freeSettings: ["since"])
        }
        let (table, report) = try await TableCollector(source: source, configuration: configuration).collect()
        try CollectionCheckpoint.keepHours(in: path)
        return Reading(
            table: fileBytes(table.path), digest: table.metadata.tableDigest, bytes: client.metrics.bytes,
            documents: client.metrics.documents, reused: report.reused.reduce(0) { $0 + Int($1.tally.documents) },
            report: report, delivered: source.delivered.values.reduce(0, +))
    }

    private struct Step {
        let name: String
        let read: Reading
        let whole: Reading
    }

    @Test("day 31 reads a day; late documents, a dropped index and a new one read the hours that they are in")
    func slides() async throws {
        let cluster = try Cluster(days: 31)
        let first = try await read(cluster, from: 0, into: "first")
        #expect(folders.names(in: "first") == ["hours", "templates.table"])
        var steps: [Step] = []
        func step(
            _ name: String, from day: Int, offset: Int64 = 0, _ folder: String, _ earlier: String
        ) async throws -> Step {
            let read = try await read(cluster, from: day, offset: offset, into: folder, reusing: earlier)
            let whole = try await self.read(cluster, from: day, offset: offset, into: "whole-\(folder)")
            #expect(read.table == whole.table && read.digest == whole.digest, "\(name)")
            #expect(read.report.total == whole.report.total, "\(name)")
            let step = Step(name: name, read: read, whole: whole)
            steps.append(step)
            return step
        }

        let next = try await step("day 31", from: 1, "second", "first")
        #expect(next.read.documents == Self.perDay && next.whole.documents == 30 * Self.perDay)
        #expect(next.read.bytes * 30 <= next.whole.bytes)

        let again = try await step("the same again", from: 1, "third", "second")
        #expect(again.read.documents == 0 && again.read.bytes == 0)

        let late = [0, Self.perDay - 1].map { Self.documents(day: 12)[$0] }
        cluster.put(
            late.map { StoredContents.Document(id: "late-\($0.id)", source: $0.source) }, into: Self.index(12))
        let later = try await step("after late documents", from: 1, "fourth", "third")
        #expect(later.read.documents == 2 * Self.perHour + 2)

        cluster.drop(Self.index(15))
        let dropped = try await step("after an index was dropped", from: 1, "fifth", "fourth")
        #expect(dropped.read.documents == 0 && dropped.read.reused == 29 * Self.perDay + 2)

        cluster.put(Self.documents(day: 15), into: "logs-new")
        let new = try await step("after a new index", from: 1, "sixth", "fifth")
        #expect(new.read.documents == Self.perDay)

        // The edges lie within hours: the old ones were whole, so both are read again.
        let edges = try await step("edges within hours", from: 1, offset: 1_800_000, "seventh", "sixth")
        #expect(edges.read.documents > 0 && edges.read.documents <= 2 * Self.perHour + 2)
        if let path = getenv("OPNILOG_WINDOW_RESULTS") { try report(first, steps, String(cString: path)) }
    }

    @Test("what was asked otherwise is not taken over, and what is damaged is read again")
    func doesNotReuse() async throws {
        let cluster = try Cluster(days: 30)
        let whole = try await read(cluster, from: 0, into: "first")
        let query = #"{"exists":{"field":"log"}}"#
        let other = try await read(cluster, from: 0, into: "second", reusing: "first", query: query)
        #expect(other.reused == 0 && other.documents == whole.documents && other.digest == whole.digest)
        let run = try #require(folders.names(in: "first/hours").first { $0.hasSuffix(".run") })
        var bytes = fileBytes("\(folders.path)/first/hours/\(run)")
        bytes[bytes.count / 2] ^= 1
        _ = folders.file("first/hours/\(run)", bytes)
        let again = try await read(cluster, from: 0, into: "third", reusing: "first")
        // Read or taken over, each document counts once.
        #expect(again.delivered == whole.delivered && whole.delivered == whole.documents)
        #expect(again.table == whole.table)
        #expect(again.documents == Self.perHour && again.reused == whole.documents - Self.perHour)
        let nothing = try await read(cluster, from: 0, into: "fourth", reusing: "elsewhere")
        #expect(nothing.documents == whole.documents && nothing.table == whole.table)
        // A run in its own folder takes over what it replaces.
        let own = try await read(cluster, from: 0, into: "third", reusing: "third")
        #expect(own.documents == 0 && own.table == whole.table)
        #expect(folders.names(in: "third") == ["hours", "templates.table"])
    }

    private func report(_ first: Reading, _ steps: [Step], _ path: String) throws {
        func row(_ name: String, _ read: Reading, _ whole: Reading) -> String {
            let share = Double(read.bytes) / Double(max(1, whole.bytes))
            let cells = [
                "\(read.documents)", "\(read.bytes)", "\(whole.bytes)", "\((share * 100_000).rounded() / 1000) %",
            ]
            return ([name] + cells).joined(separator: "\t")
        }
        let lines =
            ["\(Self.perHour) documents an hour, 30 days of \(Self.hoursADay) hours; one day is 3.333 % of them", ""]
            + ["run\tdocuments read\tbytes read\tbytes from scratch\tshare"] + [
                row("day 30, from scratch", first, first)
            ]
            + steps.map { row($0.name, $0.read, $0.whole) }
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        fputs(lines.joined(separator: "\n") + "\n", file)
    }
}
