import Testing

@testable import LogDataset

@Suite struct CleaningTests {
    private let directory = TemporaryDirectory()

    private func collect(
        _ lines: [String], _ cleaning: LineCleaning, dropping: [FieldFilter] = []
    ) async throws -> (texts: [String: UInt64], metadata: TableMetadata, report: CollectionReport) {
        let output = TemporaryDirectory()
        var configuration = DatasetConfiguration(directory: output.path)
        configuration.cleaning = cleaning
        var files = FileLogSource.Configuration(paths: [directory.file("log", lines.joined(separator: "\n").utf8)])
        files.dropping = dropping
        let collector = TableCollector(source: FileLogSource(files), configuration: configuration)
        let (table, report) = try await collector.collect()
        var texts: [String: UInt64] = [:]
        for shard in 0..<TemplateShard.count {
            try table.forEachRecord(inShard: shard) { texts[String(decoding: $0.masked, as: UTF8.self)] = $0.count }
        }
        return (texts, table.metadata, report)
    }

    private func cleaning(_ keywords: KeywordList? = nil, tokens: Int = 0) -> LineCleaning {
        var cleaning = LineCleaning()
        cleaning.keywords = keywords
        cleaning.minimumTokens = tokens
        return cleaning
    }

    private let lines = ["pod 7 is ready", "an error came", "short", "two words", "", "pod 8 is ready"]

    @Test func linesAreLeftOutAndCountedByReason() async throws {
        let (texts, _, report) = try await collect(lines, cleaning(.original, tokens: 2))
        #expect(texts == ["pod <num> is ready": 2, "two words": 1])
        #expect(report.total.lines == 3)
        #expect(report.total.dropped.keywords == 1 && report.total.dropped.tooShort == 2)
        #expect(report.total.documents == 6)
        #expect(report.total.bytes == UInt64("pod 7 is readytwo wordspod 8 is ready".utf8.count))
    }

    @Test func aFieldLeavesOutWhatAnotherRunHasLabelled() async throws {
        let objects = [
            #"{"log":"a","anomaly_level":"Anomaly"}"#, #"{"log":"b","anomaly_level":"Normal"}"#,
            #"{"log":"c","label":{"level":"bad"}}"#, #"{"log":"d","anomaly_level":7}"#, #"{"log":"e"}"#,
        ]
        let filters = [
            FieldFilter(field: "anomaly_level", value: "Anomaly"), FieldFilter(field: "label.level", value: "bad"),
        ]
        let (texts, metadata, report) = try await collect(objects, LineCleaning(), dropping: filters)
        #expect(Set(texts.keys) == ["b", "d", "e"])
        #expect(report.total.dropped.fields == 2)
        #expect(metadata.cleaningDigest == nil)
    }

    @Test func aCleanedTableIsNeverTakenForAnother() async throws {
        let kept = lines.filter { !$0.contains("error") }
        let plain = try await collect(kept, LineCleaning())
        let cleaned = try await collect(kept, cleaning(.original))
        let other = try await collect(kept, cleaning(KeywordList(["nothing of this"])))
        #expect(plain.texts == cleaned.texts && plain.texts == other.texts)
        #expect(Set([plain, cleaned, other].map(\.metadata.tableDigest)).count == 3)
        #expect(Set([plain, cleaned, other].map(\.metadata.rulesDigest)).count == 1)
        #expect(plain.metadata.cleaningDigest == nil && cleaned.metadata.cleaningDigest != nil)
        // The same cleaning of the same lines, whatever else was there to be left out.
        #expect(try await collect(lines, cleaning(.original)).metadata.tableDigest == cleaned.metadata.tableDigest)
    }

    @Test func whatLeavesNothingIsSaid() async throws {
        let error = await #expect(throws: DatasetError.self) { try await collect(lines, cleaning(tokens: 60)) }
        #expect(error?.code == .unusableSource)
        #expect(error?.message.contains("0 lines hold a keyword, 6 have too few words, 0 documents") == true)
    }

    @Test func anUnfinishedRunIsNotGoneOnWithByAnotherCleaning() async throws {
        let folder = TemporaryDirectory()
        let path = directory.file("log", lines.joined(separator: "\n").utf8)
        var configuration = DatasetConfiguration(directory: folder.path)
        configuration.checkpoint = CollectionCheckpoint(startedAt: 0)
        configuration.cleaning = cleaning(.original)
        _ = try await TableCollector(source: FileLogSource(.init(paths: [path])), configuration: configuration)
            .collect()
        configuration.resumes = true
        configuration.cleaning = cleaning(.original, tokens: 1)
        let changed = configuration
        let error = await #expect(throws: DatasetError.self) {
            try await TableCollector(source: FileLogSource(.init(paths: [path])), configuration: changed).collect()
        }
        #expect(error?.code == .invalidSetting && error?.message.contains("another cleaning") == true)
    }
}

@Suite struct TemplateCapTests {
    private let table = ArrayTable([("huge", 900, 100), ("big", 90, 0), ("small", 10, 10)])

    @Test func aTemplateCountsForItsShareAtMost() async throws {
        let cap = TemplateCap(share: 0.3, lines: 1_000, heldOutLines: 110)
        let weights = try await TableWeights(of: table, exponent: .one, cap: cap, workers: 1)
        #expect(weights.total(.all) == 300 + 90 + 10)
        #expect(weights.total(.fit) == 267 + 90)
        #expect(weights.total(.heldOut) == 33 + 10)
        #expect(weights.cappedTemplates == 1 && weights.cappedLines == 600)
        #expect(weights.lineCount(.all) == 1_000)
        let draw = try WeightedDraw(
            from: table, weights: weights,
            settings: DrawSettings(law: .coverage, lines: .all, samples: 400, seed: 0, epoch: 0))
        var drawn: [String: Int] = [:]
        try draw.walk(undrawn: true) { drawn[String(decoding: $0.masked, as: UTF8.self)] = $1 }
        #expect(drawn == ["huge": 300, "big": 90, "small": 10])
    }

    @Test func aShareOfOneIsNoCapAndNoneIsBelowOneLine() {
        #expect(TemplateCap(share: 1, lines: 10, heldOutLines: 0) == .none)
        let record = TemplateRecord(hash: 0, masked: UnsafeRawBufferPointer(start: nil, count: 0), count: 5, heldOut: 0)
        #expect(TemplateCap(share: 0, lines: 10, heldOutLines: 0).count(in: record, .all) == 1)
        #expect(TemplateCap(share: 0, lines: 10, heldOutLines: 0).count(in: record, .heldOut) == 0)
    }
}
