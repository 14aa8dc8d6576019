import LogDataset

/// Something that a training follows from, by the name that its user knows.
struct TrainingSetting: Sendable, Codable, Equatable {
    var name: String
    var text: String

    init(_ name: String, _ text: some CustomStringConvertible) {
        self.name = name
        self.text = text.description
    }

    static let table = "table"

    /// A text for a message: a digest by its first digits.
    var shown: String { text.utf8.count == 64 && !text.contains(" ") ? "\(text.prefix(16))…" : text }

    /// Those of `now` that were others `before`; of causes and effects the causes come first, as in `now`.
    static func differences(_ before: [Self], _ now: [Self]) -> [(before: Self, now: Self)] {
        now.compactMap { setting in
            let earlier = before.first { $0.name == setting.name } ?? setting.unrecorded
            return earlier == setting ? nil : (earlier, setting)
        }
    }

    /// What `Shims/CTorch/loader.c` sets where the operator has not, and where the processor has it.
    private static let usual = [
        "MKL_CBWR": "AVX2", "MKL_DYNAMIC": "FALSE", "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    ]

    /// What stands for this setting where a checkpoint lacks it. Older ones lack the variables of the environment,
    /// which were as usual then as far as anybody knows; what is not set now was not set by the same program then.
    private var unrecorded: Self { text == "none" ? self : Self(name, Self.usual[name] ?? "none") }
}

extension [TrainingSetting] {
    /// What the result follows from, apart from the data.
    ///
    /// - Parameter initial: The digest of the model that the training begins with.
    static func of(_ configuration: TrainerConfiguration, _ vocabulary: Vocabulary, initial: String?) -> Self {
        let digest = SHA256()
        digest.update(vocabulary.assigned)
        for word in vocabulary.words { digest.update(word + "\n") }
        return [
            TrainingSetting("initial model", initial ?? "none"),
            TrainingSetting("vocabulary", digest.finish().hexadecimal),
            TrainingSetting("recipe", configuration.recipe.summary), TrainingSetting("seed", configuration.seed),
        ]
    }

    /// What the result follows from only to rounding.
    static func of(_ facts: TorchFacts) -> Self {
        [
            TrainingSetting("device", facts.device), TrainingSetting("threads", facts.threads),
            TrainingSetting("CPU capability", facts.cpuCapability), TrainingSetting("CPU maker", CPUInfo.maker),
            TrainingSetting("libtorch", facts.build),
        ] + TorchFacts.variables(of: facts.device).map { TrainingSetting($0, facts.environment[$0] ?? "none") }
    }

    /// The table and what is drawn from it.
    static func of(_ summary: DatasetSummary) -> Self {
        [
            TrainingSetting("mask rules", summary.rulesDigest),
            TrainingSetting(TrainingSetting.table, summary.tableDigest),
            TrainingSetting("held-out lines", summary.splitDigest), TrainingSetting("draw", summary.law.rawValue),
            TrainingSetting("draw exponent", summary.exponent.rawValue),
            TrainingSetting("template cap", summary.templateCap),
            TrainingSetting("seed of the draws", summary.seed), TrainingSetting("samples", summary.samples),
            TrainingSetting("epochs", summary.epochs), TrainingSetting("steps of an epoch", summary.stepsPerEpoch),
            TrainingSetting("closing steps", summary.closingSteps),
        ]
    }
}

extension TrainingRecipe {
    /// The recipe with all its numbers, on one line.
    fileprivate var summary: String {
        "\(name) (rate \(peakLearningRate), warm-up \(warmUpShare), \(decays ? "falling" : "constant"), weight decay "
            + "\(weightDecay), dropout \(dropout), unknown words \(unknownShare), gradient up to "
            + "\(gradientNormLimit.map { "\($0)" } ?? "any"))"
    }
}
