public import LogDataset

/// A model that a training begins with: one of ours, or the original's in any of its forms.
///
/// Words of its vocabulary keep their rows; what the dataset adds begins with initial values. The optimiser's state of
/// the file is taken if it is there and fits.
public struct InitialModel: Sendable {
    /// The folder of `nulog_model_latest.pt` and `vocab.txt`.
    public let directory: String
    /// Its words, for ``DatasetConfiguration/continuedVocabulary``.
    public let vocabulary: Vocabulary

    /// Names a model and reads its vocabulary.
    ///
    /// - Parameter directory: The folder of `nulog_model_latest.pt` and `vocab.txt`.
    /// - Throws: `badModel` if there is no vocabulary, or a damaged one.
    public init(_ directory: String) throws(TrainingError) {
        self.directory = directory
        do throws(DatasetError) {
            vocabulary = try Vocabulary(readingFrom: "\(directory)/\(ModelFile.vocabularyName)")
        } catch {
            throw TrainingError(.badModel, "The vocabulary of the model to train on cannot be used.", cause: error)
        }
    }

    private var path: String { "\(directory)/\(ModelFile.name)" }

    /// Reads it whole, so that a damaged one is told before anything else is done. Called on `TorchThread`.
    ///
    /// - Throws: `badModel`.
    func check(_ bridge: TorchBridge) throws(TrainingError) {
        do throws(TrainingError) {
            _ = try grown(to: vocabulary, bridge, place: .init(device: .cpu), seed: 0)
        } catch  where error.code == .badModel {
            throw TrainingError(.badModel, "The model to train on, \(path), cannot be used.", cause: error)
        }
    }

    /// SHA-256 over its tensors, by which a training that goes on knows it again.
    func digest(_ bridge: TorchBridge) throws(TrainingError) -> String {
        try TensorDigest.compute(TorchModel.read(bridge, path: path, place: .init(device: .cpu)))
    }

    /// The model with rows for the words that a larger vocabulary has.
    ///
    /// - Throws: `invalidSetting` if that vocabulary is no continuation of this one, `badModel`.
    func grown(
        to larger: Vocabulary, _ bridge: TorchBridge, place: TorchModel.Place, seed: UInt64
    ) throws(TrainingError) -> (model: TorchModel, optimiserSteps: Int) {
        guard isContinued(by: larger) else {
            throw TrainingError(
                .invalidSetting,
                "The dataset's words have other ids than those of the model to train on; give its vocabulary to the dataset "
                    + "as the one that is continued.")
        }
        return try TorchModel.read(
            bridge, path: path, place: place, words: vocabulary.count,
            adding: vocabulary.assigned..<larger.assigned, seed: seed)
    }

    private func isContinued(by larger: Vocabulary) -> Bool {
        larger.assigned >= vocabulary.assigned && larger.count == max(vocabulary.count, larger.assigned)
            && zip(vocabulary.words, larger.words).prefix(vocabulary.assigned).allSatisfy { old, new in
                old.utf8.elementsEqual(new.utf8)
            }
    }
}

/// What a training began with, for its report.
public struct InitialModelRecord: Sendable, Hashable, Codable {
    /// SHA-256 over its trained tensors: the `tensorDigest` of the training that made it.
    public var tensorDigest: String
    /// Words that it knew.
    public var words: Int
    /// Words that were added to them.
    public var addedWords: Int
    /// Steps that its optimiser's state had seen; 0 where that was missing or did not fit, and began anew.
    public var optimiserSteps: Int
}
