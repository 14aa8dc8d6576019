import FoundationEssentials
import LogDataset

/// What stands beside the tensors of a checkpoint.
struct TrainingCheckpoint: Sendable, Codable, Equatable {
    /// The form this program writes; another is refused.
    static let format = 2

    var format = TrainingCheckpoint.format
    /// Milliseconds since 1970, as the policy gave it.
    var startedAt: Int64
    /// What must be equal when the training goes on.
    var settings: [TrainingSetting]
    /// What is said if it is not equal then.
    var machine: [TrainingSetting]
    var position: TrainingPosition
    /// SHA-256 of the file of the tensors.
    var tensorsDigest: String

    /// Two lines: the checkpoint as JSON, and the SHA-256 of that line.
    var encoded: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(self) else {
            fatalError("a checkpoint of texts and finite numbers always encodes")
        }
        return Array(json) + [UInt8(ascii: "\n")] + Array((Self.digest(Array(json)) + "\n").utf8)
    }

    /// The checkpoint of such lines; nil if they are not whole.
    ///
    /// - Throws: `invalidSetting` if another release of opnilog wrote them, in a form of its own.
    init?(_ bytes: [UInt8], in path: String) throws(TrainingError) {
        struct Form: Decodable { var format: Int }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        guard lines.count == 3, lines[2].isEmpty, lines[1] == Array(Self.digest(lines[0]).utf8),
            let form = try? JSONDecoder().decode(Form.self, from: Data(lines[0]))
        else { return nil }
        guard form.format == Self.format else {
            throw TrainingError(
                .invalidSetting,
                "\(path) has format \(form.format), and this opnilog goes on with format \(Self.format); take the "
                    + "opnilog that wrote it, or start anew.")
        }
        guard let checkpoint = try? JSONDecoder().decode(Self.self, from: Data(lines[0])) else { return nil }
        self = checkpoint
    }

    init(
        startedAt: Int64, settings: [TrainingSetting], machine: [TrainingSetting], position: TrainingPosition,
        tensorsDigest: String
    ) {
        self.startedAt = startedAt
        self.settings = settings
        self.machine = machine
        self.position = position
        self.tensorsDigest = tensorsDigest
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        let digest = SHA256()
        bytes.withUnsafeBytes { digest.update($0) }
        return digest.finish().hexadecimal
    }
}

/// Where a training is, and what it has come to so far. A new one is at its beginning.
struct TrainingPosition: Sendable, Codable, Equatable {
    /// Figures on held-out lines.
    struct HeldOut: Sendable, Codable, Equatable {
        var sums = LossSums()
        var logs = 0
    }

    /// What an epoch came to.
    struct Epoch: Sendable, Codable, Equatable {
        /// Of its steps, with dropout.
        var fit: LossSums
        /// Of the model at its end.
        var heldOut: HeldOut
    }

    /// The model that the training began with; nil for initial values.
    var initial: InitialModelRecord?
    /// The epoch of the fit, from 0; the number of epochs once the fit is done.
    var epoch = 0
    /// Batches done of the epoch, or of the closing pass.
    var batch = 0
    /// Steps of fit and closing pass together: what dropout of the next one depends on.
    var steps = 0
    /// Masked variants and logs that were trained on.
    var rows = 0
    var logs = 0
    /// Of the present or, after the fit, its last epoch.
    var fit = LossSums()
    var closing = LossSums()
    /// The epochs whose figures are taken.
    var epochs: [Epoch] = []
    /// How long the training has taken, its fit alone, its figures, and its waiting for batches; in all runs together.
    var seconds = 0.0
    var fitSeconds = 0.0
    var evaluationSeconds = 0.0
    var waitedSeconds = 0.0
}
