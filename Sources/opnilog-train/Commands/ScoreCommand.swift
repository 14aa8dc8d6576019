import LogDataset
import LogMasking
import OpenSearchScroll
import OpniLogTraining

/// `score`: one NDJSON line a log, in order, duplicates kept.
enum ScoreCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        guard let model = settings[Options.model] else { throw CommandError.usage("--model is missing") }
        let masking = try MaskFile.settings(settings)
        try ModelRules.check(masking.rules, model: model, context.console)
        let scorer = try await Scorer(
            model: model, bridge: settings[Options.torch], device: settings[Options.device],
            threads: settings[Options.threads], masking: masking)
        if let unused = scorer.facts.unusedGPU { context.console.note("warning: \(unused)") }
        let lines = ScoreLines(
            scorer, threshold: settings[Options.threshold], explains: settings[Options.explain])
        switch try LogOrigin(settings, of: .score) {
        case .openSearch: return try await score(OpenSearchSettings(settings, context.console), lines, context.console)
        case .files, .table: return try await score(FileLogs(settings), lines, context.console)
        }
    }

    private static func score(
        _ logs: FileLogs, _ lines: ScoreLines, _ console: Console
    ) async throws -> ExitCode {
        console.begin("scoring", unit: "logs", results: logs.results)
        let total = try await ScorePipeline.run(lines) { page in
            try write(page)
            console.update { $0.done += page.count.messages }
        } _: { feed in
            while let page = try await logs.next() { try await feed.add(page) }
        }
        console.endStage()
        try logs.check(total.count)
        note(total, field: logs.field, console)
        return .complete
    }

    private static func score(
        _ source: OpenSearchSettings, _ lines: ScoreLines, _ console: Console
    ) async throws -> ExitCode {
        let reading = WindowsInOrder(source)
        console.begin("scoring", unit: "documents", results: .written)
        let total = try await ScorePipeline.run(lines) { page in
            try write(page)
            console.update { $0.done += page.count.documents }
        } _: { feed in
            try await reading.read(into: feed) { documents in console.update { $0.total = documents } }
        }
        console.endStage()
        try total.count.check(field: source.query.field)
        if total.count.documents == 0, reading.holes.isEmpty {
            throw CommandError(
                .noUsableLog, "no document of \(source.query.index) matches",
                remedy: "check --index, --query, --since, --until and --time-field")
        }
        note(total, field: source.query.field, console)
        return RunEnd.of(reading.holes, console)
    }

    private static func note(_ total: ScorePipeline.Total, field: String, _ console: Console) {
        for remark in [total.count.remark(field: field), total.masking.remark].compactMap(\.self) {
            console.note(remark)
        }
    }

    private static func write(_ page: ScoreLines.Page) throws {
        var output = ResultWriter()
        try page.write(to: &output)
        try output.flush()
    }
}
