import FoundationEssentials
import Synchronization
import Testing

@testable import LogDataset

private let hourNames = (UInt8(ascii: "a")...UInt8(ascii: "l")).map { String(UnicodeScalar($0)) }

/// 12 hours of logs with a few frequent and many rare templates.
private struct HourlySource: LogSource {
    let name = "hourly"
    var pageSize = 250

    func windows() async throws -> [LogWindow] {
        (0..<12).map { LogWindow(name: "hour \($0)", hour: Hour(number: $0), key: $0) }
    }

    func read(_ window: LogWindow, into sink: LogSink) async throws {
        let hour = try #require(window.key as? Int32)
        var generator = SeededGenerator(seed: UInt64(hour))
        let words = ["pod", "node", "volume", "probe", "lease", "watch", "cache", "proxy"]
        let messages = (0..<1_000).map { _ -> String in
            if Int.random(in: 0..<4, using: &generator) > 0 { return "synced the usual \(hourNames[Int(hour)])" }
            return (0..<4).map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
        }
        for start in stride(from: 0, to: messages.count, by: pageSize) {
            let page = Array(messages[start..<min(start + pageSize, messages.count)])
            try await sink.add(MessagePage(page, hour: window.hour ?? .none))
        }
    }
}

/// A few lines without a time.
private struct LinesSource: LogSource {
    let name = "lines"
    let lines: [String]

    func windows() async throws -> [LogWindow] { [LogWindow(name: "all", hour: nil)] }

    func read(_ window: LogWindow, into sink: LogSink) async throws {
        try await sink.add(MessagePage(lines, hour: .none))
    }
}

/// Waits in its window until somebody lets it go on, or it is cancelled.
private final class HeldSource: LogSource {
    let name = "held"
    private let isHeld = Mutex(true)
    private let begun = Mutex(0)
    var readings: Int { begun.withLock { $0 } }

    func release() { isHeld.withLock { $0 = false } }

    func windows() async throws -> [LogWindow] { [LogWindow(name: "all", hour: nil)] }

    func read(_ window: LogWindow, into sink: LogSink) async throws {
        begun.withLock { $0 += 1 }
        while isHeld.withLock({ $0 }) {
            try Task.checkCancellation()
            await Task.yield()
        }
        try await sink.add(MessagePage(["started once", "started twice", "is ready"], hour: .none))
    }
}

@Suite struct StreamingLogDatasetTests {
    private func configuration(_ directory: TemporaryDirectory, workers: Int = 2) -> DatasetConfiguration {
        var configuration = DatasetConfiguration(directory: directory.path)
        configuration.workers = workers
        configuration.steps = StepPlan.Settings(samples: 3_000, epochs: 2, steps: 60)
        return configuration
    }

    @Test(.timeLimit(.minutes(30))) func whoIsCancelledDoesNotCancelForOthers() async throws {
        let directory = TemporaryDirectory()
        let source = HeldSource()
        let dataset = StreamingLogDataset(source: source, configuration: configuration(directory))
        let alone = Task { try await dataset.prepare() }
        while source.readings == 0 { await Task.yield() }
        alone.cancel()
        await #expect(throws: DatasetError.self) { try await alone.value }
        let (one, other) = (Task { try await dataset.prepare() }, Task { try await dataset.prepare() })
        while source.readings == 1 { await Task.yield() }
        for _ in 0..<1_000 { await Task.yield() }
        one.cancel()
        source.release()
        #expect(try await other.value.summary.lines == 3)
        #expect(source.readings == 2)
    }

    private func digest(of subset: Subset) async throws -> String {
        let digest = SHA256()
        try await subset.forEachDigestPart { digest.update($0) }
        return digest.finish().hexadecimal
    }

    private func digests(of dataset: StreamingLogDataset) async throws -> [String] {
        var digests: [String] = []
        for try await subset in dataset { digests.append(try await digest(of: subset)) }
        return digests
    }

    /// The rows of a subset's batches.
    private func rows(of subset: Subset) async throws -> Set<[Int32]> {
        var rows: Set<[Int32]> = []
        for try await batch in subset {
            for row in 0..<batch.rows {
                rows.insert(Array(batch.tokens[row * Batch.length..<(row + 1) * Batch.length]))
            }
        }
        return rows
    }

    @Test func unseenTemplatesAreNotAmongThoseThatAreFitted() async throws {
        let directory = TemporaryDirectory()
        let dataset = StreamingLogDataset(source: HourlySource(), configuration: configuration(directory))
        let prepared = try await dataset.prepare()
        let unseen = try #require(try await prepared.unseenTemplates())
        #expect(unseen.templates + unseen.unseenTemplates == Int(prepared.summary.templates))
        #expect(unseen.unseenTemplates > 100)
        let fitted = try await rows(of: unseen.fit(epoch: 0)).union(try await rows(of: unseen.fit(epoch: 1)))
        let figures = try await rows(of: unseen.heldOut())
        // What no fitted template has is unknown, which no fitted row is, so that equal rows would be equal texts.
        #expect(fitted.allSatisfy { !$0.contains(Vocabulary.Reserved.unknown) })
        #expect(!figures.isEmpty && figures.isDisjoint(with: fitted))
        #expect(unseen.fit(epoch: 0).batchCount == prepared.fit(epoch: 0).batchCount)
        let alone = configuration(directory, workers: 1)
        let other = try await PreparedDataset(table: prepared.table, configuration: alone).unseenTemplates()
        #expect(try await digest(of: #require(other).fit(epoch: 0)) == digest(of: unseen.fit(epoch: 0)))
    }

    @Test func wordsThatOnlyUnseenTemplatesHaveAreUnknown() async throws {
        let directory = TemporaryDirectory()
        let words = hourNames.flatMap { first in hourNames.prefix(4).map { "only\(first)\($0)" } }
        let source = LinesSource(lines: words)
        let prepared = try await StreamingLogDataset(source: source, configuration: configuration(directory)).prepare()
        let unseen = try #require(try await prepared.unseenTemplates())
        #expect(unseen.vocabulary.count == Vocabulary.Reserved.names.count + unseen.templates)
        let figures = try await rows(of: unseen.heldOut())
        #expect(figures.count == 1 && figures.first?[1] == Vocabulary.Reserved.unknown)
    }

    @Test func aTemplateAloneHasNoOtherSide() async throws {
        let directory = TemporaryDirectory()
        let source = LinesSource(lines: ["one", "one"])
        let prepared = try await StreamingLogDataset(source: source, configuration: configuration(directory)).prepare()
        #expect(try await prepared.unseenTemplates() == nil)
    }

    @Test func theSequenceHoldsTheEpochsAndThenTheClosingPass() async throws {
        let directory = TemporaryDirectory()
        let dataset = StreamingLogDataset(source: HourlySource(), configuration: configuration(directory))
        var kinds: [Subset.Kind] = []
        for try await subset in dataset {
            kinds.append(subset.kind)
            var batches = 0
            var logs = 0
            for try await batch in subset {
                batches += 1
                logs += batch.logs
            }
            #expect(batches == subset.batchCount)
            #expect(logs == subset.draws)
        }
        #expect(kinds == [.fit(epoch: 0), .fit(epoch: 1), .closing])
        let summary = try await dataset.prepare().summary
        #expect(summary.lines == 12_000 && summary.heldOutLines == 2_000 && summary.heldOutBy == .hours)
        #expect(summary.stepsPerEpoch == 30 && summary.closingSteps == 6 && summary.samples == 3_000)
        #expect(summary.outOfVocabularyShare == 0 && summary.cutTokenShare == 0)
    }

    @Test func tokensDependNeitherOnWorkersNorOnPagesNorOnWhetherATableWasThere() async throws {
        let first = TemporaryDirectory()
        let dataset = StreamingLogDataset(source: HourlySource(), configuration: configuration(first, workers: 1))
        let expected = try await digests(of: dataset)
        let again = try await digests(of: dataset)
        #expect(again == expected)
        #expect(Set(expected).count == 3)
        for (workers, pageSize) in [(2, 10), (3, 1_000), (8, 333)] {
            let directory = TemporaryDirectory()
            let other = StreamingLogDataset(
                source: HourlySource(pageSize: pageSize), configuration: configuration(directory, workers: workers))
            let found = try await digests(of: other)
            #expect(found == expected)
        }
        let table = try TemplateTable(opening: "\(first.path)/\(TableCollector.fileName)")
        let fromTable = try await digests(of: StreamingLogDataset(table: table, configuration: configuration(first)))
        #expect(fromTable == expected)
    }

    @Test func aStateGoesOnWithTheVeryNextBatch() async throws {
        let directory = TemporaryDirectory()
        let configuration = configuration(directory)
        let whole = StreamingLogDataset(source: HourlySource(), configuration: configuration)
        var batches: [[Batch]] = []
        for try await subset in whole {
            batches.append([])
            for try await batch in subset { batches[batches.count - 1].append(batch) }
        }
        let prepared = try await whole.prepare()
        for (epoch, batch) in [(0, 0), (0, 17), (1, 29), (1, 30), (2, 3)] {
            let state = prepared.state(epoch: epoch, batch: batch)
            let stored = try JSONDecoder().decode(DatasetState.self, from: JSONEncoder().encode(state))
            let rest = StreamingLogDataset(resuming: stored, table: prepared.table, configuration: configuration)
            var found: [[Batch]] = []
            for try await subset in rest {
                found.append([])
                for try await batch in subset { found[found.count - 1].append(batch) }
            }
            #expect(found == [Array(batches[epoch].dropFirst(batch))] + batches[(epoch + 1)...])
        }
    }

    @Test func aStateOfAnotherTrainingIsRefused() async throws {
        let directory = TemporaryDirectory()
        let configuration = configuration(directory)
        let prepared = try await StreamingLogDataset(source: HourlySource(), configuration: configuration).prepare()
        let right = prepared.state(epoch: 0, batch: 0)
        let wrong: [(inout DatasetState) -> Void] = [
            { $0.tableDigest = "00" }, { $0.seed = 1 }, { $0.epoch = 3 }, { $0.batch = 31 },
        ]
        for change in wrong {
            var state = right
            change(&state)
            let rest = StreamingLogDataset(resuming: state, table: prepared.table, configuration: configuration)
            let error = await #expect(throws: DatasetError.self) { try await rest.prepare() }
            #expect(error?.code == .invalidSetting)
        }
    }

    @Test func figuresAreTakenOnTheHeldOutHoursAlone() async throws {
        let directory = TemporaryDirectory()
        let dataset = StreamingLogDataset(source: HourlySource(), configuration: configuration(directory))
        let prepared = try await dataset.prepare()
        let usual = hourNames.map { prepared.vocabulary.words.firstIndex(of: $0) }
        func seen(in subset: Subset) async throws -> Set<Int> {
            var hours: Set<Int> = []
            for try await batch in subset {
                for token in batch.tokens { usual.firstIndex(of: Int(token)).map { _ = hours.insert($0) } }
            }
            return hours
        }
        let fitted = try await seen(in: prepared.fit(epoch: 0))
        let heldOut = try await seen(in: prepared.heldOut())
        #expect(fitted == Set(0..<10))
        #expect(heldOut == [10, 11])
    }

    @Test func theSourceIsReadOnceAndItsFailureIsTheSameForAll() async throws {
        struct Failing: LogSource {
            let name = "failing"
            func windows() async throws -> [LogWindow] { throw CancellationError() }
            func read(_ window: LogWindow, into sink: LogSink) async throws {}
        }
        let directory = TemporaryDirectory()
        let dataset = StreamingLogDataset(source: Failing(), configuration: configuration(directory))
        for _ in 0..<2 {
            let error = await #expect(throws: DatasetError.self) { try await dataset.prepare() }
            #expect(error?.code == .cancelled)
        }
    }

    @Test func aSubsetThatIsLargerThanTheMemoryIsRefused() async throws {
        let directory = TemporaryDirectory()
        var settings = configuration(directory)
        settings.memory = MemoryBudget(total: 64 << 20)
        settings.steps = StepPlan.Settings(samples: 20_000_000, steps: 600)
        let dataset = StreamingLogDataset(source: HourlySource(), configuration: settings)
        let error = await #expect(throws: DatasetError.self) { try await dataset.prepare() }
        #expect(error?.code == .invalidSetting)
        #expect(error?.message.hasPrefix("a subset of 20000000 logs takes some 38") == true)
        #expect(error?.message.hasSuffix("draw fewer (--samples), or give more (--memory)") == true)
    }

    @Test func settingsThatContradictEachOtherAreRefused() async throws {
        let directory = TemporaryDirectory()
        var settings = configuration(directory)
        settings.steps.batchSize = 32
        let dataset = StreamingLogDataset(source: HourlySource(), configuration: settings)
        let error = await #expect(throws: DatasetError.self) { try await dataset.prepare() }
        #expect(error?.code == .invalidSetting)
    }
}
