import LogDataset

/// `drift`: how many lines of a later table are of templates that an earlier one lacks.
enum DriftCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let tables = try TableFiles.of(context.settings, 2...2, "an earlier and a later table")
        let drift = try await TableDrift(from: tables[0], to: tables[1])
        var output = ResultWriter()
        try output.write(line: text(drift))
        try output.flush()
        guard let limit = context.settings[Options.above] else { return .complete }
        return drift.share > limit ? .above : .complete
    }

    static func text(_ drift: TableDrift) -> String {
        JSONText.object([
            ("share", "\(drift.share)"), ("lines", "\(drift.lines)"), ("newLines", "\(drift.newLines)"),
            ("newTemplates", "\(drift.newTemplates)"), ("goneTemplates", "\(drift.goneTemplates)"),
            ("goneLines", "\(drift.goneLines)"),
        ])
    }
}
