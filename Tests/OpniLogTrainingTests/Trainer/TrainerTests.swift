import FoundationEssentials
import Glibc
import LogDataset
import Synchronization
import Testing

@testable import OpniLogTraining

@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"))
struct TrainerTests {
    private func trained(
        _ configuration: TrainerConfiguration = .test(), on data: TrainingData = Samples.data()
    ) async throws -> (report: TrainingReport, model: [UInt8], vocabulary: [UInt8]) {
        let folder = TemporaryFolder()
        return try await withTrainer(configuration) { trainer in
            let report = try await trainer.train(on: data)
            try await trainer.save(to: folder.path)
            return (report, folder.read(ModelFile.name), folder.read(ModelFile.vocabularyName))
        }
    }

    @Test func aSmallLanguageIsLearnt() async throws {
        let (report, _, _) = try await trained(on: Samples.data(epochs: 2, steps: 60, closing: 12))
        let loss = try #require(report.heldOutLoss)
        let accuracy = try #require(report.heldOutAccuracy)
        #expect(loss < 1.5, "a guess at random has \(log(19.0))")
        #expect(accuracy > 0.5)
        #expect(report.heldOutAmong50 == 1)
        #expect(report.heldOutPerplexity == exp(loss))
        #expect(report.steps == 120)
        #expect(report.closingSteps == 12)
        #expect(report.logs == 132 * 8)
        #expect(report.rows > report.logs * 4)
        #expect(report.heldOutLogs == 16)
        #expect(report.device == "\(Prerequisites.device)")
        #expect(report.threads == 1)
    }

    @Test(arguments: [TrainingRecipe.ours, .original], [1, 2])
    func twoRunsWriteTheSameBytes(recipe: TrainingRecipe, threads: Int) async throws {
        let first = try await trained(.test(recipe: recipe, threads: threads))
        let second = try await trained(.test(recipe: recipe, threads: threads))
        #expect(!first.model.isEmpty)
        // Compared outside the macro, which would look for the difference of two million bytes for hours.
        let areSame = first.model == second.model
        #expect(areSame)
        #expect(first.vocabulary == second.vocabulary)
        #expect(first.report.tensorDigest == second.report.tensorDigest)
        #expect(first.report.tensorDigest.count == 64)
        let other = try await trained(.test(recipe: recipe, threads: threads, seed: 1))
        #expect(other.report.tensorDigest != first.report.tensorDigest)
    }

    @Test func progressTellsEveryStep() async throws {
        let steps = try await withTrainer(.test()) { trainer in
            async let all = trainer.progress.reduce(into: [TrainingProgress]()) { $0.append($1) }
            _ = try await trainer.train(on: Samples.data())
            return await all
        }
        #expect(steps.map(\.phase) == ([.fit](6) + [.evaluation](2))(2) + [.closing](2))
        #expect(steps.filter { $0.phase == .evaluation }.map(\.epoch) == [0, 0, 1, 1])
        #expect(steps.map(\.trained) == Array(1...6) + [6, 6] + Array(7...12) + [12, 12, 13, 14])
        #expect(steps.map { $0.figures != nil } == ([false](7) + [true])(2) + [false](2))
        #expect(steps.filter { $0.phase == .fit }.map(\.step) == Array(1...12))
        #expect(steps.filter { $0.phase == .fit }.map(\.epoch) == [0](6) + [1](6))
        #expect(steps.filter { $0.phase == .closing }.map(\.steps) == [2, 2])
        #expect(steps.allSatisfy { $0.loss > 0 && $0.rows > 0 && $0.logs == 8 })
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.seconds <= $1.seconds })
        #expect(steps.allSatisfy { ($0.learningRate == 0) == ($0.phase == .evaluation) })
    }

    @Test func aPerplexityBeyondAllNumbersCanBeWritten() throws {
        var held = TrainingPosition.HeldOut(logs: 1)
        (held.sums.sum, held.sums.weight) = (1500, 2)
        let figures = try #require(HeldOutFigures(held))
        #expect(figures.loss == 750)
        let written = try JSONDecoder().decode(HeldOutFigures.self, from: JSONEncoder().encode(figures))
        #expect(written == figures)
    }

    @Test func figuresAreTakenAfterEachEpoch() async throws {
        let (report, steps) = try await withTrainer(.test()) { trainer in
            async let all = trainer.progress.reduce(into: [TrainingProgress]()) { $0.append($1) }
            let report = try await trainer.train(on: Samples.data(epochs: 3, steps: 30))
            return (report, await all)
        }
        try #require(report.epochFigures.count == 3)
        #expect(report.epochFigures.map(\.epoch) == [0, 1, 2])
        #expect(report.epochFigures.map(\.heldOut) == steps.map(\.figures).filter { $0 != nil })
        let (first, last) = (try #require(report.epochFigures[0].heldOut), try #require(report.epochFigures[2].heldOut))
        #expect(first.loss > last.loss && first.accuracy < last.accuracy)
        #expect(first.perplexity == exp(first.loss) && first.logs == 16)
        #expect(last.loss == report.heldOutLoss && last.accuracy == report.heldOutAccuracy)
        #expect(report.epochFigures[2].trainLoss == report.trainLoss)
        #expect(report.evaluationSeconds > 0 && report.fitSeconds > 0)
        #expect(report.fitSeconds + report.evaluationSeconds < report.seconds)
        // What is looked at on the way moves nothing.
        var blind = Samples.data(epochs: 3, steps: 30)
        blind.heldOut = { Samples.batches([]) }
        #expect(try await trained(on: blind).report.tensorDigest == report.tensorDigest)
    }

    @Test func whoRecordsEveryStepIsToldBeforeItIsKept() async throws {
        let folder = TemporaryFolder()
        let told = Told()
        var configuration = TrainerConfiguration.test()
        configuration.checkpoints = CheckpointPolicy(directory: folder.path, interval: .zero, kept: 100)
        configuration.onProgress = { step in
            told.add(step.trained)
            let isKept = folder.names.contains(CheckpointFiles.name(step: step.trained) + ".pt")
            #expect(isKept == (step.phase == .evaluation))
        }
        try await withTrainer(configuration) { _ = try await $0.train(on: Samples.data()) }
        #expect(told.all == Array(1...6) + [6, 6] + Array(7...12) + [12, 12, 13, 14])
    }

    @Test func withoutHeldOutLinesThereAreNoFigures() async throws {
        var data = Samples.data()
        data.heldOut = { Samples.batches([]) }
        let (report, _, _) = try await trained(on: data)
        #expect(report.heldOutLoss == nil)
        #expect(report.heldOutAccuracy == nil)
        #expect(report.heldOutLogs == 0)
        #expect(report.epochFigures.map { $0.heldOut == nil } == [true, true])
    }

    @Test func filesAreTheOwnersOnly() async throws {
        let folder = TemporaryFolder()
        try await withTrainer(.test()) { trainer in
            _ = try await trainer.train(on: Samples.data())
            try await trainer.save(to: folder.path)
            try await trainer.save(to: folder.path)
        }
        #expect(folder.names == ["nulog_model_latest.pt", "vocab.txt"])
        for name in folder.names {
            var status = stat()
            #expect(stat("\(folder.path)/\(name)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test func whatIsSavedScoresAsItWasTrained() async throws {
        let folder = TemporaryFolder()
        let words = 80
        try await withTrainer(.test()) { trainer in
            _ = try await trainer.train(on: Samples.data(words: words, steps: 60))
            try await trainer.save(to: folder.path)
        }
        let scorer = try await Scorer(
            model: folder.path, bridge: Prerequisites.bridge, device: Prerequisites.device, threads: 1)
        let scores = try await scorer.score(
            masked: [[5, 8, 11, 14].map(Samples.word).joined(separator: " "), "neverseen"], explain: true)
        #expect(scores[0].tokens.map(\.word) == [5, 8, 11, 14].map(Samples.word))
        #expect(scores[1].tokens.map(\.word) == ["<UNK>"])
        #expect(scores.allSatisfy { (0...1).contains($0.score) })
    }

    @Test func nothingStaysAlive() async throws {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        // Other suites train beside this one, so a few models may be alive, but never one a round.
        let before = try await bridge.liveModels()
        for _ in 0..<12 {
            _ = try await withTrainer(.test()) { try await $0.train(on: Samples.data(epochs: 1, steps: 1)).steps }
        }
        #expect(try await bridge.liveModels() < before + 12)
    }
}

@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"))
struct TrainerFailureTests {
    private func failure(
        _ configuration: TrainerConfiguration = .test(), _ body: @Sendable (Trainer) async throws -> Void
    ) async -> TrainingError? {
        do {
            try await withTrainer(configuration) { try await body($0) }
            return nil
        } catch {
            return error as? TrainingError
        }
    }

    @Test func aLossThatIsNoNumberEndsTheRun() async throws {
        var recipe = TrainingRecipe.original
        recipe.peakLearningRate = 1e38
        let error = try #require(
            await failure(.test(recipe: recipe)) { _ = try await $0.train(on: Samples.data(steps: 20)) })
        #expect(error.code == .notFinite)
        #expect(error.message.hasPrefix("The loss of batch "))
        #expect(error.message.hasSuffix(" of the fit is no finite number; try another seed."))
    }

    @Test func theDatasetsFailureIsPassedOn() async throws {
        var data = Samples.data()
        data.closing = { _ in
            { () async throws(DatasetError) in throw DatasetError(.corruptFile, "The table is cut off.") }
        }
        let broken = data
        let error = try #require(await failure { _ = try await $0.train(on: broken) })
        #expect(error.code == .dataset)
        #expect((error.cause as? DatasetError)?.code == .corruptFile)
        #expect(error.description == "The dataset cannot be used. (cause: The table is cut off.)")
    }

    @Test func cancellingEndsBetweenTwoSteps() async throws {
        let (steps, continuation) = AsyncStream.makeStream(of: Void.self)
        let words = 24
        var data = Samples.data(words: words)
        data.fit = { _, _ in
            { () async throws(DatasetError) in
                continuation.yield()
                return Samples.sentences(4, words: words, seed: 1)
            }
        }
        data.stepsPerEpoch = .max / 4
        let endless = data
        let task = Task { try await withTrainer(.test()) { try await $0.train(on: endless).steps } }
        var seen = 0
        for await _ in steps {
            seen += 1
            if seen == 3 { break }
        }
        task.cancel()
        let error = try #require(await task.result.failure as? TrainingError)
        #expect(error.code == .cancelled)
        #expect(error.message == "The work was cancelled before its end; run it again.")
    }

    @Test func aTrainerTrainsOnceAndSavesAfterwards() async throws {
        let early = try #require(await failure { try await $0.save(to: "/nowhere") })
        #expect(early.message == "There is no trained model to save; train first.")
        let twice = try #require(
            await failure {
                _ = try await $0.train(on: Samples.data(epochs: 1, steps: 1))
                _ = try await $0.train(on: Samples.data(epochs: 1, steps: 1))
            })
        #expect(twice.code == .invalidSetting)
        #expect(twice.message == "A trainer trains once; open another with withTrainer.")
    }

    @Test func aFolderThatIsNotThere() async throws {
        let error = try #require(
            await failure {
                _ = try await $0.train(on: Samples.data(epochs: 1, steps: 1))
                try await $0.save(to: "/nowhere")
            })
        #expect(error.code == .unwritable)
    }

    @Test func aDiskThatIsFull() async throws {
        let error = try #require(
            await failure { trainer in
                _ = try await trainer.train(on: Samples.data(epochs: 1, steps: 1))
                let (model, _, file) = try trainer.trained()
                try await TorchThread.shared.run { () throws(TrainingError) in
                    let descriptor = open("/dev/full", O_WRONLY)
                    defer { close(descriptor) }
                    try model.write(to: descriptor, file)
                }
            })
        #expect(error.code == .unwritable)
        #expect(
            error.message
                == "the model cannot be written: No space left on device; look at the disk and the rights of the folder."
        )
    }
}

/// Numbers in the order in which they came.
private final class Told: Sendable {
    private let numbers = Mutex<[Int]>([])
    var all: [Int] { numbers.withLock { $0 } }
    func add(_ number: Int) { numbers.withLock { $0.append(number) } }
}

extension Array {
    /// `[element](count)`
    fileprivate func callAsFunction(_ count: Int) -> [Element] { (0..<count).flatMap { _ in self } }
}

extension Result {
    fileprivate var failure: Failure? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}
