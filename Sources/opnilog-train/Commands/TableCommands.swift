import Glibc
import LogDataset

/// `table merge`, `table show`, `table top` and `table export`.
enum TableCommands {
    /// Each table is an open file while they are merged.
    private static let mostTables = 256

    private static func minimumCount(_ settings: Settings) -> UInt64 { UInt64(settings[Options.minimumCount] ?? 10) }

    static func merge(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        if settings[Options.output] == "-" {
            throw CommandError.usage("a table is not written to standard output", remedy: "give the name of a file")
        }
        let tables = try TableFiles.of(settings, 1...mostTables, "1 to \(mostTables) tables")
        let path = try target(settings, tables)
        let table = try await TemplateTable.merge(tables, to: path)
        context.console.note(
            "\(Figures.grouped(Int(table.metadata.lines))) lines, \(Figures.grouped(Int(table.metadata.templates))) "
                + "templates in \(table.path), table digest \(table.metadata.tableDigest)")
        return .complete
    }

    static func show(_ context: RunContext) async throws -> ExitCode {
        let table = try TableFiles.of(context.settings, 1...1, "one table")[0]
        try await table.verify()
        var output = ResultWriter()
        try output.write(line: text(table.metadata))
        try output.flush()
        return .complete
    }

    static func top(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        let table = try TableFiles.of(settings, 1...1, "one table")[0]
        let templates = try await table.mostFrequent(
            settings[Options.top], minimumCount: minimumCount(settings))
        var output = ResultWriter()
        for template in templates { try output.write(template: template.masked, count: template.count) }
        try output.flush()
        return .complete
    }

    static func export(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        let table = try TableFiles.of(settings, 1...1, "one table")[0]
        let minimum = minimumCount(settings)
        let path = [nil, "-"].contains(settings[Options.output]) ? nil : try target(settings, [table])
        let left = try await table.withTemplates { next in
            guard let path else { return try write(next, atLeast: minimum, to: ResultWriter()) }
            AtomicFile.removeLeftovers(of: path)
            return try AtomicFile.write(to: path) { descriptor throws(CommandError) in
                do {
                    return try write(next, atLeast: minimum, to: ResultWriter(descriptor: descriptor, path: path))
                } catch {
                    throw Failures.commandError(error)
                }
            }
        }
        if left > 0 {
            context.console.note(
                "\(Figures.grouped(left)) templates of fewer than \(minimum) lines are left out (--minimum-count)")
        }
        return .complete
    }

    /// - Returns: templates that were left out.
    private static func write(
        _ next: () throws(DatasetError) -> TemplateRecord?, atLeast minimum: UInt64, to output: consuming ResultWriter
    ) throws -> Int {
        var left = 0
        while let record = try next() {
            if record.count >= minimum {
                try output.write(template: record.masked, count: record.count)
            } else {
                left += 1
            }
        }
        try output.flush()
        return left
    }

    /// What a table says of itself, a member a line.
    static func text(_ metadata: TableMetadata) -> String {
        let timed = metadata.hours.filter { $0.hour != .none }
        let untimed = metadata.hours.reduce(UInt64(0)) { $0 + ($1.hour == .none ? $1.lines : 0) }
        func time(_ hour: Hour?, plus more: Int64 = 0) -> String {
            hour?.milliseconds.map { JSONText.string(ISO8601.text($0 + more)) } ?? "null"
        }
        let names = metadata.maskNames ?? []
        let members = [
            ("lines", "\(metadata.lines)"), ("templates", "\(metadata.templates)"),
            ("heldOutLines", "\(metadata.heldOutLines)"), ("heldOutBy", JSONText.string(metadata.heldOutBy.rawValue)),
            ("hours", "\(timed.count)"), ("since", time(timed.first?.hour)),
            ("until", time(timed.last?.hour, plus: 3_600_000)), ("linesWithoutTime", "\(untimed)"),
            ("tableDigest", JSONText.string(metadata.tableDigest)),
            ("splitDigest", JSONText.string(metadata.splitDigest)),
            ("rulesDigest", JSONText.string(metadata.rulesDigest)),
            ("maskNames", "[" + names.map { JSONText.string($0) }.joined(separator: ",") + "]"),
        ]
        return "{\n" + members.map { "  \(JSONText.string($0.0)): \($0.1)" }.joined(separator: ",\n") + "\n}"
    }

    /// The file of `--output`, behind its links, which is not there, or may be replaced.
    private static func target(_ settings: Settings, _ tables: [TemplateTable]) throws(CommandError) -> String {
        guard let path = settings[Options.output] else { throw CommandError.usage("--output is missing") }
        if OutputFolder.isFolder(path) {
            throw CommandError.usage("--output \(path) is a folder", remedy: "give the name of a file")
        }
        let file = try AtomicFile.resolved(path)
        try refuse(file, path, tables, settings.command)
        if !settings[Options.overwrite], access(file, F_OK) == 0 {
            throw CommandError.usage(
                "\(path) is there already", remedy: "give another --output, or --overwrite to replace it")
        }
        return file
    }

    /// Throws `usage` where the output would take the place of a table that is read, or of what a run has left. Beside
    /// a run a table would be taken for the run's own; templates may stand there under a name that no run writes.
    private static func refuse(
        _ file: String, _ path: String, _ tables: [TemplateTable], _ command: Command
    ) throws(CommandError) {
        let remedy = "give another --output"
        let place = AtomicFile.canonical(file)
        if tables.contains(where: { AtomicFile.canonical($0.path) == place }) {
            throw .usage("\(path) is one of the tables that are read", remedy: remedy)
        }
        let (folder, name) = AtomicFile.split(place)
        guard command == .tableMerge || OutputFolder.names.contains(name) else { return }
        if let run = OutputFolder.resultOfRun(in: folder) {
            throw .usage("\(path) lies beside the \(run.rawValue) of a run", remedy: remedy)
        }
    }
}
