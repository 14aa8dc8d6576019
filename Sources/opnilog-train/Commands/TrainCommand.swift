import LogDataset
import OpniLogTraining

/// `train`: the main job.
enum TrainCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        // A table that was collected into this very folder is what the run starts from, not what it would overwrite.
        let startsFromTable = try LogOrigin(settings, of: .train) == .table
        // Before anything is replaced: a run that cannot begin must not cost what an earlier one has left.
        if startsFromTable, let path = settings[Options.table] { _ = try TableFiles.open(path) }
        let initialModel = try await InitialModels.of(settings, context.console)
        let (output, start) = try await OutputFolder.claim(
            settings, result: .model, refusing: TableFiles.isOwn(settings) ? [.model] : [.model, .table])
        if start == .finished {
            context.console.note("\(output.path) holds the finished run already; nothing is to be done")
            return .complete
        }
        let memory = MemoryLog(path: output.path(of: .memory))
        context.console.keep(memory)
        var configuration = try DatasetSettings.configuration(settings, directory: output.path)
        configuration.continuedVocabulary = initialModel?.vocabulary
        configuration.keepReading(settings, start, context.console)
        if start == .resumed { configuration.begunTable = try CheckpointPolicy.table(in: output.checkpoints) }
        let metrics = try MetricsLog(in: output, goesOn: start == .resumed)
        let (dataset, source) = try Datasets.of(
            settings, context.console, configuration, output: output, metrics: metrics)
        let job = TrainingJob(
            settings: settings, console: context.console, output: output, metrics: metrics,
            checkpoints: TrainerSettings.checkpoints(settings, in: output, metrics, context.console),
            initialModel: initialModel, measuresUnseen: settings[Options.disjointFigure],
            marksBegun: startsFromTable && start == .new)
        let (training, reading) = try await RunEnd.keeping(output, context.console) {
            try await job.run(on: dataset, configuration.monitor) {
                try await output.begin(settings, reading: source, memory)
            }
        }
        context.console.note("\(training.figures); model in \(output.path)")
        return try RunEnd.of(reading, output, settings, context.console)
    }
}
