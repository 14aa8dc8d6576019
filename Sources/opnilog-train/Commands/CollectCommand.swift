import LogDataset

/// `collect`: the reading half of the main job; leaves a table.
enum CollectCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        let output = try OutputFolder.of(settings, refusing: [.model, .table])
        context.console.keep(try MemoryLog(path: output.path(of: .memory)))
        let configuration = try DatasetSettings.configuration(settings, directory: output.path)
        let source = try Sources.of(settings, context.console)
        context.console.watch(configuration.monitor)
        let (table, report) = try await TableCollector(source: source, configuration: configuration).collect()
        context.console.endStage()
        var manifest = Manifest(settings)
        manifest.read = Manifest.Reading(report, monitor: configuration.monitor.snapshot)
        manifest.table = Manifest.Table(table.metadata)
        try manifest.finish(in: output)
        if let remark = configuration.monitor.snapshot.masking.remark { context.console.note(remark) }
        context.console.note(
            "\(Figures.grouped(Int(table.metadata.lines))) lines, \(Figures.grouped(Int(table.metadata.templates))) "
                + "templates in \(table.path), table digest \(table.metadata.tableDigest)")
        return .complete
    }
}

extension OutputFolder {
    /// The folder of `--output`.
    static func of(_ settings: Settings, refusing files: [File]) throws(CommandError) -> OutputFolder {
        guard let path = settings[Options.output] else { throw .usage("--output is missing") }
        return try OutputFolder(path, refusing: files, overwrite: settings[Options.overwrite])
    }
}
