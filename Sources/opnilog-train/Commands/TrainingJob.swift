import LogDataset
import OpniLogTraining

/// The main job from a dataset to a model and its reports in the output folder; `train` and `demo` run it.
struct TrainingJob: Sendable {
    let settings: Settings
    let console: Console
    let output: OutputFolder
    let metrics: MetricsLog
    /// How the training is kept on its way; nil keeps nothing.
    var checkpoints: CheckpointPolicy?
    /// What the training begins with; nil for initial values.
    var initialModel: InitialModel?
    /// Whether figures are taken on templates that were not seen.
    var measuresUnseen = false
    /// Whether the folder is told that a training begins, where no reading has left a sign of it.
    var marksBegun = false

    /// libtorch is opened first: that it is missing must not come out after hours of reading.
    /// - Parameters:
    ///   - monitor: the counters of the dataset's reading.
    ///   - begin: called once libtorch is there, before anything is read.
    /// - Returns: what the training came to, and what was read for it; nil where that was a table.
    func run(
        on dataset: StreamingLogDataset, _ monitor: CollectionMonitor, _ begin: () async throws -> Void = {}
    ) async throws -> (training: TrainingReport, reading: CollectionReport?) {
        var configuration = TrainerSettings.configuration(settings)
        configuration.checkpoints = checkpoints
        configuration.initialModel = initialModel
        configuration.measuresUnseen = measuresUnseen
        configuration.onProgress = { [metrics] in metrics.append($0) }
        let begun = try Manifest(settings)
        return try await withTrainer(configuration) { trainer in
            if let unused = trainer.facts.unusedGPU { console.note("warning: \(unused)") }
            try await begin()
            let prepared = try await dataset.prepare()
            console.endStage()
            for remark in prepared.report?.remarks(settings) ?? [] { console.note(remark) }
            announce(prepared.summary)
            if let earlier = trainedAlready(on: prepared) {
                console.note("the model in \(output.path) is of this very table and these settings already")
                return (earlier, prepared.report)
            }
            // Not before libtorch and the dataset are there: a run that cannot begin leaves the folder as it was.
            if marksBegun { try output.markBegun(at: RunClock.start.milliseconds) }
            let shown = Task { await show(trainer.progress) }
            let report = try await trainer.train(on: prepared)
            await shown.value
            console.endStage()
            if measuresUnseen, report.unseen == nil {
                console.note("there are too few templates for figures on those that a model has not seen")
            }
            try await trainer.save(to: output.path)
            // A folder that was trained from another one's table holds it too: `drift` compares the next one with it.
            try TableFiles.keep(prepared.table, as: output.path(of: .table))
            var manifest = begun
            if let reading = prepared.report { manifest.note(reading, monitor: monitor.snapshot) }
            manifest.table = Manifest.Table(prepared.table.metadata)
            manifest.dataset = prepared.summary
            manifest.training = report
            try manifest.finish(in: output)
            output.unmarkBegun()
            if let checkpoints { CheckpointPolicy.discard(in: checkpoints.directory) }
            try metrics.check()
            return (report, prepared.report)
        }
    }

    /// What an earlier run made of the same table with the same settings, which was partial and found nothing more to
    /// read when it was gone on with; nil if there is none, or a training is under way.
    private func trainedAlready(on prepared: PreparedDataset) -> TrainingReport? {
        guard settings.command == .train, settings[Options.resume], initialModel == nil,
            prepared.report?.isComplete == false,
            OutputFolder.File.ofModel.allSatisfy(output.holds),
            let manifest = Manifest.read(output.path(of: .manifest)),
            manifest.outcome == Manifest.Outcome.partial.rawValue,
            manifest.program.command == Command.train.rawValue,
            manifest.table?.tableDigest == prepared.table.metadata.tableDigest,
            (try? CheckpointPolicy.begun(in: output.checkpoints)) == nil
        else { return nil }
        let recorded = settings.recorded
        let names = RunFingerprint.names(ofTraining: .train)
        return names.allSatisfy { manifest.settings[$0] == recorded[$0] } ? manifest.training : nil
    }

    private func announce(_ summary: DatasetSummary) {
        console.note(
            "\(Figures.grouped(Int(summary.lines))) lines, \(Figures.grouped(Int(summary.templates))) templates, "
                + "\(Figures.grouped(summary.vocabularySize)) words; \(summary.epochs) subsets of "
                + "\(Figures.grouped(summary.samples)) logs by \(summary.law.rawValue), seed \(summary.seed), in "
                + "\(summary.stepsPerEpoch) steps each; table digest \(summary.tableDigest)")
        if let wanted = settings[Options.steps], wanted != summary.stepsPerEpoch * summary.epochs {
            console.note(
                "\(Figures.grouped(summary.stepsPerEpoch * summary.epochs)) steps instead of \(Figures.grouped(wanted)): each "
                    + "takes a log or more, and all \(summary.epochs) subsets have equally many")
        }
        console.note(summary.coverage)
        let warning = summary.warning(
            above: settings[Options.unknownWarning], remedies: UnknownWords.remedies(summary.vocabularySize, settings))
        if let warning { console.note(warning) }
    }

    /// Shows each step until the training ends, and what each epoch came to.
    private func show(_ progress: AsyncStream<TrainingProgress>) async {
        var phase: TrainingProgress.Phase?
        var before = 0
        var halvings = 0
        for await step in progress {
            if step.halvings > halvings {
                console.note(
                    "memory ran out; batches are computed in parts of \(Figures.grouped(step.rowsAtOnce)) masked "
                        + "words from here on, which changes nothing but rounding")
            }
            halvings = step.halvings
            if step.phase != phase {
                phase = step.phase
                before = step.step - 1
                console.begin(Self.stage(step.phase), unit: "steps", total: step.steps, doneBefore: before)
            }
            console.update { [before] state in
                state.done = step.step
                state.doneBefore = before
                state.notes = [.init(name: "loss", value: step.loss, places: 3)]
                state.stalls = [.init(stall: .trainingForBatches, seconds: step.waitedSeconds)]
                if step.phase == .fit { state.notes.append(.init(name: "epoch", value: Double(step.epoch), places: 0)) }
            }
            if let figures = step.figures { console.note("epoch \(step.epoch): \(figures.text)") }
        }
    }

    private static func stage(_ phase: TrainingProgress.Phase) -> String {
        switch phase {
        case .fit: "training"
        case .evaluation: "evaluating"
        case .closing: "closing pass"
        case .unseen: "training without a tenth of the templates"
        }
    }
}

extension DatasetSummary {
    /// What of the lines the model is not given as it is, in one line.
    var coverage: String {
        "\(Figures.percent(outOfVocabularyShare)) of all words, in \(Figures.percent(outOfVocabularyLineShare)) of the "
            + "lines, are not in the vocabulary; \(Figures.percent(cutLineShare)) of the lines are cut after "
            + "\(Batch.length - 1) words"
    }

    /// What to say where more than a share of the words has no id; nil where it has not.
    func warning(above share: Double, remedies: [String]) -> String? {
        guard outOfVocabularyShare > share else { return nil }
        let remedy = remedies.isEmpty ? "" : "; " + remedies.joined(separator: ", or ")
        return "warning: \(Figures.percent(outOfVocabularyShare)) of all words are unknown to the model, more than "
            + Figures.percent(share) + remedy
    }
}

/// What can be done about words without an id. Only what would help is named.
enum UnknownWords {
    /// - Parameter ids: how many the vocabulary has.
    static func remedies(_ ids: Int, _ settings: Settings) -> [String] {
        let limit = settings[Options.vocabularySize]
        var remedies: [String] = []
        if ids >= limit {
            if limit < Vocabulary.largestCount { remedies.append("give a larger --vocabulary-size") }
        } else if settings[Options.minimumWordCount] > 1 {
            remedies.append("give a smaller --minimum-word-count")
        }
        if (try? LogOrigin(settings, of: settings.command)) == .table {
            remedies.append("read the logs anew with --masks for what varies")
        } else if Options.masks.spec.commands.contains(settings.command) {
            remedies.append("give --masks for what varies")
        }
        return remedies
    }
}

/// Options as the trainer's configuration.
enum TrainerSettings {
    static func configuration(_ settings: Settings) -> TrainerConfiguration {
        TrainerConfiguration(
            bridge: settings[Options.torch], device: settings[Options.device], threads: settings[Options.threads],
            recipe: settings[Options.recipe] == .original ? .original : .ours, seed: settings[Options.seed])
    }

    /// How `train` keeps its training, and goes on with one that it kept.
    static func checkpoints(
        _ settings: Settings, in output: OutputFolder, _ metrics: MetricsLog, _ console: Console
    ) -> CheckpointPolicy {
        CheckpointPolicy(
            directory: output.checkpoints, interval: settings[Options.checkpointEvery],
            kept: settings[Options.keepCheckpoints], resumes: settings[Options.resume],
            startedAt: RunClock.start.milliseconds,
            onEvent: {
                if case .resumed(let step, _) = $0 { metrics.goOn(afterSteps: step) }
                console.tell($0)
            })
    }
}

extension Console {
    /// Says what a training finds when it goes on.
    func tell(_ event: CheckpointEvent) {
        switch event {
        case .resumed(let step, let steps):
            note("goes on: \(Figures.grouped(step)) of \(Figures.grouped(steps)) steps are trained already")
        case .damaged(let path, let reason):
            note("\(path) cannot be used, \(reason); the checkpoint before it is taken, if there is one")
        case .differs(let name, let before, let now):
            note(
                "warning: \(name): \(before) when the training began, \(now) now; the model will not be equal to the bit "
                    + "to that of an unbroken run")
        }
    }
}

extension TrainingReport {
    /// The figures in one line, for people.
    var figures: String {
        var parts: [String] = []
        if let heldOutLoss { parts.append("held-out loss " + Figures.text(heldOutLoss, places: 4)) }
        if let heldOutAccuracy { parts.append("held-out accuracy " + Figures.text(heldOutAccuracy, places: 4)) }
        parts.append("training loss " + Figures.text(trainLoss, places: 4))
        if let initialModel { parts.append(initialModel.text) }
        if let unseen { parts.append("on templates never seen \(unseen.figures.text)") }
        parts.append("\(Figures.grouped(steps)) steps in \(TimeSpan.describe(seconds: seconds)) on \(device)")
        return parts.joined(separator: ", ")
    }
}

extension InitialModelRecord {
    /// What the training began with, in one line.
    fileprivate var text: String {
        "trained on from a model of \(Figures.grouped(words)) words, \(Figures.grouped(addedWords)) added, its optimiser's "
            + (optimiserSteps > 0 ? "state of \(Figures.grouped(optimiserSteps)) steps taken" : "state begun anew")
    }
}

extension HeldOutFigures {
    /// The figures in one line, for people.
    var text: String {
        "loss \(Figures.text(loss, places: 4)), accuracy \(Figures.text(accuracy, places: 4)), perplexity "
            + "\(Figures.text(perplexity, places: 2)), among 50 \(Figures.text(among50, places: 4))"
    }
}
