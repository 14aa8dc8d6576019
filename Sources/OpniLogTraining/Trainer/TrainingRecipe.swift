/// How a model is trained, apart from the data.
public struct TrainingRecipe: Sendable, Hashable, Codable {
    /// `ours` or `original`.
    public var name: String
    /// Highest learning rate of the fit.
    public var peakLearningRate: Double
    /// Share of the fit's steps over which the rate rises to its peak, linearly; 0 starts there.
    public var warmUpShare: Double
    /// Whether the rate then falls linearly to zero at the fit's end.
    public var decays: Bool
    /// L2, as `torch.optim.Adam` has it: added to the gradient.
    public var weightDecay: Double
    /// Share of activations dropped.
    public var dropout: Double
    /// Share of a log's words that its other words see as `<UNK>`.
    public var unknownShare: Double
    /// The gradient, as one vector of all parameters, is shortened to this length where it is longer (`clip_grad_norm_`
    /// of PyTorch); nil leaves any.
    public var gradientNormLimit: Double?

    /// The default: no weight decay, a rate of 3e-3 that rises and falls, gradients of at most .5, and a tenth of the
    /// words unknown, so that the model copes with words that it never saw.
    public static let ours = TrainingRecipe(
        name: "ours", peakLearningRate: 3e-3, warmUpShare: 0.1, decays: true, weightDecay: 0, dropout: 0.1,
        unknownShare: 0.1, gradientNormLimit: 0.5)

    /// The original's: a constant rate of 1e-3 and a weight decay of 0.005.
    public static let original = TrainingRecipe(
        name: "original", peakLearningRate: 1e-3, warmUpShare: 0, decays: false, weightDecay: 0.005, dropout: 0.1,
        unknownShare: 0)

    /// The recipe of that name; nil if there is none.
    public init?(named name: String) {
        switch name {
        case "ours": self = .ours
        case "original": self = .original
        default: return nil
        }
    }

    /// - Throws: `invalidSetting` for a number that no training can have.
    func check() throws(TrainingError) {
        let ranges: [(name: String, value: Double, range: ClosedRange<Double>)] = [
            ("peak learning rate", peakLearningRate, 0...Double.greatestFiniteMagnitude),
            ("share of warm-up", warmUpShare, 0...1),
            ("weight decay", weightDecay, 0...Double.greatestFiniteMagnitude), ("dropout", dropout, 0...0.9),
            ("share of unknown words", unknownShare, 0...1),
            ("limit of the gradient", gradientNormLimit ?? 1, 1e-6...Double.greatestFiniteMagnitude),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            throw TrainingError(
                .invalidSetting,
                "The recipe's \(name) is \(value); give a number from \(range.lowerBound) to \(range.upperBound).")
        }
    }

    init(
        name: String,
        peakLearningRate: Double,
        warmUpShare: Double,
        decays: Bool,
        weightDecay: Double,
        dropout: Double,
        unknownShare: Double,
        gradientNormLimit: Double? = nil
    ) {
        self.name = name
        self.peakLearningRate = peakLearningRate
        self.warmUpShare = warmUpShare
        self.decays = decays
        self.weightDecay = weightDecay
        self.dropout = dropout
        self.unknownShare = unknownShare
        self.gradientNormLimit = gradientNormLimit
    }
}
