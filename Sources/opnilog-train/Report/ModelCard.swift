import FoundationEssentials
import LogDataset
import OpniLogTraining

/// What a model is, what it was made from and what it is not good for, in `model-card.json` and `model-card.md` beside
/// it. All of it is known from the manifest; no secret and no content of a log is in either.
struct ModelCard: Codable, Sendable {
    static let kind = "Opni log anomaly model (nulog)"

    /// The version of this form.
    var format = 1
    var name = "\(Self.kind), \(OutputFolder.File.model.rawValue)"
    var program: Manifest.Program
    /// When the run that made it ended.
    var createdAt: String
    var data: DataPart
    var masking: Masking
    var vocabulary: VocabularyPart
    var draw: Draw
    /// The recipe, seed, steps, times, figures, device and digest of the tensors.
    var training: TrainingReport
    /// What the model is not good for, a sentence or two each.
    var limits: [String]
    /// Who may use it for what is not for this program to say.
    var licence = "not stated; left to the operator"

    /// What the model was trained on.
    struct DataPart: Codable, Sendable {
        var source: String
        /// What was asked for of an index, as it was written; a query by its SHA-256.
        var query: String?
        var since: String?
        var until: String?
        /// The hours of the logs' own times.
        var times: Manifest.Times?
        var lines: UInt64
        var templates: UInt64
        var heldOutLines: UInt64
        var heldOutBy: String
        var isPartial: Bool
        /// What could not be read.
        var holes: Int
        /// Documents without a text in the field, and lines that are no JSON; nil for a table that another run has
        /// read.
        var passedOver: UInt64?
        var tableDigest: String
        var splitDigest: String
    }

    /// What was done to a line before it was counted.
    struct Masking: Codable, Sendable {
        var rulesDigest: String
        var customMasks: [String]
        var cleaningDigest: String?
    }

    struct VocabularyPart: Codable, Sendable {
        var size: Int
        var unknownWordShare: Double
        var unknownLineShare: Double
        var cutLineShare: Double
    }

    struct Draw: Codable, Sendable {
        var law: DrawLaw
        var exponent: WeightExponent
        var templateCap: Double
        var samples: Int
        var epochs: Int
        var stepsPerEpoch: Int
        var closingSteps: Int
        var seed: UInt64
    }

    /// - Returns: nil for a manifest of a run that trained nothing.
    init?(_ manifest: Manifest) {
        guard let table = manifest.table, let dataset = manifest.dataset, let training = manifest.training else {
            return nil
        }
        program = manifest.program
        createdAt = manifest.finishedAt
        data = DataPart(
            source: manifest.read?.source ?? "a table that another run has read", query: manifest.contents?["query"],
            since: manifest.settings["since"], until: manifest.settings["until"], times: table.times,
            lines: table.lines, templates: table.templates, heldOutLines: table.heldOutLines,
            heldOutBy: table.heldOutBy, isPartial: manifest.outcome == Manifest.Outcome.partial.rawValue,
            holes: manifest.read?.holes.count ?? 0,
            passedOver: manifest.read.map { $0.documentsWithoutField + $0.badLines }, tableDigest: table.tableDigest,
            splitDigest: table.splitDigest)
        masking = Masking(
            rulesDigest: table.rulesDigest, customMasks: table.maskNames ?? [], cleaningDigest: table.cleaningDigest)
        vocabulary = VocabularyPart(
            size: dataset.vocabularySize, unknownWordShare: dataset.outOfVocabularyShare,
            unknownLineShare: dataset.outOfVocabularyLineShare, cutLineShare: dataset.cutLineShare)
        draw = Draw(
            law: dataset.law, exponent: dataset.exponent, templateCap: dataset.templateCap, samples: dataset.samples,
            epochs: dataset.epochs, stepsPerEpoch: dataset.stepsPerEpoch, closingSteps: dataset.closingSteps,
            seed: dataset.seed)
        self.training = training
        limits = []
        limits = ModelLimits.of(self)
    }

    /// Writes both files.
    func write(in output: OutputFolder) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try output.write(Array(try encoder.encode(self)) + [UInt8(ascii: "\n")], to: .cardData)
        try output.write(Array(markdown.utf8), to: .card)
    }
}

/// What a model is not good for, in plain words.
enum ModelLimits {
    static func of(_ card: ModelCard) -> [String] {
        var limits = [
            "It judges a message by its own words and their order. When it was logged, by whom, how often and after what "
                + "means nothing to it, and neither do numbers, addresses and all else that the mask rules replace.",
            "It knows these logs alone. What was logged often is normal to it, faults among it included; in another "
                + "cluster, or after an update, much will be new to it. `opnilog-train drift` says how much.",
            "A message of a kind that it has never seen and a fault look alike to it: the words were not expected.",
        ]
        limits += words(card.vocabulary)
        if card.training.heldOutLogs > 0 {
            limits.append(
                "The figures are of the fit, on \(Figures.grouped(card.training.heldOutLogs)) logs drawn from the lines that "
                    + "were held out, in which rare messages count for more than in the stream. The model that is delivered "
                    + "has then been trained on all lines, and has no figures of its own.")
        } else {
            limits.append("There were too few lines to hold any out, so nothing is known of how well it judges others.")
        }
        limits.append(
            "Nobody has told it what an anomaly is: the usual threshold of 0.7 is the original program's, and was not "
                + "chosen for these logs.")
        if card.data.heldOutBy == TableMetadata.HeldOutMethod.lines.rawValue, card.training.heldOutLogs > 0 {
            limits.append(
                "Held out is a share of each template's lines, not the latest hours: nearly every text among them was "
                    + "trained on too, so the figures say little of the logs of tomorrow.")
        }
        if card.training.initialModel != nil {
            limits.append(
                "It was trained on from another model, whose closing pass may have seen lines that are held out now: the "
                    + "figures on held-out lines are too good as far as the data of the two overlap.")
        }
        if card.data.isPartial {
            limits.append("It is made from a part of what was asked for; the manifest lists what is missing.")
        }
        return limits
    }

    private static func words(_ vocabulary: ModelCard.VocabularyPart) -> [String] {
        var limits: [String] = []
        if vocabulary.size <= 2 * Scorer.guesses {
            limits.append(
                "Its vocabulary has \(vocabulary.size) words, of which \(Scorer.guesses) guesses are a large part: it will "
                    + "call hardly anything an anomaly.")
        }
        limits.append(
            "All words that it does not know are one and the same to it: \(Figures.percent(vocabulary.unknownWordShare)) of "
                + "all words, in \(Figures.percent(vocabulary.unknownLineShare)) of the lines it was made from.")
        limits.append(
            "It reads the first \(Batch.length - 1) words of a message; "
                + "\(Figures.percent(vocabulary.cutLineShare)) of the lines it was made from are longer.")
        return limits
    }
}
