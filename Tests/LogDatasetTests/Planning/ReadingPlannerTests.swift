import Glibc
import OpenSearchScroll
import OpenSearchScrollTesting
import Testing

@testable import LogDataset

@Suite(.timeLimit(.minutes(30))) struct ReadingPlannerTests {
    private let hour: Int64 = 3_600_000

    private func resources(workers: Int = 2, memory: Int = 1 << 30) -> ReadingResources {
        ReadingResources(
            workers: workers, parallel: workers, budget: MemoryBudget(total: memory), baseBytes: 20 << 20,
            baseSeconds: 0.25)
    }

    @Test func pointsLieEvenlyOverTheDocumentsWhateverTheHoursHold() {
        let windows = [10, 0, 90_000, 5, 9_985].enumerated().map { index, documents in
            ScrollWindow(times: Int64(index) * hour..<Int64(index + 1) * hour, expectedDocuments: documents)
        }
        let points = ReadingPlanner.points(windows)
        #expect(points.count == 16)
        // 90 % of the documents, 14 or 15 of 16 points.
        let inHot = points.filter { $0.times.map { $0.lowerBound >= 2 * hour && $0.upperBound <= 3 * hour } ?? false }
        #expect((14...15).contains(inHot.count))
        #expect(
            zip(points, points.dropFirst()).allSatisfy { ($0.times?.lowerBound ?? 0) < ($1.times?.lowerBound ?? 0) })
        #expect(points.allSatisfy { $0.expectedDocuments >= 1_000 })
    }

    @Test func fewDocumentsAreLookedAtOnceAndWindowsWithoutTimesFromTheirStart() {
        let small = ScrollWindow(times: 0..<hour, expectedDocuments: 700)
        #expect(ReadingPlanner.points([small]) == [small])
        let untimed = ScrollWindow(times: nil, expectedDocuments: 50_000)
        #expect(ReadingPlanner.points([untimed]) == [untimed])
        #expect(ReadingPlanner.points([]) == [])
    }

    @Test func aForecastIsInProportion() {
        var sample = ReadingSample()
        sample.documents = 1_000
        sample.lines = 900
        sample.messageBytes = 90_000
        sample.transferBytes = 200_000
        sample.frequencies = [90: 10]
        sample.textBytes = 400
        sample.pages = [.init(documents: 1_000, seconds: 0.1)]
        sample.maskingSeconds = 0.01
        sample.trial = ReadingTrial(documents: 20_000, templates: 8, seconds: 1.5, stops: [0.9, 1.1], peakBytes: 1)
        let forecast = ReadingForecast(sample, windows: [60_000, 40_000], resources())
        #expect(forecast.documents == 100_000 && forecast.windows == 2 && forecast.sampledDocuments == 1_000)
        #expect(forecast.lines == 90_000 && forecast.messageBytes == 9_000_000 && forecast.transferBytes == 20_000_000)
        // Every text is known: ten records of 36 bytes and 40 of text, in both windows and in the table.
        #expect(forecast.templates == 10)
        #expect(forecast.tableBytes == 760 + 3_000 && forecast.diskBytes == forecast.tableBytes + 2 * 760)
        #expect(forecast.networkSeconds == 10 && forecast.maskingSeconds == 1)
        // Two readers brought 20,000 documents in a second; 80,000 more take four, and two texts their merge.
        #expect(abs(forecast.seconds - (0.25 + 1.5 + 4 + 2e-6)) < 1e-9)
        // Fourteen pages of ten thousand documents are more than there is.
        #expect(forecast.memoryBytes == 20 << 20 + 26_000_000 + 2 * 10 * (64 + 40))
    }

    @Test func aTrialThatHasReadEverythingIsTheForecast() {
        var sample = ReadingSample()
        sample.documents = 500
        sample.lines = 500
        sample.frequencies = [500: 1]
        sample.trial = ReadingTrial(documents: 700, templates: 1, seconds: 0.5, peakBytes: 30 << 20)
        let forecast = ReadingForecast(sample, windows: [700], resources())
        #expect(forecast.seconds == 0.75 && forecast.memoryBytes == 30 << 20)
    }

    @Test func twoSizesOfPagesTellWhatARequestCosts() {
        var sample = ReadingSample()
        #expect(sample.networkCost == (0, 0))
        for (documents, seconds) in [
            (1_500, 0.025), (500, 0.015), (1_500, 0.9), (480, 0.0148), (1_500, 0.025), (500, 0.015),
        ] {
            sample.pages.append(.init(documents: documents, seconds: seconds))
        }
        // 10 ms a request and 10 µs a document, whatever one page of them took.
        #expect(abs(sample.networkCost.request - 0.01) < 1e-9 && abs(sample.networkCost.document - 1e-5) < 1e-9)
        // Larger pages that took less cost nothing more.
        sample.pages = [.init(documents: 500, seconds: 0.02), .init(documents: 1_500, seconds: 0.01)]
        #expect(sample.networkCost == (0.02, 0))
        sample.documents = 2_000
        sample.lines = 2_000
        sample.transferBytes = 400_000
        sample.frequencies = [2_000: 1]
        let forecast = ReadingForecast(sample, windows: [25_000, 5_000], resources())
        // Three pages and one.
        #expect(abs(forecast.networkSeconds - 0.08) < 1e-9)
    }

    @Test func memoryStaysWithinTheBudgetAndTakesItWhereMaskingIsSlower() {
        var sample = ReadingSample()
        sample.documents = 1_000
        sample.lines = 1_000
        sample.transferBytes = 1_000_000
        sample.frequencies = [1: 1_000]
        sample.textBytes = 100_000
        sample.onceBytes = 100_000
        sample.pages = [.init(documents: 1_000, seconds: 1)]
        sample.maskingSeconds = 0.1
        sample.trial = ReadingTrial(documents: 1_000, seconds: 1, stops: [1])
        let windows = [Int](repeating: 100_000, count: 1_000)
        let budget = MemoryBudget(total: 1 << 30)
        let fast = ReadingForecast(sample, windows: windows, resources(memory: budget.total))
        sample.maskingSeconds = 3
        let slow = ReadingForecast(sample, windows: windows, resources(memory: budget.total))
        #expect(fast.memoryBytes < slow.memoryBytes)
        #expect(slow.memoryBytes <= 20 << 20 + budget.pages + budget.tables)
        #expect(slow.memoryBytes > 20 << 20 + budget.pages)
    }

    @Test func nothingFoundIsNothingPlanned() {
        let forecast = ReadingForecast(ReadingSample(), windows: [], resources())
        #expect(forecast.documents == 0 && forecast.lines == 0 && forecast.seconds == 0)
    }

    /// The demo's logs: what a reading then takes is within 15 % of the plan, in all that does not depend on the
    /// machine.
    @Test(arguments: [(50_000, UInt64(0)), (120_000, 3)])
    func planOfGeneratedLogs(documents: Int, seed: UInt64) async throws {
        let contents = GeneratedContents(
            documents: documents, seed: seed, start: 444_444 * hour, untimedEvery: 40, unloggedEvery: 25)
        let server = try OpenSearchServer(
            configuration: OpenSearchServer.Configuration(indices: ["logs": contents]))
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: OpenSearchConfiguration(endpoints: [server.url]))
        let folder = TemporaryDirectory()
        var configuration = DatasetConfiguration(directory: folder.path)
        configuration.workers = 2
        var cleaning = LineCleaning()
        cleaning.keywords = .original
        configuration.cleaning = cleaning
        let scratch = TemporaryDirectory()
        let planner = ReadingPlanner(
            client: client, query: ScrollQuery(), configuration: configuration, scratch: scratch.path)
        let forecast = try await planner.forecast(baseBytes: 20 << 20, baseSeconds: 0) { 30 << 20 }
        #expect(server.requests.values.reduce(0, +) <= 80, "\(server.requests)")
        #expect(server.openContexts == 0)
        #expect(folder.names == [] && scratch.names == [])
        let source = OpenSearchLogSource(client: client, query: ScrollQuery())
        let (table, report) = try await TableCollector(source: source, configuration: configuration).collect()
        var status = stat()
        try #require(stat(table.path, &status) == 0)
        #expect(forecast.documents == documents && report.total.documents == UInt64(documents))
        func expectClose(_ planned: Int, _ taken: Int, _ what: Comment) {
            #expect(abs(Double(planned) / Double(taken) - 1) < 0.15, what)
        }
        expectClose(forecast.lines, Int(report.total.lines), "lines")
        expectClose(forecast.messageBytes, Int(report.total.bytes), "bytes")
        expectClose(forecast.templates, Int(table.metadata.templates), "templates")
        expectClose(forecast.tableBytes, Int(status.st_size), "table")
        expectClose(forecast.diskBytes, Int(configuration.monitor.snapshot.spilledBytes) + Int(status.st_size), "disk")
        #expect(forecast.seconds > 0)
    }

    @Test func whatATrialDidNotReadIsInProportion() {
        var trial = ReadingTrial(documents: 3_000, seconds: 1)
        #expect(trial.rate == nil)
        // The readers were stopped on average after a second and a half.
        trial.stops = [1, 2]
        #expect(trial.rate == 2_000)
        trial.documents = 0
        #expect(trial.rate == nil)
    }

    /// A trial is stopped in the middle of its windows, and clears its scrolls.
    @Test func aTrialStopsReadingAndLeavesNothing() async throws {
        let contents = GeneratedContents(documents: 30_000, start: 444_444 * hour)
        let server = try OpenSearchServer(
            configuration: OpenSearchServer.Configuration(indices: ["logs": contents]))
        defer { server.stop() }
        let client = try OpenSearchClient(configuration: OpenSearchConfiguration(endpoints: [server.url]))
        let folder = TemporaryDirectory()
        var configuration = DatasetConfiguration(directory: folder.path)
        configuration.workers = 8
        // None of these is the trial's.
        configuration.limits = ReadingLimits(time: .zero)
        configuration.onEvent = { _ in Issue.record("a trial reports nothing") }
        var query = ScrollQuery()
        query.pageSize = 10
        query.windowDocuments = 2_000
        let scratch = TemporaryDirectory()
        // Time for all readers to begin; thousands of requests take longer.
        let (plan, trial) = try await ReadingTrial.run(
            client, query, configuration, in: scratch.path, for: .milliseconds(20))
        #expect(plan.expectedDocuments == 30_000)
        // The scrolls of one shard, and one reader that waits for them: the other workers' do not go on when they have
        // ended.
        #expect((1...client.windowsAtOnce(for: plan)).contains(trial.stops.count))
        #expect((10..<30_000).contains(trial.documents))
        #expect(trial.templates > 0 && trial.rate != nil)
        #expect(server.openContexts == 0)
        #expect(folder.names == [] && scratch.names == [])
        // What lies in a folder is somebody's.
        let table = scratch.file("templates.table", [1])
        await #expect(throws: DatasetError.self) {
            try await ReadingTrial.run(client, query, configuration, in: scratch.path)
        }
        #expect(fileBytes(table) == [1])
    }
}
