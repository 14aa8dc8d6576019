import Glibc
import LogDataset

/// One training from its first step to its last: fit, figures, closing pass.
struct TrainingRun {
    private let model: TorchModel
    private let data: TrainingData
    private let configuration: TrainerConfiguration
    private let rates: LearningRates
    private let onProgress: @Sendable (TrainingProgress) -> Void
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant

    /// How long steps have waited for their batches.
    private var waited = Duration.zero
    private var rows = 0
    private var logs = 0
    /// Steps of fit and closing pass together; what dropout of a step depends on.
    private var number: UInt64 = 0

    init(
        _ model: TorchModel,
        on data: TrainingData,
        _ configuration: TrainerConfiguration,
        onProgress: @escaping @Sendable (TrainingProgress) -> Void
    ) {
        self.model = model
        self.data = data
        self.configuration = configuration
        self.onProgress = onProgress
        began = clock.now
        rates = LearningRates(
            configuration.recipe, steps: data.epochs * data.stepsPerEpoch, closingSteps: data.closingSteps)
    }

    /// Trains, and reports all but what libtorch itself is.
    mutating func run(_ facts: TorchFacts) async throws(TrainingError) -> TrainingReport {
        var last = LossSums()
        for epoch in 0..<data.epochs { last = try await fit(epoch) }
        let fitSeconds = seconds
        let (held, heldLogs) = try await evaluate()
        let closing = try await close()
        let model = model
        let digest = try await TorchThread.shared.run { () throws(TrainingError) in try TensorDigest.compute(model) }
        return TrainingReport(
            recipe: configuration.recipe, seed: configuration.seed, words: data.vocabulary.count,
            epochs: data.epochs, steps: data.epochs * data.stepsPerEpoch, closingSteps: data.closingSteps,
            rows: rows, logs: logs, trainLoss: last.mean, closingLoss: closing.mean,
            heldOutLoss: held.map(\.mean), heldOutAccuracy: held.map { $0.first / $0.weight },
            heldOutAmong50: held.map { $0.among50 / $0.weight }, heldOutPerplexity: held.map { exp($0.mean) },
            heldOutLogs: heldLogs, seconds: seconds, fitSeconds: fitSeconds, device: "\(facts.device)",
            threads: facts.threads, torchVersion: facts.version, cpuCapability: facts.cpuCapability,
            tensorDigest: digest)
    }

    private mutating func fit(_ epoch: Int) async throws(TrainingError) -> LossSums {
        let first = epoch * data.stepsPerEpoch
        let rates = rates
        return try await pass(
            .fit, epoch: epoch, data.fit(epoch), from: first, of: data.epochs * data.stepsPerEpoch
        ) { rates.fit($0) }
    }

    private mutating func close() async throws(TrainingError) -> LossSums {
        let rates = rates
        return try await pass(.closing, epoch: data.epochs - 1, data.closing(), from: 0, of: data.closingSteps) {
            rates.closing($0)
        }
    }

    /// Steps through all batches of a subset.
    private mutating func pass(
        _ phase: TrainingProgress.Phase,
        epoch: Int,
        _ batches: TrainingData.Batches,
        from first: Int,
        of steps: Int,
        rate: (Int) -> Double
    ) async throws(TrainingError) -> LossSums {
        var sums = LossSums()
        var step = first
        while let batch = try await next(batches) {
            guard step < steps else {
                throw TrainingError(.failed, "The dataset gave more batches than the \(steps) it named; report this.")
            }
            let loss = try await take(batch, rate(step), in: phase, at: step)
            sums += loss
            rows += loss.variants
            logs += batch.logs
            step += 1
            onProgress(
                TrainingProgress(
                    phase: phase, epoch: epoch, step: step, steps: steps, loss: loss.mean, learningRate: rate(step - 1),
                    rows: loss.variants, logs: batch.logs, seconds: seconds,
                    waitedSeconds: waited / .seconds(1)))
        }
        return sums
    }

    private mutating func take(
        _ batch: Batch,
        _ rate: Double,
        in phase: TrainingProgress.Phase,
        at position: Int
    ) async throws(TrainingError) -> LossSums {
        let recipe = configuration.recipe
        let step = TorchModel.Step(
            learningRate: rate, weightDecay: recipe.weightDecay, dropout: recipe.dropout,
            unknownShare: recipe.unknownShare, seed: configuration.seed, number: number)
        number += 1
        let model = model
        do throws(TrainingError) {
            return try await TorchThread.shared.run { () throws(TrainingError) in try model.step(batch, step) }
        } catch  where error.code == .notFinite {
            throw TrainingError(
                .notFinite,
                "The loss of batch \(position) of the \(phase.rawValue) is no finite number; try another seed.",
                cause: error)
        }
    }

    /// The figures, on held-out lines; nil without any.
    private mutating func evaluate() async throws(TrainingError) -> (LossSums?, logs: Int) {
        var sums = LossSums()
        var logs = 0
        var step = 0
        let batches = data.heldOut()
        let model = model
        while let batch = try await next(batches) {
            let loss = try await TorchThread.shared.run { () throws(TrainingError) in try model.evaluate(batch) }
            sums += loss
            logs += batch.logs
            step += 1
            onProgress(
                TrainingProgress(
                    phase: .evaluation, epoch: data.epochs - 1, step: step, steps: data.heldOutBatches,
                    loss: loss.mean, learningRate: 0, rows: loss.variants, logs: batch.logs, seconds: seconds,
                    waitedSeconds: waited / .seconds(1)))
        }
        return (sums.weight > 0 ? sums : nil, logs)
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

    private var seconds: Double { (clock.now - began) / .seconds(1) }
}
