import LogDataset

/// What a trainer needs of a dataset: the rest of the training is written against this, so that it can be tested with
/// a few batches by hand.
struct TrainingData: Sendable {
    /// Batches one after another, of which the first may be made before it is asked for; nil after the last.
    typealias Batches = () async throws(DatasetError) -> Batch?

    var vocabulary: Vocabulary
    var epochs: Int
    var stepsPerEpoch: Int
    var closingSteps: Int
    var heldOutBatches: Int

    /// Names the table and the draws: what a training that goes on must have in common with the one that began.
    var settings: [TrainingSetting]

    /// Batches of an epoch without the first so many, which are done.
    var fit: @Sendable (_ epoch: Int, _ done: Int) -> Batches
    var heldOut: @Sendable () -> Batches
    /// Batches of the closing pass without the first so many.
    var closing: @Sendable (_ done: Int) -> Batches
    /// The same table with whole templates held out; nil where there are too few.
    var unseen: @Sendable () async throws(DatasetError) -> Unseen?

    /// Data of a fit that is thrown away.
    struct Unseen: Sendable {
        /// Held out are logs of templates that are not fitted.
        var data: TrainingData
        var templates: Int
        var unseenTemplates: Int
    }
}
