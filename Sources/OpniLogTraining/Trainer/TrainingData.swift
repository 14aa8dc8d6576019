import LogDataset

/// What a trainer needs of a dataset: the rest of the training is written against this, so that it can be tested with
/// a few batches by hand.
struct TrainingData: Sendable {
    /// Batches one after another; nil after the last.
    typealias Batches = () async throws(DatasetError) -> Batch?

    var vocabulary: Vocabulary
    var epochs: Int
    var stepsPerEpoch: Int
    var closingSteps: Int
    var heldOutBatches: Int

    var fit: @Sendable (Int) -> Batches
    var heldOut: @Sendable () -> Batches
    var closing: @Sendable () -> Batches
}
