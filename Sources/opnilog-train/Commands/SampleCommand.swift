import LogDataset

/// `sample`: one subset as NDJSON, drawn over the whole table.
enum SampleCommand {
    static func run(_ context: RunContext) async throws -> ExitCode {
        let settings = context.settings
        let scratch = try ScratchFolder()
        let configuration = try DatasetSettings.configuration(settings, directory: scratch.path)
        if settings[Options.draw] == .page { return try await drawByPages(context, configuration, scratch) }
        let prepared = try await Datasets.of(settings, context.console, configuration).0.prepare()
        context.console.endStage()
        note(prepared.report, context)
        let draw = try prepared.draw(epoch: settings[Options.epoch])
        let showsAll = settings[Options.all]
        let minimum = settings[Options.minimumCount] ?? 1
        let withheld = try await OwnThread.run {
            try write(minimumCount: minimum) { try draw.walk(undrawn: showsAll, $0) }
        }
        let summary = prepared.summary
        context.console.note(
            "\(Figures.grouped(draw.settings.samples)) draws by \(summary.law.rawValue), seed \(summary.seed), from "
                + "\(Figures.grouped(Int(summary.templates))) templates, table digest \(summary.tableDigest)")
        note(withheld, minimum, context.console)
        withExtendedLifetime(scratch) {}
        return RunEnd.of(prepared.report, context.console)
    }

    /// The original's literal law, by one worker and one scroll after another.
    private static func drawByPages(
        _ context: RunContext, _ configuration: DatasetConfiguration, _ scratch: ScratchFolder
    ) async throws -> ExitCode {
        let settings = context.settings
        let source = try Sources.of(settings, context.console)
        context.console.watch(configuration.monitor)
        let draw = try await TableCollector(source: source, configuration: configuration)
            .drawByPages(epoch: settings[Options.epoch])
        context.console.endStage()
        note(draw.report, context)
        let showsAll = settings[Options.all]
        let minimum = settings[Options.minimumCount] ?? 1
        let withheld = try await OwnThread.run {
            try write(minimumCount: minimum) { try draw.walk(undrawn: showsAll, $0) }
        }
        context.console.note(
            "\(Figures.grouped(draw.draws)) of \(Figures.grouped(draw.samples)) draws by page, seed \(configuration.seed), "
                + "from \(Figures.grouped(Int(draw.table.metadata.templates))) templates, table digest "
                + draw.table.metadata.tableDigest)
        note(withheld, minimum, context.console)
        withExtendedLifetime(scratch) {}
        return RunEnd.of(draw.report, context.console)
    }

    /// Says what masking and cleaning made of the lines.
    private static func note(_ report: CollectionReport?, _ context: RunContext) {
        for remark in report?.remarks(context.settings) ?? [] { context.console.note(remark) }
    }

    private static func note(_ withheld: Int, _ minimum: Int, _ console: Console) {
        if withheld == 0 { return }
        console.note(
            "\(Figures.grouped(withheld)) templates of fewer than \(minimum) lines are not shown (--minimum-count)")
    }

    /// A line a template, in table order: `{"text":…,"count":…,"drawn":…}`.
    ///
    /// - Returns: templates that were not shown for their count.
    private static func write(
        minimumCount: Int, _ walk: ((TemplateRecord, Int) throws -> Void) throws -> Void
    ) throws -> Int {
        var output = ResultWriter()
        var line: [UInt8] = []
        var withheld = 0
        try walk { record, drawn in
            guard record.count >= UInt64(minimumCount) else {
                withheld += 1
                return
            }
            line.removeAll(keepingCapacity: true)
            line += Array("{\"text\":".utf8)
            JSONText.append(record.masked, to: &line)
            line += Array(",\"count\":\(record.count),\"drawn\":\(drawn)}\n".utf8)
            try output.write(line)
        }
        try output.flush()
        return withheld
    }
}

/// The dataset that the settings describe.
enum Datasets {
    /// - Parameters:
    ///   - output: the run's folder, where a run can go on with it (``Sources``).
    ///   - metrics: where the reading is recorded.
    /// - Returns: the dataset, and what it reads; nil where that is a table.
    static func of(
        _ settings: Settings, _ console: Console, _ configuration: DatasetConfiguration, output: OutputFolder? = nil,
        metrics: MetricsLog? = nil
    ) throws -> (StreamingLogDataset, (any LogSource)?) {
        if let path = settings[Options.table], try LogOrigin(settings, of: settings.command) == .table {
            return (StreamingLogDataset(table: try TableFiles.open(path), configuration: configuration), nil)
        }
        let source = try Sources.of(settings, console, output: output)
        console.watch(configuration.monitor, metrics)
        return (StreamingLogDataset(source: source, configuration: configuration), source)
    }
}
