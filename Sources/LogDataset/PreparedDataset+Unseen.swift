/// Nine tenths of a table's templates to fit, and the others, of which no line is among them, to take figures on.
package struct UnseenTemplates: Sendable {
    /// Templates that are fitted.
    package let templates: Int
    /// Templates that figures are taken on.
    package let unseenTemplates: Int

    private let run: SubsetRun

    /// - Parameter run: over a table of which whole templates are held out.
    init(_ counts: WholeTemplateSplit.Counts, _ run: SubsetRun) {
        templates = counts.templates - counts.heldOutTemplates
        unseenTemplates = counts.heldOutTemplates
        self.run = run
    }

    /// The words of the templates that are fitted; those that stand in the others alone are unknown.
    package var vocabulary: Vocabulary { run.vocabulary }

    /// The subset of one epoch of the fit.
    package func fit(epoch: Int) -> Subset { run.fit(epoch: epoch) }

    /// The subset that figures are taken on.
    package func heldOut() -> Subset { run.heldOut() }
}

extension PreparedDataset {
    /// The same table divided by templates instead of by lines, for a fit by the same plan and law. Which templates are
    /// fitted is a function of the seed and their texts.
    ///
    /// - Returns: nil where the templates are so few that none is left on one of the sides.
    /// - Throws: What reading the table throws, or `cancelled`.
    package func unseenTemplates() async throws(DatasetError) -> UnseenTemplates? {
        let split = WholeTemplateSplit(table, seed: configuration.seed)
        let counts = try await split.counts(workers: configuration.workers)
        guard counts.heldOutTemplates > 0, counts.heldOutTemplates < counts.templates else { return nil }
        let words = try await VocabularyCounter(configuration).count(split.rest)
        let weights = try await TableWeights(
            of: split, exponent: configuration.exponent,
            cap: TemplateCap(
                share: configuration.templateCap, lines: counts.lines, heldOutLines: counts.heldOutLines),
            workers: configuration.workers)
        return UnseenTemplates(
            counts,
            SubsetRun(
                table: split, weights: weights, vocabulary: words.vocabulary, law: configuration.law,
                seed: configuration.seed, plan: run.plan, workers: configuration.workers))
    }
}
