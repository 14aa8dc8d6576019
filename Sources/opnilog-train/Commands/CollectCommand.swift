import LogDataset
import OpniLogTraining

/// `collect`: the reading half of the main job; leaves a table.
enum CollectCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        let (output, start) = try await OutputFolder.claim(
            settings, result: .table, refusing: [.table], sparesModel: true)
        if start == .finished {
            context.console.note("\(output.path) holds the finished run already; nothing is to be done")
            return .complete
        }
        let memory = MemoryLog(path: output.path(of: .memory))
        context.console.keep(memory)
        return try await RunEnd.keeping(output, context.console) {
            try await collect(into: output, start, context, memory)
        }
    }

    private static func collect(
        into output: OutputFolder, _ start: RunStart, _ context: RunContext, _ memory: MemoryLog
    ) async throws -> ExitCode {
        let settings = context.settings
        var configuration = try DatasetSettings.configuration(settings, directory: output.path)
        configuration.keepReading(settings, start, context.console)
        var manifest = try Manifest(settings)
        let source = try Sources.of(settings, context.console, output: output)
        try await output.begin(settings, reading: source, memory)
        let metrics = try MetricsLog(in: output, goesOn: start == .resumed)
        context.console.watch(configuration.monitor, metrics)
        let (table, report) = try await TableCollector(source: source, configuration: configuration).collect()
        context.console.endStage()
        manifest.note(report, monitor: configuration.monitor.snapshot)
        manifest.table = Manifest.Table(table.metadata)
        try manifest.finish(in: output)
        try metrics.check()
        for remark in report.remarks(settings) { context.console.note(remark) }
        context.console.note(
            "\(Figures.grouped(Int(table.metadata.lines))) lines, \(Figures.grouped(Int(table.metadata.templates))) "
                + "templates in \(table.path), table digest \(table.metadata.tableDigest)")
        return try RunEnd.of(report, output, settings, context.console)
    }
}

extension OutputFolder {
    /// The folder of `--output`, for a command that always starts anew.
    static func of(_ settings: Settings, refusing files: [File]) throws -> OutputFolder {
        guard let path = settings[Options.output] else { throw CommandError.usage("--output is missing") }
        let overwrite = settings[Options.overwrite]
        let output = try OutputFolder(path, refusing: files, overwrite: overwrite)
        if overwrite { CheckpointPolicy.discard(in: output.checkpoints) }
        if try CollectionCheckpoint.read(in: path) != nil || CheckpointPolicy.begun(in: output.checkpoints) != nil,
            !overwrite
        {
            throw CommandError.usage(
                "\(path) holds an unfinished run", remedy: "give another --output, or --overwrite to start anew")
        }
        return output
    }
}
