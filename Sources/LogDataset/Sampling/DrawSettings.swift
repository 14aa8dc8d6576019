/// How many logs of each template a subset holds, given the weights.
public enum DrawLaw: String, Sendable, CaseIterable, Codable {
    /// Systematic: a template with weight share p is drawn ⌊K·p⌋ or ⌈K·p⌉ times, so every template with K·p ≥ 1 is in
    /// each subset.
    case coverage
    /// With replacement: K independent draws.
    case parity
}

/// Which draw is made: with the table, all that its result depends on.
public struct DrawSettings: Sendable, Hashable, Codable {
    /// The law of the draw.
    public var law: DrawLaw
    /// The lines that count.
    public var lines: DrawnLines
    /// K, the number of draws: 1…`StepPlan.largestSamples`.
    public var samples: Int
    /// The run's seed.
    public var seed: UInt64
    /// Which subset of the run; each epoch draws anew.
    public var epoch: UInt64

    /// Creates the settings of a draw.
    ///
    /// - Parameters:
    ///   - law: The law of the draw.
    ///   - lines: The lines that count.
    ///   - samples: K, the number of draws.
    ///   - seed: The run's seed.
    ///   - epoch: Which subset of the run.
    public init(law: DrawLaw, lines: DrawnLines, samples: Int, seed: UInt64, epoch: UInt64) {
        self.law = law
        self.lines = lines
        self.samples = samples
        self.seed = seed
        self.epoch = epoch
    }

    func generator(_ purpose: SamplingPurpose) -> Philox { purpose.generator(seed: seed, epoch: epoch, lines: lines) }
}

extension DrawnLines: Codable {}
