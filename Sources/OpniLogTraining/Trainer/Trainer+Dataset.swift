public import LogDataset

extension Trainer {
    /// Trains on a dataset: its epochs, then figures on its held-out lines, then the closing pass over all lines.
    ///
    /// Figures are taken after each epoch of the fit, and the last ones are its; the closing pass (a tenth of the
    /// steps, at a tenth of the peak rate, falling to zero) then makes the model that is delivered. With
    /// ``TrainerConfiguration/measuresUnseen`` another fit follows, which is thrown away. Cancelling the task ends the
    /// training between two steps.
    ///
    /// With ``TrainerConfiguration/checkpoints`` the training is kept on its way, and goes on where an earlier one
    /// ended, whatever ended that. Once the model is saved, ``CheckpointPolicy/discard(in:)`` removes what was kept.
    ///
    /// - Parameter dataset: Read first, if it was not yet.
    /// - Throws: `dataset` with the `DatasetError` as its cause, `invalidSetting` at a second call or if the
    ///   checkpoints are of another training, `badModel` for a damaged one, `notFinite` with the batch's position,
    ///   `outOfMemory` if not even one log at a time fits, `unwritable` or `unreadable` for a checkpoint, `cancelled`, or
    ///   `failed`.
    public func train(on dataset: StreamingLogDataset) async throws(TrainingError) -> TrainingReport {
        let prepared: PreparedDataset
        do throws(DatasetError) {
            prepared = try await dataset.prepare()
        } catch {
            endProgress()
            throw .dataset(error)
        }
        return try await train(on: prepared)
    }

    /// Trains on a dataset that is ready, for callers that look at its summary first.
    ///
    /// - Parameter dataset: The table, its vocabulary and its plan.
    /// - Throws: As for `StreamingLogDataset`.
    public func train(on dataset: PreparedDataset) async throws(TrainingError) -> TrainingReport {
        try await train(on: TrainingData(dataset))
    }
}

extension TrainingData {
    /// What a trainer needs of a prepared dataset.
    init(_ dataset: PreparedDataset) {
        let summary = dataset.summary
        self.init(
            vocabulary: dataset.vocabulary, epochs: summary.epochs, stepsPerEpoch: summary.stepsPerEpoch,
            closingSteps: summary.closingSteps, heldOutBatches: dataset.heldOut().batchCount,
            settings: .of(summary),
            fit: { TrainingData.batches(of: dataset.fit(epoch: $0).dropping(batches: $1)) },
            heldOut: { TrainingData.batches(of: dataset.heldOut()) },
            closing: { TrainingData.batches(of: dataset.closing().dropping(batches: $0)) },
            unseen: { () async throws(DatasetError) in
                guard let part = try await dataset.unseenTemplates() else { return nil }
                return Unseen(
                    data: TrainingData(part, planned: summary), templates: part.templates,
                    unseenTemplates: part.unseenTemplates)
            })
    }

    /// A fit alone, of a part of the templates. It is never kept, so no settings name it.
    private init(_ part: UnseenTemplates, planned summary: DatasetSummary) {
        self.init(
            vocabulary: part.vocabulary, epochs: summary.epochs, stepsPerEpoch: summary.stepsPerEpoch, closingSteps: 0,
            heldOutBatches: part.heldOut().batchCount, settings: [],
            fit: { TrainingData.batches(of: part.fit(epoch: $0).dropping(batches: $1)) },
            heldOut: { TrainingData.batches(of: part.heldOut()) },
            closing: { _ in { () async throws(DatasetError) in nil } },
            unseen: { () async throws(DatasetError) in nil })
    }

    private static func batches(of subset: Subset) -> Batches {
        var iterator = subset.makeAsyncIterator()
        let ahead = BatchesAhead { () async throws(DatasetError) in try await iterator.next() }
        return { () async throws(DatasetError) in try await ahead.next() }
    }
}
