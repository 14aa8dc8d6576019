import Glibc
import LogDataset
import OpniLogTraining

/// What a run makes of what its output folder holds.
enum RunStart: Sendable, Equatable {
    /// It starts anew.
    case new
    /// It goes on with the unfinished run that is there.
    case resumed
    /// The same run has been finished already.
    case finished
}

extension OutputFolder {
    /// Locks the folder of `--output` and decides how the run starts, by `--resume`, `--overwrite` and what is there.
    ///
    /// - Parameters:
    ///   - result: the file that a finished run of this command leaves.
    ///   - files: the results that must not be there when the run starts anew.
    /// - Throws: `usage` if the folder is in use, holds a result or an unfinished run that nobody said what to do with,
    ///   or a finished run with other settings.
    static func claim(
        _ settings: Settings, result: File, refusing files: [File]
    ) throws -> (output: OutputFolder, start: RunStart) {
        guard let path = settings[Options.output] else { throw CommandError.usage("--output is missing") }
        let output = try OutputFolder(path, refusing: [], overwrite: true)
        if settings[Options.overwrite] {
            CollectionCheckpoint.discard(in: path)
            CheckpointPolicy.discard(in: output.checkpoints)
            return (output, .new)
        }
        let unfinished = try CollectionCheckpoint.read(in: path)
        let begun = try unfinished?.startedAt ?? CheckpointPolicy.begun(in: output.checkpoints)
        guard settings[Options.resume] else {
            if begun != nil {
                throw CommandError.usage(
                    "\(path) holds an unfinished run", remedy: "--resume goes on, --overwrite starts anew")
            }
            try output.refuse(files)
            return (output, .new)
        }
        if try output.isFinished(settings, result: result, begun) {
            RunEnd.settle(output, settings)
            CheckpointPolicy.discard(in: output.checkpoints)
            return (output, .finished)
        }
        guard let begun else {
            try SettingsRules.checkRange(settings)
            try output.refuse(files)
            return (output, .new)
        }
        try output.checkOrigin(settings, wasReading: unfinished != nil)
        RunClock.resume(from: begun)
        try SettingsRules.checkRange(settings)
        return (output, .resumed)
    }

    /// Only a run that read logs can go on reading, and only one from a table has nothing to read.
    private func checkOrigin(_ settings: Settings, wasReading: Bool) throws(CommandError) {
        let isFromTable = try LogOrigin(settings, of: settings.command) == .table
        if wasReading, isFromTable {
            throw .usage(
                "\(path) holds an unfinished run that reads logs, which --table does not go on with",
                remedy: "give the --endpoint or --input that it began with, or --overwrite to start anew")
        }
        if !wasReading, !isFromTable {
            throw .usage(
                "\(path) holds an unfinished training from a table, which reading logs does not go on with",
                remedy: "give the --table that it began with, or --overwrite to start anew")
        }
    }

    /// Whether a complete run of the same command with the same settings stands here.
    private func isFinished(
        _ settings: Settings, result: File, _ begun: Int64?
    ) throws(CommandError) -> Bool {
        guard access(path(of: result), F_OK) == 0, let manifest = Manifest.read(path(of: .manifest)),
            manifest.outcome == Manifest.Outcome.complete.rawValue,
            manifest.program.command == settings.command.rawValue
        else { return false }
        // The manifest of an older run may still stand beside the unfinished one that was to replace it.
        if let begun, ISO8601.text(begun) != manifest.startedAt { return false }
        let recorded = settings.recorded
        for name in RunFingerprint.names(of: settings.command) where manifest.settings[name] != recorded[name] {
            let (before, now) = (manifest.settings[name] ?? "none", recorded[name] ?? "none")
            throw .usage(
                "\(path) holds a finished run with another \(name): \(before) there, \(now) now",
                remedy: "give another --output, or --overwrite to start anew")
        }
        return true
    }
}

/// The settings that a run must keep when it goes on.
enum RunFingerprint {
    /// Which logs are read, and what of them.
    private static let reading: [OptionSpec] = [
        Options.index.spec, Options.query.spec, Options.since.spec, Options.until.spec, Options.lag.spec,
        Options.input.spec, Options.inputFormat.spec, Options.field.spec, Options.timeField.spec,
        Options.longestLine.spec, Options.excludeQuery.spec, Options.dropField.spec, Options.dropKeywords.spec,
        Options.minimumTokens.spec,
    ]
    /// What is made of the table besides. A run that is still reading may change them.
    private static let training: [OptionSpec] = [
        Options.table.spec, Options.samples.spec, Options.epochs.spec, Options.steps.spec, Options.batchSize.spec,
        Options.recipe.spec, Options.draw.spec, Options.seed.spec, Options.templateCap.spec,
        Options.vocabularySize.spec, Options.minimumWordCount.spec,
    ]

    /// Those that say which windows are read and not what is in one: another run may have others and the same hours.
    static let windows = Set([Options.since.spec, Options.until.spec, Options.lag.spec].map(\.name))

    /// What shapes the result of a command.
    static func names(of command: Command) -> [String] {
        (reading + training).filter { $0.commands.contains(command) }.map(\.name)
    }

    /// What shapes the table, by name, as it was written; a query that a file holds as that file's content.
    static func of(_ settings: Settings) -> [String: String] {
        let names = Set(reading.map(\.name))
        var fingerprint = settings.recorded.filter { names.contains($0.key) }
        for option in [Options.query, Options.excludeQuery] where fingerprint[option.spec.name] != nil {
            if let query = try? QueryParts.text(settings, option) { fingerprint[option.spec.name] = query }
        }
        return fingerprint
    }
}
