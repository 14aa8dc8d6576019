/// What random numbers are for. Each purpose has numbers of its own, so nothing that is added later moves what was
/// drawn before. The numbers are part of what makes a run repeatable: never change or reuse one.
public enum SamplingPurpose: UInt32, Sendable, CaseIterable {
    /// Where the first tick of a `coverage` draw falls.
    case coverageOffset = 1
    /// The order of a shard's templates in a `coverage` draw.
    case coverageOrder = 2
    /// The points of a `parity` draw.
    case parityPoints = 3
    /// The order of a subset's draws.
    case drawOrder = 4
    /// How many lines of each template are held out where no hour can be.
    case heldOutThinning = 5
    /// The order in which hours are read.
    case windowOrder = 6
    // 7 to 9 were never used. What the model draws is numbered by the bridge (`Purpose` in philox.h).
    /// The order of the shards in a `coverage` draw.
    case coverageShards = 10
    /// The points of the original's draw by pages.
    case pagePoints = 11
    /// Which whole templates are held out of a fit that is thrown away.
    case heldOutTemplates = 12

    /// The generator for this purpose.
    ///
    /// Its key is the lower half of Philox(seed; purpose, epoch, lines).
    ///
    /// - Parameters:
    ///   - seed: The run's seed.
    ///   - epoch: The epoch, or the step where that is what the numbers go by.
    ///   - lines: Which lines are drawn from, where that matters.
    public func generator(seed: UInt64, epoch: UInt64 = 0, lines: DrawnLines = .fit) -> Philox {
        let counter = UInt128(rawValue) | UInt128(epoch) << 32 | UInt128(lines.rawValue) << 96
        return Philox(key: Philox(key: seed).bits64(counter))
    }
}

/// Which of a template's lines a draw, or a figure, is about.
public enum DrawnLines: UInt32, Sendable, CaseIterable {
    /// The lines that are fitted: all but the held-out ones.
    case fit = 0
    /// The held-out lines.
    case heldOut = 1
    /// All lines.
    case all = 2

    /// How many of a template's lines are meant.
    public func count(in record: TemplateRecord) -> UInt64 {
        switch self {
        case .fit: record.count - min(record.heldOut, record.count)
        case .heldOut: min(record.heldOut, record.count)
        case .all: record.count
        }
    }
}
