/// Where a training is: all that a later one needs, with the table and the same settings, to go on with the very next
/// batch.
public struct DatasetState: Sendable, Hashable, Codable {
    /// Digest of the table that was drawn from.
    public var tableDigest: String
    /// The run's seed.
    public var seed: UInt64
    /// Which subset of the sequence: the fit's epochs from 0, then the closing pass.
    public var epoch: Int
    /// How many batches of that subset are done.
    public var batch: Int

    /// A state, from what it is made of.
    ///
    /// - Parameters:
    ///   - tableDigest: Digest of the table that was drawn from.
    ///   - seed: The run's seed.
    ///   - epoch: Which subset of the sequence, from 0.
    ///   - batch: How many batches of that subset are done.
    public init(tableDigest: String, seed: UInt64, epoch: Int, batch: Int) {
        self.tableDigest = tableDigest
        self.seed = seed
        self.epoch = epoch
        self.batch = batch
    }

    /// Refuses to go on over another table, with another seed, or from beyond the end.
    func check(against prepared: PreparedDataset) throws(DatasetError) {
        let summary = prepared.summary
        guard tableDigest == summary.tableDigest else {
            throw DatasetError(
                .invalidSetting,
                "the training to go on with was over another table (digest \(tableDigest.prefix(16)), here "
                    + "\(summary.tableDigest.prefix(16))); give that table, or start anew")
        }
        guard seed == summary.seed else {
            throw DatasetError(
                .invalidSetting,
                "the training to go on with had the seed \(seed), not \(summary.seed); give that seed, or start anew")
        }
        guard epoch >= 0, epoch <= summary.epochs, batch >= 0, batch <= prepared.subset(epoch).batchCount else {
            throw DatasetError(
                .invalidSetting,
                "batch \(batch) of subset \(epoch) is beyond the end of this training; give the settings that it began "
                    + "with, or start anew")
        }
    }
}
