import FoundationEssentials
import LogDataset

/// `plan`: what a reading will take, before it is begun.
enum PlanCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        let base = ProcessMemory.resident()
        let scratch = try ScratchFolder()
        let configuration = try DatasetSettings.configuration(settings, directory: scratch.path)
        let openSearch = try OpenSearchSettings(settings, context.console)
        let planner = ReadingPlanner(
            client: openSearch.client, query: openSearch.query, configuration: configuration, scratch: scratch.path)
        let forecast = try await planner.forecast(
            baseBytes: base, baseSeconds: Double(RunClock.now() - RunClock.processStart.milliseconds) / 1000,
            peakBytes: ProcessMemory.peak)
        withExtendedLifetime(scratch) {}
        var output = ResultWriter()
        if settings[Options.json] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try output.write([UInt8](encoder.encode(forecast)))
            try output.endLine()
        } else {
            for line in table(forecast) { try output.write(line: line) }
        }
        try output.flush()
        try checkUsable(forecast, field: settings[Options.field])
        return .complete
    }

    /// Refuses what `collect` would refuse after hours of reading.
    private static func checkUsable(_ forecast: ReadingForecast, field: String) throws(CommandError) {
        guard forecast.documents > 0 else {
            throw CommandError(
                .noUsableLog, "no document matches", remedy: "check --index, --query, --since, --until and --time-field"
            )
        }
        guard forecast.sampledDocuments > 0, forecast.lines == 0 else { return }
        let looked = "the \(Figures.grouped(forecast.sampledDocuments)) documents that were looked at"
        guard forecast.sampledMessages > 0 else {
            throw CommandError(
                .noUsableLog, "none of \(looked) has a text in the field \(field)",
                remedy: "name the field that holds the message with --field")
        }
        throw CommandError(
            .noUsableLog, "the cleaning leaves nothing of \(looked)",
            remedy: "clean less (--drop-keywords, --minimum-tokens)")
    }

    /// A line a figure, for people.
    static func table(_ forecast: ReadingForecast) -> [String] {
        let plan = try? StepPlan(lines: UInt64(max(0, forecast.lines)), settings: StepPlan.Settings())
        let training = plan.map {
            "\(Figures.grouped($0.samples)) logs an epoch, \($0.epochs) epochs, \(Figures.grouped($0.epochs * $0.stepsPerEpoch)) steps"
        }
        let rows: [(String, String)] = [
            ("documents", "\(Figures.grouped(forecast.documents)) in \(Figures.grouped(forecast.windows)) windows"),
            ("looked at", "\(Figures.grouped(forecast.sampledDocuments)) documents"),
            ("lines", Figures.grouped(forecast.lines)),
            ("templates", Figures.grouped(forecast.templates)),
            ("messages", ByteSize.describe(forecast.messageBytes)),
            ("transfer", "\(ByteSize.describe(forecast.transferBytes)) before compression"),
            ("reading", TimeSpan.describe(seconds: forecast.seconds)),
            ("memory", ByteSize.describe(forecast.memoryBytes)),
            (
                "disk",
                "\(ByteSize.describe(forecast.diskBytes)) while it lasts, \(ByteSize.describe(forecast.tableBytes)) of "
                    + "it the table"
            ),
            ("training", (training ?? "nothing to train on") + " by default; its time depends on the device"),
        ]
        let width = rows.reduce(0) { max($0, $1.0.count) }
        return rows.map { $0.0 + String(repeating: " ", count: width + 2 - $0.0.count) + $0.1 }
    }
}
