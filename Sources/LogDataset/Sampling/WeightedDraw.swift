/// One seeded draw of K logs from a table: a pure function of the table, its weights and the settings.
///
/// Templates lie side by side on a line, each as long as its weight, those of a shard together; a draw marks K points
/// on it. How many points fall on a template is how often it is drawn. Each shard is worked on by itself, so any number
/// of workers gives the same result.
public struct WeightedDraw: Sendable {
    /// The settings it was made with.
    public let settings: DrawSettings

    let table: any TemplateShards
    let weights: TableWeights
    private let points: any DrawPoints

    /// Prepares a draw.
    ///
    /// - Parameters:
    ///   - table: The table.
    ///   - weights: The sums of the weights of this same table.
    ///   - settings: Which draw.
    /// - Throws: `invalidSetting` for a number of draws out of range, `unusableSource` if there is no line to draw.
    public init(
        from table: any TemplateShards,
        weights: TableWeights,
        settings: DrawSettings
    ) throws(DatasetError) {
        guard (1...StepPlan.largestSamples).contains(settings.samples) else {
            throw DatasetError(
                .invalidSetting,
                "\(settings.samples) samples cannot be drawn; give --samples a number from 1 to "
                    + "\(StepPlan.largestSamples).")
        }
        let total = weights.total(settings.lines)
        guard total > 0 else { throw WeightedDraw.nothing(settings.lines) }
        guard !total.multipliedReportingOverflow(by: UInt128(settings.samples) + 1).overflow else {
            throw DatasetError(.corruptFile, "The template table holds impossible counts; collect it again.")
        }
        self.table = table
        self.weights = weights
        self.settings = settings
        switch settings.law {
        case .coverage: points = SystematicPoints(settings: settings, weights: weights)
        case .parity: points = IndependentPoints(settings: settings, weights: weights)
        }
    }

    /// Draws, and copies the drawn templates out of the table.
    ///
    /// Memory goes with the draws and, for `coverage`, 24 bytes a template of the shards being worked on.
    ///
    /// - Parameter workers: How many shards are worked on at once.
    /// - Throws: What reading the table throws, or `cancelled`.
    public func templates(workers: Int) async throws(DatasetError) -> DrawnTemplates {
        let parts = try await BoundedGroup.map(TemplateShard.count, workers: workers) {
            shard, cancellation throws(DatasetError) in
            var part = DrawnTemplates()
            try walk(shard: shard, undrawn: false, cancellation) { record, drawn in part.append(record, drawn: drawn) }
            return part
        }
        return DrawnTemplates(joining: parts)
    }

    /// Calls `body` with each template in table order and how often it was drawn, without holding more than a shard.
    ///
    /// - Parameters:
    ///   - undrawn: Whether templates that were drawn 0 times are shown too.
    ///   - body: Called once a template; what it throws ends the walk.
    /// - Throws: What `body` throws, as it is; else a `DatasetError` from reading the table, or `cancelled`.
    public func walk(undrawn: Bool, _ body: (TemplateRecord, _ drawn: Int) throws -> Void) throws {
        var thrown: (any Error)?
        do {
            for shard in 0..<TemplateShard.count {
                try walk(shard: shard, undrawn: undrawn, nil) { record, drawn in
                    do {
                        try body(record, drawn)
                    } catch {
                        thrown = error
                        throw error
                    }
                }
            }
        } catch {
            throw thrown ?? error
        }
    }

    private func walk(
        shard: Int,
        undrawn: Bool,
        _ cancellation: CancellationFlag?,
        _ body: (TemplateRecord, Int) throws -> Void
    ) throws(DatasetError) {
        var drawn = try points.count(inShard: shard, of: self, cancellation)[...]
        if drawn.isEmpty, !undrawn { return }
        var ordinal = 0
        try table.walk(shard: shard, cancellation: cancellation) { record in
            if let first = drawn.first, first.ordinal == ordinal {
                drawn.removeFirst()
                try body(record, Int(first.count))
            } else if undrawn {
                try body(record, 0)
            }
            ordinal += 1
        }
    }

    /// Calls `body` with the position in the shard, the hash and the weight of each template of one shard that has one.
    func forEachWeight(
        inShard shard: Int,
        _ cancellation: CancellationFlag?,
        _ body: (_ ordinal: UInt32, _ hash: UInt128, _ weight: UInt64) -> Void
    ) throws(DatasetError) {
        var ordinal: UInt32 = 0
        try table.walk(shard: shard, cancellation: cancellation) { record in
            let weight = weights.weight(of: record, settings.lines)
            if weight > 0 { body(ordinal, record.hash, weight) }
            ordinal += 1
        }
    }

    private static func nothing(_ lines: DrawnLines) -> DatasetError {
        switch lines {
        case .fit:
            DatasetError(.unusableSource, "No log is left to train on; read more logs.")
        case .heldOut:
            DatasetError(.unusableSource, "No log is held out to take figures on; read more logs.")
        case .all:
            DatasetError(.unusableSource, "There is no log to draw; check the query, the time range and the field.")
        }
    }
}

/// A template that was drawn: its position in its shard and how often.
struct DrawnOrdinal: Sendable, Equatable {
    var ordinal: UInt32
    var count: UInt32
}

/// The points that a draw marks on the line of weights.
protocol DrawPoints: Sendable {
    /// The drawn templates of one shard, by ascending position.
    ///
    /// - Parameters:
    ///   - shard: The shard.
    ///   - draw: Gives the shard's templates.
    ///   - cancellation: Looked at on the way.
    func count(
        inShard shard: Int, of draw: WeightedDraw, _ cancellation: CancellationFlag?
    ) throws(DatasetError) -> [DrawnOrdinal]
}
