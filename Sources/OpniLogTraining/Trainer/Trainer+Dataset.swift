public import LogDataset

extension Trainer {
    /// Trains on a dataset: its epochs, then figures on its held-out lines, then the closing pass over all lines.
    ///
    /// The figures are the fit's; the closing pass (a tenth of the steps, at a tenth of the peak rate, falling to zero)
    /// then makes the model that is delivered. Cancelling the task ends the training between two steps.
    ///
    /// With ``TrainerConfiguration/checkpoints`` the training is kept on its way, and goes on where an earlier one ended,
    /// whatever ended that. Once the model is saved, ``CheckpointPolicy/discard(in:)`` removes what was kept.
    ///
    /// - Parameter dataset: Read first, if it was not yet.
    /// - Throws: `dataset` with the `DatasetError` as its cause, `invalidSetting` at a second call or if the checkpoints are
    ///   of another training, `notFinite` with the batch's position, `unwritable` for a checkpoint, `cancelled`, or
    ///   `failed`.
    public func train(on dataset: StreamingLogDataset) async throws(TrainingError) -> TrainingReport {
        let prepared: PreparedDataset
        do throws(DatasetError) {
            prepared = try await dataset.prepare()
        } catch {
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
            closing: { TrainingData.batches(of: dataset.closing().dropping(batches: $0)) })
    }

    private static func batches(of subset: Subset) -> Batches {
        var iterator = subset.makeAsyncIterator()
        let ahead = BatchesAhead { () async throws(DatasetError) in try await iterator.next() }
        return { () async throws(DatasetError) in try await ahead.next() }
    }
}
