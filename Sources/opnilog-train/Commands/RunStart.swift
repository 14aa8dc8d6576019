import Glibc
import LogDataset
import LogMasking
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
    ///   - sparesModel: whether a folder that holds a model is refused, whatever is asked for.
    /// - Throws: `usage` if the folder is in use, holds a result or an unfinished run that nobody said what to do with,
    ///   a finished run with other settings, or files of somebody else's where the run keeps what it reads;
    ///   `noUsableLog` if the table of a finished run is damaged.
    static func claim(
        _ settings: Settings, result: File, refusing files: [File], sparesModel: Bool = false
    ) async throws -> (output: OutputFolder, start: RunStart) {
        guard let path = settings[Options.output] else { throw CommandError.usage("--output is missing") }
        let output = try OutputFolder(path, refusing: [], overwrite: true)
        if sparesModel { try output.refuseModel() }
        // A run from a table reads nothing, so it makes and removes no such folder.
        if try LogOrigin(settings, of: settings.command) != .table { try CollectionCheckpoint.checkFolders(in: path) }
        if settings[Options.overwrite] { return (output, .new) }
        let unfinished = try CollectionCheckpoint.read(in: path)
        let begun = try unfinished?.startedAt ?? CheckpointPolicy.begun(in: output.checkpoints) ?? output.begun
        guard settings[Options.resume] else {
            if begun != nil {
                throw CommandError.usage(
                    "\(path) holds an unfinished run", remedy: "--resume goes on, --overwrite starts anew")
            }
            try output.refuse(files)
            return (output, .new)
        }
        if try output.isFinished(settings, result: result, begun),
            try await output.hasWholeTable(settings, canMakeAnother: unfinished != nil)
        {
            try RunEnd.settle(output, settings)
            CheckpointPolicy.discard(in: output.checkpoints)
            output.unmarkBegun()
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

    /// A run begins: with `--overwrite` what an unfinished one has left here goes, and the records of memory are made
    /// anew.
    ///
    /// - Parameter source: asked for its windows before anything goes: a run that cannot begin costs nothing; nil where
    ///   the logs are in a table.
    func begin(_ settings: Settings, reading source: (any LogSource)?, _ memory: MemoryLog) async throws {
        if settings[Options.overwrite] {
            if holdsUnfinished, let source { _ = try await source.windows() }
            CollectionCheckpoint.discard(in: path)
            CheckpointPolicy.discard(in: checkpoints)
            unmarkBegun()
        }
        try memory.begin()
    }

    private var holdsUnfinished: Bool {
        do {
            return try CollectionCheckpoint.read(in: path) != nil || CheckpointPolicy.begun(in: checkpoints) != nil
        } catch {
            return true
        }
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
    ) throws -> Bool {
        guard access(path(of: result), F_OK) == 0, let manifest = Manifest.read(path(of: .manifest)),
            manifest.outcome == Manifest.Outcome.complete.rawValue,
            manifest.program.command == settings.command.rawValue
        else { return false }
        // The manifest of an older run may still stand beside the unfinished one that was to replace it.
        if let begun, ISO8601.text(begun) != manifest.startedAt { return false }
        let recorded = settings.recorded
        let contents = try RunFingerprint.contents(settings)
        for name in RunFingerprint.names(of: settings.command) {
            let (before, now) = (manifest.settings[name] ?? "none", recorded[name] ?? "none")
            // Where both are known, what a file holds counts and not what it is called.
            let digests = manifest.contents?[name].flatMap { old in contents[name].map { (old, $0) } }
            if digests.map({ $0 == $1 }) ?? (before == now) { continue }
            let difference = before == now ? "\(now) has changed since" : "\(before) there, \(now) now"
            throw CommandError.usage(
                "\(path) holds a finished run with another \(name): \(difference)",
                remedy: "give another --output, or --overwrite to start anew")
        }
        return true
    }
}

extension OutputFolder {
    /// Whether the table of a finished run that read logs is whole. It is read once for that; nothing else reads it
    /// where nothing is left to do.
    ///
    /// - Parameter canMakeAnother: whether what was read for it is there, so that the run can go on.
    /// - Throws: `noUsableLog` if it is damaged and nothing can go on.
    fileprivate func hasWholeTable(_ settings: Settings, canMakeAnother: Bool) async throws -> Bool {
        guard holds(.table), try LogOrigin(settings, of: settings.command) != .table else { return true }
        guard let damage = try await tableDamage() else { return true }
        if canMakeAnother { return false }
        let hours = RunEnd.keepsHours(settings) ? " --reuse \(path), which takes over what was read for it" : ""
        throw CommandError(
            .noUsableLog, "the finished run's table is no longer whole: \(damage.message)",
            remedy: "make it again with --overwrite\(hours)", cause: damage)
    }

    private func tableDamage() async throws(DatasetError) -> DatasetError? {
        do throws(DatasetError) {
            try await TemplateTable(opening: path(of: .table)).verify()
            return nil
        } catch {
            if error.code == .corruptFile { return error }
            throw error
        }
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
    /// Compared by what they hold, which an unfinished run's checkpoint has of the reading itself.
    private static let masking: [OptionSpec] = [Options.masks.spec]
    /// What is made of the table besides. A run that is still reading may change them.
    private static let training: [OptionSpec] = [
        Options.table.spec, Options.samples.spec, Options.epochs.spec, Options.steps.spec, Options.batchSize.spec,
        Options.recipe.spec, Options.draw.spec, Options.seed.spec, Options.templateCap.spec,
        Options.vocabularySize.spec, Options.minimumWordCount.spec, Options.initFrom.spec, Options.disjointFigure.spec,
    ]

    /// Those that say which windows are read and not what is in one: another run may have others and the same hours.
    static let windows = Set([Options.since.spec, Options.until.spec, Options.lag.spec].map(\.name))

    /// What shapes the result of a command.
    static func names(of command: Command) -> [String] {
        (reading + masking + training).filter { $0.commands.contains(command) }.map(\.name)
    }

    /// What shapes what is made of a table.
    static func names(ofTraining command: Command) -> [String] {
        training.filter { $0.commands.contains(command) }.map(\.name)
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

    /// Digests of what settings name, by the names of the settings: of queries, keywords, masks, the table and the
    /// model.
    ///
    /// - Throws: what cannot be read.
    static func contents(_ settings: Settings) throws -> [String: String] {
        let recorded = settings.recorded
        func has(_ spec: OptionSpec) -> Bool { recorded[spec.name] != nil }
        var contents: [String: String] = [:]
        for option in [Options.query, Options.excludeQuery] where has(option.spec) {
            contents[option.spec.name] = try QueryParts.text(settings, option).map { text in
                let digest = SHA256()
                digest.update(text)
                return digest.finish().hexadecimal
            }
        }
        if has(Options.dropKeywords.spec) {
            var cleaning = try CleaningSettings.of(settings)
            cleaning.minimumTokens = 0
            contents[Options.dropKeywords.spec.name] = cleaning.digest
        }
        if has(Options.masks.spec) {
            contents[Options.masks.spec.name] = try MaskFile.settings(settings).rules.digest
        }
        if has(Options.table.spec), let path = settings[Options.table] {
            contents[Options.table.spec.name] = try TableFiles.open(path).metadata.tableDigest
        }
        if has(Options.initFrom.spec), let folder = settings[Options.initFrom] {
            contents[Options.initFrom.spec.name] = try InitialModels.fileDigest(folder)
        }
        return contents
    }
}
