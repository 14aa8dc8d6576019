import Glibc
import Testing

@testable import LogDataset

/// A service may run with any umask: what we write holds words of logs and is for its owner all the same.
@Suite struct FileModeTests {
    @Test func everyFileIsForItsOwnerUnderAnyUmask() async throws {
        let umaskBefore = umask(0)
        defer { umask(umaskBefore) }
        let directory = TemporaryDirectory()
        let source = HourlyLogs(hours: 6, holes: { $0 == "window 3" ? [Hole(what: "a part")] : [] })
        var configuration = DatasetConfiguration(directory: directory.path)
        configuration.checkpoint = CollectionCheckpoint(startedAt: 0)
        let (table, report) = try await TableCollector(source: source, configuration: configuration).collect()
        let prepared = try await PreparedDataset(table: table, report: report, configuration: configuration)
        try prepared.vocabulary.write(to: "\(directory.path)/vocab.txt")
        let scrolls = try OpenScrolls(in: directory.path)
        scrolls.opened("scroll", endpoint: "http://127.0.0.1:9200")
        let kept = directory.names(in: "buckets").map { "buckets/" + $0 }
        #expect(kept.contains("buckets/journal") && kept.contains("buckets/checkpoint.json"))
        #expect(kept.contains { $0.hasSuffix(".run") })
        let names = directory.names.filter { $0 != "buckets" } + kept
        #expect(names.contains("templates.table") && names.contains("vocab.txt") && names.contains("scrolls.open"))
        for name in names {
            var status = stat()
            #expect(stat("\(directory.path)/\(name)", &status) == 0 && status.st_mode & 0o777 == 0o600, "\(name)")
        }
        var folder = stat()
        #expect(stat("\(directory.path)/buckets", &folder) == 0 && folder.st_mode & 0o777 == 0o700)
    }
}
