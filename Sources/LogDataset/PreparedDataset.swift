/// A table made ready to train on: its vocabulary is known, its weights are summed, its steps are planned.
public struct PreparedDataset: Sendable {
    /// The table.
    public let table: TemplateTable
    /// What was read for it; nil when the table was there before.
    public let report: CollectionReport?
    /// Digests, sizes and the plan.
    public let summary: DatasetSummary

    let run: SubsetRun
    let configuration: DatasetConfiguration

    /// Counts the words of a table and sums its weights.
    ///
    /// - Throws: `DatasetError` when the table cannot be read, the settings contradict each other, there is nothing
    ///   to train on, or the task was cancelled.
    public init(
        table: TemplateTable, report: CollectionReport? = nil, configuration: DatasetConfiguration
    ) async throws(DatasetError) {
        let plan = try StepPlan(lines: table.metadata.lines, settings: configuration.steps)
        try SubsetMemory.check(plan, table, configuration.memory)
        let words = try await VocabularyCounter(configuration).count(table)
        let weights = try await TableWeights(
            of: table, exponent: configuration.exponent,
            cap: TemplateCap(
                share: configuration.templateCap, lines: table.metadata.lines,
                heldOutLines: table.metadata.heldOutLines),
            workers: configuration.workers)
        self.table = table
        self.report = report
        self.configuration = configuration
        run = SubsetRun(
            table: table, weights: weights, vocabulary: words.vocabulary, law: configuration.law,
            seed: configuration.seed, plan: plan, workers: configuration.workers)
        summary = DatasetSummary(
            table: table.metadata, words: words, weights: weights, plan: plan, configuration: configuration)
    }

    /// The words and their ids, the same for the whole run.
    public var vocabulary: Vocabulary { run.vocabulary }

    /// The subset of one epoch of the fit, over the lines that are not held out.
    public func fit(epoch: Int) -> Subset { run.fit(epoch: epoch) }

    /// The subset that figures are taken on. Without a held-out line it has no batch.
    public func heldOut() -> Subset { run.heldOut() }

    /// The subset of the closing pass, over all lines.
    public func closing() -> Subset { run.closing() }

    /// A subset of the sequence: an epoch of the fit, or after the last of these the closing pass.
    func subset(_ position: Int) -> Subset { position < summary.epochs ? fit(epoch: position) : closing() }

    /// What to go on from when so many batches of a subset are done.
    ///
    /// - Parameters:
    ///   - epoch: Which subset of the sequence: the fit's epochs from 0, then the closing pass.
    ///   - batch: How many of its batches are done.
    public func state(epoch: Int, batch: Int) -> DatasetState {
        DatasetState(tableDigest: summary.tableDigest, seed: summary.seed, epoch: epoch, batch: batch)
    }

    /// The draw behind the subset of one epoch of the fit made over all lines, as `sample` shows it.
    public func draw(epoch: Int) throws(DatasetError) -> WeightedDraw {
        try WeightedDraw(
            from: run.table, weights: run.weights,
            settings: DrawSettings(
                law: run.law, lines: .all, samples: run.plan.samples, seed: run.seed, epoch: UInt64(epoch)))
    }
}

extension VocabularyCounter {
    init(_ configuration: DatasetConfiguration) {
        self.init(memory: configuration.memory.words, limit: configuration.vocabularyLimit)
        minimumCount = configuration.minimumWordCount
        continuing = configuration.continuedVocabulary
        workers = configuration.workers
    }
}

extension DatasetSummary {
    init(
        table: TableMetadata, words: VocabularyCounter.Result, weights: TableWeights, plan: StepPlan,
        configuration: DatasetConfiguration
    ) {
        func share(_ part: UInt64, of whole: UInt64) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
        self.init(
            tableDigest: table.tableDigest, splitDigest: table.splitDigest, rulesDigest: table.rulesDigest,
            lines: table.lines, templates: table.templates, heldOutLines: table.heldOutLines,
            heldOutBy: table.heldOutBy, vocabularySize: words.vocabulary.count,
            outOfVocabularyShare: share(words.unknownOccurrences, of: words.occurrences),
            outOfVocabularyLineShare: share(words.unknownLines, of: words.lines),
            cutTokenShare: share(words.cutOccurrences, of: words.occurrences),
            cutLineShare: share(words.cutLines, of: words.lines),
            samples: plan.samples, epochs: plan.epochs, stepsPerEpoch: plan.stepsPerEpoch,
            closingSteps: plan.closingSteps, law: configuration.law, exponent: configuration.exponent,
            templateCap: configuration.templateCap, cappedTemplates: weights.cappedTemplates,
            cappedLines: weights.cappedLines, seed: configuration.seed)
    }
}
