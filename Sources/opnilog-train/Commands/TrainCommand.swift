import LogDataset

/// `train`: the main job.
enum TrainCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        // A table that was collected into this very folder is what the run starts from, not what it would overwrite.
        let startsFromTable = try LogOrigin(settings, of: .train) == .table
        let output = try OutputFolder.of(settings, refusing: startsFromTable ? [.model] : [.model, .table])
        context.console.keep(try MemoryLog(path: output.path(of: .memory)))
        let configuration = try DatasetSettings.configuration(settings, directory: output.path)
        let dataset = try Datasets.of(settings, context.console, configuration)
        let job = TrainingJob(settings: settings, console: context.console, output: output)
        let report = try await job.run(on: dataset, configuration.monitor)
        context.console.note("\(report.figures); model in \(output.path)")
        return .complete
    }
}
