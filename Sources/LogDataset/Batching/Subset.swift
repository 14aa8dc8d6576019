/// One seeded draw of K logs, as a sequence of batches: the only training data that is ever materialised.
///
/// The draw is made when the first batch is asked for, and each batch is encoded when it is asked for; drawn templates
/// and their order are held as long as an iterator is. A subset may be iterated any number of times, each time with the
/// same batches.
public struct Subset: AsyncSequence, Sendable {
    /// What a subset is for.
    public enum Kind: Sendable, Hashable, Codable {
        /// An epoch of the fit, over the lines that are not held out.
        case fit(epoch: Int)
        /// The figures at the fit's end, over the held-out lines.
        case heldOut
        /// The closing pass, over all lines.
        case closing
    }

    /// What the subset is for.
    public let kind: Kind

    /// What all subsets of the run share.
    let run: SubsetRun

    private let cuts: BatchCuts

    /// The batch that an iterator starts with.
    private var first = 0

    /// - Parameters:
    ///   - kind: What the subset is for.
    ///   - cuts: How many logs are drawn and where they are cut into batches.
    ///   - run: What all subsets of the run share.
    init(kind: Kind, cuts: BatchCuts, run: SubsetRun) {
        self.kind = kind
        self.cuts = cuts
        self.run = run
    }

    /// How many batches there are.
    public var batchCount: Int { cuts.batches }

    /// The same subset without its first batches, which are done already; its other batches keep their place.
    public func dropping(batches: Int) -> Subset {
        var rest = self
        rest.first = batches
        return rest
    }

    /// K, how many logs are drawn.
    public var draws: Int { cuts.draws }

    /// Which draw this is.
    var settings: DrawSettings {
        let (lines, epoch): (DrawnLines, UInt64) =
            switch kind {
            case .fit(let epoch): (.fit, UInt64(epoch))
            case .heldOut: (.heldOut, 0)
            case .closing: (.all, 0)
            }
        return DrawSettings(law: run.law, lines: lines, samples: draws, seed: run.seed, epoch: epoch)
    }

    /// Makes the draw.
    ///
    /// - Throws: What reading the table throws, `unusableSource` if there is nothing to draw, or `cancelled`.
    func load() async throws(DatasetError) -> SubsetContents {
        let settings = settings
        let draw = try WeightedDraw(from: run.table, weights: run.weights, settings: settings)
        let templates = try await draw.templates(workers: run.workers)
        return SubsetContents(
            templates: templates, cuts: cuts, vocabulary: run.vocabulary, generator: settings.generator(.drawOrder))
    }

    /// Starts at the first batch.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Walks the batches of a subset. It belongs to one task.
    public struct Iterator: AsyncIteratorProtocol {
        private let subset: Subset
        private var contents: SubsetContents?
        private var position: Int

        fileprivate init(_ subset: Subset) {
            self.subset = subset
            position = subset.first
        }

        /// The next batch, or nil after the last.
        ///
        /// - Throws: What reading the table throws, `unusableSource` if there is nothing to draw, or `cancelled`.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(DatasetError) -> Batch? {
            guard position < subset.batchCount else {
                contents = nil
                return nil
            }
            if Task.isCancelled { throw .cancelled() }
            let loaded: SubsetContents
            if let contents { loaded = contents } else { loaded = try await subset.load() }
            contents = loaded
            defer { position += 1 }
            return loaded.batch(position)
        }
    }
}

@available(*, unavailable)
extension Subset.Iterator: Sendable {}

/// What all subsets of a run share; with a kind and the plan it makes each of them.
struct SubsetRun: Sendable {
    /// The table that is drawn from.
    var table: any TemplateShards
    /// The sums of its weights.
    var weights: TableWeights
    /// Gives the ids of words.
    var vocabulary: Vocabulary
    /// The law of the draws.
    var law: DrawLaw
    /// The run's seed.
    var seed: UInt64
    /// How draws are cut into steps.
    var plan: StepPlan
    /// How many shards are drawn from at once.
    var workers: Int

    /// The subset of one epoch of the fit.
    func fit(epoch: Int) -> Subset { Subset(kind: .fit(epoch: epoch), cuts: plan.fitCuts, run: self) }

    /// The subset that figures are taken on; without a held-out line it has no batch.
    func heldOut() -> Subset {
        Subset(kind: .heldOut, cuts: plan.heldOutCuts(lines: weights.lineCount(.heldOut)), run: self)
    }

    /// The subset of the closing pass.
    func closing() -> Subset { Subset(kind: .closing, cuts: plan.closingCuts, run: self) }
}
