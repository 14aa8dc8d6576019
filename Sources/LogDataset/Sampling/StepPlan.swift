/// Which defaults a run's steps have.
public enum StepRecipe: String, Sendable, CaseIterable, Codable {
    /// Steps first: as many as the logs are worth, and batches that follow from them.
    case ours
    /// The original's: batches of 32, up to 192,000 samples an epoch.
    case original
}

/// How the draws of a run are cut into steps.
///
/// A run has E epochs of n steps, each epoch with K draws of its own, then a closing pass over all lines of about a
/// tenth of the steps, with batches of the same size.
public struct StepPlan: Sendable, Hashable {
    /// The most draws a subset may have.
    public static let largestSamples = Int(Int32.max)

    /// K, the draws of a subset.
    public let samples: Int
    /// E, the epochs of the fit.
    public let epochs: Int
    /// n, the steps of an epoch: 1…K.
    public let stepsPerEpoch: Int

    /// What an operator may set; nil leaves the recipe's default.
    public struct Settings: Sendable, Hashable, Codable {
        /// K: by default as many as there are lines, held between 9,600 and 48,000 (`original`: up to 192,000).
        public var samples: Int?
        /// E: by default 2.
        public var epochs: Int?
        /// S, the steps of the whole fit, at most K·E: by default K·E/48, held between 600 and 2,000.
        public var steps: Int?
        /// Draws a step, instead of `steps`: by default 32 in the recipe `original`.
        public var batchSize: Int?
        /// Where defaults come from.
        public var recipe: StepRecipe

        /// Creates settings.
        ///
        /// - Parameters:
        ///   - samples: K, the draws of a subset.
        ///   - epochs: E.
        ///   - steps: S, the steps of the whole fit.
        ///   - batchSize: Draws a step, instead of `steps`.
        ///   - recipe: Where defaults come from.
        public init(
            samples: Int? = nil,
            epochs: Int? = nil,
            steps: Int? = nil,
            batchSize: Int? = nil,
            recipe: StepRecipe = .ours
        ) {
            self.samples = samples
            self.epochs = epochs
            self.steps = steps
            self.batchSize = batchSize
            self.recipe = recipe
        }
    }

    /// Plans a run.
    ///
    /// - Parameters:
    ///   - lines: The lines of the table.
    ///   - settings: What the operator set.
    /// - Throws: `invalidSetting` for numbers out of range or for steps beside a batch size, `unusableSource` without
    ///   a line.
    public init(lines: UInt64, settings: Settings = Settings()) throws(DatasetError) {
        try settings.validate()
        guard lines > 0 else {
            throw DatasetError(
                .unusableSource, "There is no log to train on; check the query, the time range and the field.")
        }
        samples = settings.samples ?? Self.defaultSamples(settings.recipe, lines: lines)
        epochs = settings.epochs ?? 2
        let draws = samples * epochs
        if let size = settings.batchSize ?? (settings.recipe == .original && settings.steps == nil ? 32 : nil) {
            stepsPerEpoch = divideUp(samples, size)
        } else {
            let steps = settings.steps ?? min(max(draws / 48, 600), 2_000)
            stepsPerEpoch = divideUp(min(steps, draws), epochs)
        }
    }

    /// A small table is drawn several times over: a model needs some hundred steps, and batches of no more than a few
    /// logs end far above what larger ones come to.
    private static func defaultSamples(_ recipe: StepRecipe, lines: UInt64) -> Int {
        switch recipe {
        case .ours: Int(min(max(lines, 9_600), 48_000))
        case .original: Int(min(lines, 192_000))
        }
    }

    /// The steps of the fit, without the closing pass.
    public var steps: Int { stepsPerEpoch * epochs }

    /// The steps of the closing pass: a tenth of the fit's, rounded up.
    public var closingSteps: Int { min(divideUp(steps, 10), StepPlan.largestSamples) }

    /// The draws of the closing pass: as many a step as in the fit.
    public var closingSamples: Int { min(closingSteps * samples / stepsPerEpoch, StepPlan.largestSamples) }

    /// The draws of the subset that figures are taken on: a fifth of K, but no more than the held-out lines.
    public func heldOutSamples(lines: UInt64) -> Int { Int(min(lines, UInt64(divideUp(samples, 5)))) }

    /// The batches of an epoch.
    public var fitCuts: BatchCuts { BatchCuts(draws: samples, batches: stepsPerEpoch) }

    /// The batches of the closing pass.
    public var closingCuts: BatchCuts { BatchCuts(draws: closingSamples, batches: closingSteps) }

    /// The batches of the subset that figures are taken on, no larger than the fit's.
    public func heldOutCuts(lines: UInt64) -> BatchCuts {
        let draws = heldOutSamples(lines: lines)
        return BatchCuts(draws: draws, batches: divideUp(draws, divideUp(samples, stepsPerEpoch)))
    }
}

extension StepPlan.Settings {
    /// - Throws: `invalidSetting`, naming the flag and the remedy.
    func validate() throws(DatasetError) {
        if steps != nil, batchSize != nil {
            throw DatasetError(
                .invalidSetting, "Both --steps and --batch-size were given, but each follows from the other; give one.")
        }
        let largest = StepPlan.largestSamples
        for (flag, value) in [
            ("--samples", samples), ("--epochs", epochs), ("--steps", steps), ("--batch-size", batchSize),
        ] {
            guard let value, !(1...largest).contains(value) else { continue }
            throw DatasetError(.invalidSetting, "\(flag) is \(value); give a number from 1 to \(largest).")
        }
    }
}

/// Where the draws of a subset are cut into batches: batch k holds the draws ⌊k·K/n⌋ to ⌊(k+1)·K/n⌋, so no divisibility
/// is asked for and sizes differ by one at most.
public struct BatchCuts: Sendable, Hashable {
    /// K, the draws.
    public let draws: Int
    /// n, the batches: at most K.
    public let batches: Int

    /// Creates the cuts of `draws` draws, below 2^31, into `batches` batches.
    public init(draws: Int, batches: Int) {
        precondition(draws >= batches && batches >= 0 && (batches > 0 || draws == 0), "a batch needs a draw")
        precondition(draws <= StepPlan.largestSamples, "too many draws")
        self.draws = draws
        self.batches = batches
    }

    /// The draws of batch `index`, at least one.
    public subscript(index: Int) -> Range<Int> { BatchCuts.part(index, of: batches, ofCount: draws) }

    /// The contiguous part of `count` things that falls to `index` when they are shared among `parts`.
    static func part(_ index: Int, of parts: Int, ofCount count: Int) -> Range<Int> {
        precondition((0..<parts).contains(index), "no part \(index) of \(parts)")
        return index * count / parts..<(index + 1) * count / parts
    }
}

private func divideUp(_ number: Int, _ divisor: Int) -> Int { (number + divisor - 1) / divisor }
