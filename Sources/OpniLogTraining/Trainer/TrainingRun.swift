import LogDataset

/// One training from its first step, or from where an earlier one ended, to its last: fit, figures, closing pass.
struct TrainingRun {
    private let model: TorchModel
    private let data: TrainingData
    private let configuration: TrainerConfiguration
    private let store: CheckpointStore?
    private let rates: LearningRates
    private let onProgress: @Sendable (TrainingProgress) -> Void
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant

    private(set) var position: TrainingPosition
    private var begun: [BegunStep] = []
    private typealias Job = Task<Result<[TorchModel.StepLoss], TrainingError>, Never>
    /// Calls that begin the last of them, in their order.
    private var jobs: [Job] = []
    /// Calls that may wait for the one before. A GPU's thread would else idle until two others have woken, which takes
    /// half as long as a step; a CPU's steps are long, and at the run's end each is waited for.
    private let jobsAhead: Int
    /// Losses that have come and are not told of yet, of the first steps of `begun`.
    private var known: [TorchModel.StepLoss] = []
    /// Of the pass that comes next, begun before that does.
    private var upcoming: TrainingData.Batches?
    private var rowsAtOnce = 0
    private var halvings = 0
    /// Seconds and waiting of the runs that this one goes on with.
    private let secondsBefore: Double
    private var waited: Duration
    /// Steps at the last checkpoint, and when that was.
    private var keptSteps: Int
    private var keptAt: ContinuousClock.Instant

    /// - Parameters:
    ///   - first: Batches of a fit from its beginning; nil begins them when they are needed.
    ///   - jobsAhead: What suits the device, unless given.
    init(
        _ start: TrainingStart,
        on data: TrainingData,
        _ configuration: TrainerConfiguration,
        first: TrainingData.Batches? = nil,
        jobsAhead: Int? = nil,
        onProgress: @escaping @Sendable (TrainingProgress) -> Void
    ) {
        upcoming = first
        model = start.model
        self.jobsAhead = jobsAhead ?? (start.device == .cpu ? 0 : 1)
        store = start.store
        position = start.position
        self.data = data
        self.configuration = configuration
        self.onProgress = onProgress
        began = clock.now
        secondsBefore = position.seconds
        waited = .seconds(position.waitedSeconds)
        (keptSteps, keptAt) = (position.steps, began)
        rates = LearningRates(
            configuration.recipe, steps: data.epochs * data.stepsPerEpoch, closingSteps: data.closingSteps)
    }

    /// What the model's file says of the training so far. The rate is the original's, whatever ours fell to: its
    /// service would train on with it.
    var file: ModelFile.Settings {
        ModelFile.Settings(
            epochs: position.epoch, loss: position.closing.mean,
            learningRate: TrainingRecipe.original.peakLearningRate, weightDecay: configuration.recipe.weightDecay)
    }

    /// Trains, and reports.
    ///
    /// - Parameter finish: Is given what the model's file says, once the model is trained and kept; makes the figures on
    ///   templates that were not seen, where they are wanted.
    mutating func run(
        _ facts: TorchFacts, then finish: (ModelFile.Settings) async throws(TrainingError) -> UnseenFigures?
    ) async throws(TrainingError) -> TrainingReport {
        if position.steps > 0 {
            let steps = data.epochs * data.stepsPerEpoch + data.closingSteps
            configuration.checkpoints?.onEvent?(.resumed(step: position.steps, of: steps))
        }
        do throws(TrainingError) {
            try await fitAll()
            try await close()
            (position.seconds, position.waitedSeconds) = (seconds, waited / .seconds(1))
        } catch  where error.code == .cancelled {
            try await keep()
            throw error
        } catch  where error.code == .dataset {
            // The model is that of the last step; of two failures the first is told.
            try? await keep()
            throw error
        }
        if configuration.measuresUnseen { try await keep() }
        let (model, unseen) = (model, try await finish(file))
        let digest = try await TorchThread.shared.run { () throws(TrainingError) in try TensorDigest.compute(model) }
        return TrainingReport(position, of: data, configuration, facts, digest: digest, unseen: unseen)
    }

    /// The rest of the fit, with the figures after each of its epochs.
    mutating func fitAll() async throws(TrainingError) {
        while position.epoch < data.epochs { try await fit() }
    }

    /// The rest of an epoch, then its figures. It is kept between the two, so that a run that goes on from there makes
    /// the figures again.
    private mutating func fit() async throws(TrainingError) {
        let epoch = position.epoch
        if position.batch == 0 { position.fit = LossSums() }
        let rates = rates
        let data = data
        try await pass(
            .fit, epoch: epoch, takeUpcoming() ?? data.fit(epoch, position.batch), from: epoch * data.stepsPerEpoch,
            count: data.stepsPerEpoch, of: data.epochs * data.stepsPerEpoch, summing: \.fit, then: { data.heldOut() }
        ) { rates.fit($0) }
        try await keep()
        let fitted = seconds
        position.fitSeconds = fitted - position.evaluationSeconds
        let heldOut = try await evaluate(epoch)
        position.evaluationSeconds += seconds - fitted
        position.epochs.append(.init(fit: position.fit, heldOut: heldOut))
        (position.epoch, position.batch) = (epoch + 1, 0)
    }

    /// The rest of the closing pass.
    private mutating func close() async throws(TrainingError) {
        let rates = rates
        try await pass(
            .closing, epoch: data.epochs - 1, takeUpcoming() ?? data.closing(position.batch), from: 0,
            count: data.closingSteps, of: data.closingSteps, summing: \.closing, then: { nil }
        ) { rates.closing($0) }
    }

    private mutating func takeUpcoming() -> TrainingData.Batches? {
        defer { upcoming = nil }
        return upcoming
    }

    /// Steps through all batches that are left of a subset.
    ///
    /// - Parameter following: Begins the batches of what follows. Called with the last batch of these, when their subset is
    ///   in memory no longer.
    private mutating func pass(
        _ phase: TrainingProgress.Phase,
        epoch: Int,
        _ batches: TrainingData.Batches,
        from first: Int,
        count: Int,
        of steps: Int,
        summing sums: WritableKeyPath<TrainingPosition, LossSums>,
        then following: () -> TrainingData.Batches?,
        rate: (Int) -> Double
    ) async throws(TrainingError) {
        while let batch = try await next(batches) {
            let step = first + position.batch
            if position.batch == count - 1 { upcoming = following() }
            guard step < steps else {
                throw TrainingError(.failed, "The dataset gave more batches than the \(steps) it named; report this.")
            }
            try await begin(
                batch,
                BegunStep(
                    phase: phase, epoch: epoch, step: step, steps: steps, trained: position.steps + 1, rate: rate(step),
                    logs: batch.logs, sums: sums))
            if let store, clock.now - keptAt >= store.policy.interval { try await keep() }
        }
        try await settle()
    }

    /// A step on its way through the device.
    private struct BegunStep {
        var phase: TrainingProgress.Phase
        var epoch: Int
        var step: Int
        var steps: Int
        /// Steps of the training that are done with it.
        var trained: Int
        var rate: Double
        var logs: Int
        /// Where its loss goes; nil for one of the evaluation, which has its own sums.
        var sums: WritableKeyPath<TrainingPosition, LossSums>?
    }

    /// Begins a step, and tells of earlier ones meanwhile.
    private mutating func begin(_ batch: Batch, _ begun: BegunStep) async throws(TrainingError) {
        try await finishJobs(but: jobsAhead)
        let recipe = configuration.recipe
        let step = TorchModel.Step(
            learningRate: begun.rate, weightDecay: recipe.weightDecay, dropout: recipe.dropout,
            unknownShare: recipe.unknownShare, seed: configuration.seed, number: UInt64(position.steps),
            gradientNormLimit: recipe.gradientNormLimit)
        let model = model
        jobs.append(
            Task.immediate {
                await TorchThread.shared.result { () throws(TrainingError) in
                    try model.begin(batch, step)
                    return try model.losses(waiting: false)
                }
            })
        self.begun.append(begun)
        position.steps += 1
        position.batch += 1
        tellKnown()
    }

    /// Waits for the calls that begin steps, all but the last so many. On a CPU their steps are over then, on a GPU they go
    /// on.
    private mutating func finishJobs(but rest: Int = 0) async throws(TrainingError) {
        while jobs.count > rest { try know(await jobs.removeFirst().value) }
    }

    /// Waits for the losses of all steps that were begun, and tells of them.
    private mutating func settle() async throws(TrainingError) {
        try await finishJobs()
        tellKnown()
        let model = model
        while !begun.isEmpty {
            try know(await TorchThread.shared.result { () throws(TrainingError) in try model.losses(waiting: true) })
            if known.isEmpty { return }
            tellKnown()
        }
    }

    private mutating func know(_ losses: Result<[TorchModel.StepLoss], TrainingError>) throws(TrainingError) {
        do throws(TrainingError) {
            known += try losses.get()
        } catch  where error.code == .notFinite {
            // What came before is told of, so that the first of those that are left is the one.
            tellKnown()
            let at = begun.first.map { "The loss of batch \($0.step) of the \($0.phase.rawValue)" } ?? "A loss"
            throw notFinite(at, error)
        }
    }

    private mutating func tellKnown() {
        for loss in known {
            let step = begun.removeFirst()
            if let sums = step.sums { position[keyPath: sums] += loss.sums }
            position.rows += loss.sums.variants
            position.logs += step.logs
            (rowsAtOnce, halvings) = (loss.mostVariants, loss.halvings)
            tell(step, loss.sums)
        }
        known = []
    }

    /// The figures after an epoch, on held-out lines. Nothing that is trained changes.
    private mutating func evaluate(_ epoch: Int) async throws(TrainingError) -> TrainingPosition.HeldOut {
        var held = TrainingPosition.HeldOut()
        var step = 0
        let batches = takeUpcoming() ?? data.heldOut()
        let model = model
        while let batch = try await next(batches) {
            if step == data.heldOutBatches - 1 {
                upcoming = epoch + 1 < data.epochs ? data.fit(epoch + 1, 0) : data.closing(0)
            }
            let loss: LossSums
            do throws(TrainingError) {
                loss = try await TorchThread.shared.run { () throws(TrainingError) in try model.evaluate(batch) }
            } catch  where error.code == .notFinite {
                throw notFinite("The loss of batch \(step) of the evaluation", error)
            }
            held.sums += loss
            held.logs += batch.logs
            step += 1
            tell(
                BegunStep(
                    phase: .evaluation, epoch: epoch, step: step - 1, steps: data.heldOutBatches,
                    trained: position.steps, rate: 0, logs: batch.logs), loss,
                figures: step == data.heldOutBatches ? HeldOutFigures(held) : nil)
        }
        return held
    }

    /// Writes a checkpoint, unless one was written since the last step.
    private mutating func keep() async throws(TrainingError) {
        try await settle()
        guard let store, position.steps > keptSteps else { return }
        var position = position
        (position.seconds, position.waitedSeconds) = (seconds, waited / .seconds(1))
        let (model, kept, file) = (model, position, file)
        do throws(TrainingError) {
            try await TorchThread.shared.run { () throws(TrainingError) in try store.write(model, at: kept, file) }
        } catch  where error.code == .notFinite {
            throw notFinite("After step \(position.steps) a parameter", error)
        }
        (keptSteps, keptAt) = (position.steps, clock.now)
    }

    private func notFinite(_ what: String, _ cause: TrainingError) -> TrainingError {
        let kept = store != nil && keptSteps > 0 ? " The checkpoint of step \(keptSteps) stays." : ""
        return TrainingError(.notFinite, "\(what) is no finite number; try another seed.\(kept)", cause: cause)
    }

    private func tell(_ step: BegunStep, _ loss: LossSums, figures: HeldOutFigures? = nil) {
        onProgress(
            TrainingProgress(
                phase: step.phase, epoch: step.epoch, step: step.step + 1, steps: step.steps, trained: step.trained,
                loss: loss.mean, learningRate: step.rate, rows: loss.variants, rowsAtOnce: rowsAtOnce,
                halvings: halvings, logs: step.logs, seconds: seconds, waitedSeconds: waited / .seconds(1),
                figures: figures))
    }

    /// The next batch; the one place where a training can be cancelled, so that no step is left half done.
    private mutating func next(_ batches: TrainingData.Batches) async throws(TrainingError) -> Batch? {
        if Task.isCancelled { throw .cancelled }
        let start = clock.now
        defer { waited += clock.now - start }
        do throws(DatasetError) {
            return try await batches()
        } catch {
            throw .dataset(error)
        }
    }

    private var seconds: Double { secondsBefore + (clock.now - began) / .seconds(1) }
}
