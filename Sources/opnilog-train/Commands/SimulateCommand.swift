import LogGenerator
import OpenSearchScrollTesting

/// `simulate`: the embedded server alone, until a signal.
enum SimulateCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        let documents = settings[Options.documents] ?? 1_000_000
        let server = try EmbeddedServer.start(
            documents: documents, seed: settings[Options.seed], port: settings[Options.port],
            faults: settings[Options.faults])
        var output = ResultWriter()
        try output.write(line: server.url)
        try output.flush()
        context.console.note(
            "\(Figures.grouped(documents)) generated logs in the index \(EmbeddedServer.index); interrupt to end")
        if let faults = settings[Options.faults] { context.console.note("faults by \(faults)") }
        await signal()
        server.stop()
        if settings[Options.faults] != nil { context.console.note(met(server.faults)) }
        return .complete
    }

    /// The faults that requests met, by kind: the most frequent first.
    private static func met(_ faults: [FaultKind: Int]) -> String {
        let sorted = faults.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
        let figures = sorted.map { "\($0.key.rawValue) \(Figures.grouped($0.value))" }.joined(separator: ", ")
        return "faults met: \(figures.isEmpty ? "none" : figures)"
    }

    /// Waits until the task is cancelled, which is what a signal does.
    private static func signal() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
    }
}

/// The embedded server filled with generated logs, a millisecond apart.
enum EmbeddedServer {
    static let index = "logs"
    private static let hour: Int64 = 3_600_000

    static func start(
        documents: Int, seed: UInt64, port: Int, faults: FaultSchedule? = nil
    ) throws -> OpenSearchServer {
        let contents = GeneratedContents(
            documents: documents, seed: seed, start: firstMoment(documents: documents, now: RunClock.start.milliseconds)
        )
        var configuration = OpenSearchServer.Configuration(indices: [index: contents], port: UInt16(port))
        configuration.faults = faults
        return try OpenSearchServer(configuration: configuration)
    }

    /// Some of the generated logs, by their positions.
    static func logs(_ seed: UInt64, _ positions: [Int]) -> [String] {
        let generator = LogGenerator(seed: seed)
        return positions.map { generator.log(at: UInt64($0)) }
    }

    /// When the first of so many logs was written: at the beginning of an hour, so that every run's hours hold the same
    /// logs, and early enough for the last to be in the past.
    static func firstMoment(documents: Int, now: Int64) -> Int64 {
        let hours = (Int64(documents) + hour - 1) / hour
        return (now / hour - hours) * hour
    }
}
