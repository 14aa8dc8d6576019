import LogDataset
import OpenSearchScroll
import OpenSearchScrollTesting
import OpniLogTraining

/// `demo`: the main job against a server of this process, and what its model makes of a few lines.
enum DemoCommand {
    /// Logs of one subset unless `--samples` says otherwise: enough for a model that tells right from strange, in a
    /// fraction of the time of a full training.
    private static let samples = 8000
    /// What is scored at the end: two lines as the generated cluster writes them, and one that it never does.
    private static let strange = "kernel: BUG: unable to handle page fault for address, oops in flux capacitor driver"

    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        let console = context.console
        let output = try folder(settings)
        let memory = MemoryLog(path: output.path(of: .memory))
        console.keep(memory)
        let documents = settings[Options.documents] ?? 50_000
        let server = try EmbeddedServer.start(
            documents: documents, seed: settings[Options.seed], port: settings[Options.port])
        defer { server.stop() }
        console.note("\(Figures.grouped(documents)) generated logs at \(server.url)")
        let client = try OpenSearchClient(configuration: OpenSearchConfiguration(endpoints: [server.url]))
        let source = OpenSearchLogSource(client: client, query: ScrollQuery(index: EmbeddedServer.index))
        var configuration = try DatasetSettings.configuration(settings, directory: output.path)
        configuration.steps.samples = configuration.steps.samples ?? samples
        let metrics = try MetricsLog(in: output)
        console.watch(configuration.monitor, metrics)
        let job = TrainingJob(settings: settings, console: console, output: output, metrics: metrics)
        let (report, _) = try await job.run(
            on: StreamingLogDataset(source: source, configuration: configuration), configuration.monitor
        ) { try memory.begin() }
        console.note(report.figures)
        try await show(settings, output, documents: documents)
        return .complete
    }

    /// The folder asked for, else a new one.
    private static func folder(_ settings: Settings) throws -> OutputFolder {
        guard settings[Options.output] == nil else { return try OutputFolder.of(settings, refusing: [.model, .table]) }
        return try OutputFolder(ScratchFolder.make("opnilog-demo-"), refusing: [], overwrite: false)
    }

    private static func show(_ settings: Settings, _ output: OutputFolder, documents: Int) async throws {
        let scorer = try await Scorer(
            model: output.path, bridge: settings[Options.torch], device: settings[Options.device],
            threads: settings[Options.threads])
        let lines = ScoreLines(scorer, threshold: settings[Options.threshold], explains: false)
        let shown = EmbeddedServer.logs(settings[Options.seed], [0, documents / 2]) + [strange]
        var result = ResultWriter()
        try await lines.of(MessagePage(shown)).write(to: &result)
        try result.write(line: "output: \(output.path)")
        try result.flush()
    }
}
