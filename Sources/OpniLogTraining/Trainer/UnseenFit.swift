import LogDataset

/// A fit by the same recipe on a part of the templates. Its model is thrown away once its figures are taken on the
/// others: they say how the recipe does on messages that a model has never seen.
enum UnseenFit {
    /// - Parameter onProgress: Told of each step of the fit.
    /// - Returns: nil where there are too few templates.
    static func figures(
        of data: TrainingData, _ bridge: TorchBridge, _ facts: TorchFacts, _ configuration: TrainerConfiguration,
        onProgress: @escaping @Sendable (TrainingProgress) -> Void
    ) async throws(TrainingError) -> UnseenFigures? {
        guard let part = try await part(of: data) else { return nil }
        var configuration = configuration
        configuration.checkpoints = nil
        let own = configuration
        let start = try await TorchThread.shared.run { () throws(TrainingError) in
            try TrainingStart(bridge, facts, own, part.data)
        }
        var run = TrainingRun(start, on: part.data, configuration) { progress in
            guard progress.phase == .fit else { return }
            var progress = progress
            progress.phase = .unseen
            onProgress(progress)
        }
        do throws(TrainingError) {
            try await run.fitAll()
        } catch  where error.code == .notFinite {
            // The training itself is whole, and another seed is none of its business.
            throw TrainingError(
                .failed,
                "The fit for figures on unseen templates went astray; go on without these figures (measuresUnseen).",
                cause: error)
        }
        guard let last = run.position.epochs.last, let figures = HeldOutFigures(last.heldOut) else { return nil }
        return UnseenFigures(
            templates: part.templates, unseenTemplates: part.unseenTemplates, words: part.data.vocabulary.count,
            figures: figures, seconds: run.position.fitSeconds + run.position.evaluationSeconds)
    }

    private static func part(of data: TrainingData) async throws(TrainingError) -> TrainingData.Unseen? {
        do throws(DatasetError) {
            return try await data.unseen()
        } catch {
            throw .dataset(error)
        }
    }
}
