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
        let lines = ScoreLines(
            scorer, threshold: settings[Options.threshold], explains: settings[Options.explain])
        switch try LogOrigin(settings, of: .score) {
        case .openSearch: try await score(OpenSearchSettings(settings, context.console), lines)
        case .files, .table: try await score(FileLogs(settings), lines, context.console)
        }
        return .complete
    }

    private static func score(_ logs: FileLogs, _ lines: ScoreLines, _ console: Console) async throws {
        var total = PageCount()
        while let page = try await OwnThread.run({ try logs.nextPage() }) {
            var messages: [String] = []
            let tally = page.forEachMessage { message, _ in messages.append(String(decoding: message, as: UTF8.self)) }
            total.add(PageCount(messages: messages.count, tally))
            try await lines.write(messages)
        }
        try logs.check(total)
        if let remark = total.remark { console.note(remark) }
    }

    /// Hour by hour, in the order of time.
    private static func score(_ source: OpenSearchSettings, _ lines: ScoreLines) async throws {
        for window in try await source.client.windows(of: source.query) {
            try await source.client.readWindow(window, of: source.query) { pages in
                for try await page in pages {
                    var messages: [String] = []
                    page.forEachMessage { messages.append(String(decoding: $0, as: UTF8.self)) }
                    try await lines.write(messages)
                }
            }
        }
    }
}

/// Scores logs and writes their lines to standard output.
struct ScoreLines: Sendable {
    private let scorer: Scorer
    private let threshold: Double
    private let explains: Bool

    init(_ scorer: Scorer, threshold: Double, explains: Bool) {
        self.scorer = scorer
        self.threshold = threshold
        self.explains = explains
    }

    /// A line a log: `{"log":…,"masked":…,"score":…,"anomaly":…}`, with `"tokens":[…]` if they are to be explained.
    func write(_ logs: [String]) async throws {
        let scores = try await scorer.score(logs, explain: explains)
        var bytes: [UInt8] = []
        for (log, score) in zip(logs, scores) { append(log, score, to: &bytes) }
        var output = ResultWriter()
        try output.write(bytes)
        try output.flush()
    }

    private func append(_ log: String, _ score: LogScore, to bytes: inout [UInt8]) {
        bytes += Array("{\"log\":".utf8)
        JSONText.append(log.utf8, to: &bytes)
        bytes += Array(",\"masked\":".utf8)
        JSONText.append(score.masked.utf8, to: &bytes)
        bytes += Array(",\"score\":\(score.score),\"anomaly\":\(score.score < threshold)".utf8)
        if explains { append(score.tokens, to: &bytes) }
        bytes += Array("}\n".utf8)
    }

    private func append(_ tokens: [ScoredToken], to bytes: inout [UInt8]) {
        bytes += Array(",\"tokens\":[".utf8)
        for (index, token) in tokens.enumerated() {
            bytes += Array((index == 0 ? "{\"word\":" : ",{\"word\":").utf8)
            JSONText.append(token.word.utf8, to: &bytes)
            bytes += Array(",\"rank\":\(token.rank),\"counts\":\(token.counts)}".utf8)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}
