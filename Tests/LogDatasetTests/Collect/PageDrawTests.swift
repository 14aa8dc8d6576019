import Testing

@testable import LogDataset

/// The original's draw reads as every other reading does: what is left out is, and what is missing is said.
@Suite struct PageDrawTests {
    private let directory = TemporaryDirectory()

    private func draw(
        _ source: any LogSource, samples: Int, _ change: (inout DatasetConfiguration) -> Void = { _ in }
    ) async throws -> PageDraw {
        var configuration = DatasetConfiguration(directory: directory.path)
        configuration.steps.samples = samples
        change(&configuration)
        return try await TableCollector(source: source, configuration: configuration).drawByPages(epoch: 0)
    }

    /// 10,000 lines are kept, which are one page, though as many again stand between them.
    @Test func pagesAreCutFromWhatTheCleaningKeeps() async throws {
        let text = (0..<10_000).map { "line \($0) is kept\nshort\n" }.joined()
        let source = FileLogSource(.init(paths: [directory.file("in.log", text.utf8)]))
        let draw = try await draw(source, samples: 4021) { $0.cleaning.minimumTokens = 2 }
        #expect(draw.report.total.lines == 10_000 && draw.report.total.dropped.tooShort == 10_000)
        #expect(draw.table.metadata.templates == 1 && draw.table.metadata.cleaningDigest != nil)
        // Two pages of 5,000 would be reduced to ⌊4021/2⌋ each.
        #expect(draw.draws == 4021)
    }

    @Test func whatIsMissingIsReported() async throws {
        let source = HourlyLogs(
            missingAtEnd: [Hole(what: "an index is gone")],
            holes: { $0 == "window 3" ? [Hole(what: "a shard does not answer")] : [] })
        let report = try await draw(source, samples: 10).report
        #expect(report.holes.map(\.what) == ["a shard does not answer", "an index is gone"])
    }
}
