import LogDataset
import Testing

@testable import OpniLogTraining

/// The fit that is thrown away, for figures on templates that it has not seen.
@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"), .timeLimit(.minutes(30)))
struct UnseenFitTests {
    private let folder = TemporaryFolder()

    /// Data whose other part has fewer words, or fails to be had.
    private func data(failing: Bool = false) -> TrainingData {
        var data = Samples.data()
        data.unseen = { () async throws(DatasetError) in
            if failing { throw DatasetError(.corruptFile, "cut off") }
            return .init(data: Samples.data(words: 20, closing: 0), templates: 9, unseenTemplates: 1)
        }
        return data
    }

    private func train(
        _ data: TrainingData, measuring: Bool = true, _ policy: CheckpointPolicy? = nil
    ) async throws -> (report: TrainingReport, steps: [TrainingProgress]) {
        var configuration = TrainerConfiguration.test()
        (configuration.measuresUnseen, configuration.checkpoints) = (measuring, policy)
        let own = configuration
        return try await withTrainer(own) { trainer in
            async let all = trainer.progress.reduce(into: [TrainingProgress]()) { $0.append($1) }
            let report = try await trainer.train(on: data)
            return (report, await all)
        }
    }

    @Test func itsFiguresAreThoseOfAFitByItself() async throws {
        let (report, steps) = try await train(data())
        let alone = try await train(Samples.data(words: 20, closing: 0), measuring: false).report
        let unseen = try #require(report.unseen)
        #expect(unseen.figures == alone.epochFigures.last?.heldOut)
        #expect(unseen.templates == 9 && unseen.unseenTemplates == 1 && unseen.words == 20)
        // What is delivered is not touched by it.
        let plain = try await train(data(), measuring: false)
        #expect(report.tensorDigest == plain.report.tensorDigest && plain.report.unseen == nil)
        #expect(steps.dropLast(12).map(\.phase) == plain.steps.map(\.phase))
        #expect(steps.suffix(12).allSatisfy { $0.phase == .unseen })
        #expect(steps.suffix(12).map(\.step) == Array(1...12))
    }

    @Test func whatIsTrainedIsKeptBeforeIt() async throws {
        let events = Events()
        let policy = CheckpointPolicy(
            directory: folder.path, interval: .seconds(3600), resumes: true, onEvent: { events.add($0) })
        let error = await #expect(throws: TrainingError.self) { try await train(data(failing: true), policy) }
        #expect(error?.code == .dataset)
        let resumed = try await train(data(), policy)
        #expect(events.all == [.resumed(step: 14, of: 14)])
        let whole = try await train(data()).report
        #expect(resumed.report.tensorDigest == whole.tensorDigest)
        #expect(resumed.report.unseen?.figures == whole.unseen?.figures)
        #expect(resumed.steps.map(\.phase) == .init(repeating: .unseen, count: 12))
    }

    /// A rate at which the first step is good and the second is not. The model is trained by then.
    @Test func oneThatGoesAstraySaysSo() async throws {
        var data = Samples.data(epochs: 1, steps: 1, closing: 0)
        data.heldOut = { Samples.batches([]) }
        data.unseen = { () async throws(DatasetError) in
            .init(data: Samples.data(epochs: 1, steps: 2), templates: 9, unseenTemplates: 1)
        }
        var configuration = TrainerConfiguration.test(recipe: .original)
        configuration.recipe.peakLearningRate = 1e30
        configuration.measuresUnseen = true
        let (own, wild) = (configuration, data)
        let error = await #expect(throws: TrainingError.self) {
            try await withTrainer(own) { trainer in
                do {
                    _ = try await trainer.train(on: wild)
                } catch {
                    try await trainer.save(to: folder.path)
                    throw error
                }
            }
        }
        #expect(folder.names == [ModelFile.name, ModelFile.vocabularyName])
        #expect(error?.code == .failed)
        #expect(error?.message.hasPrefix("The fit for figures on unseen templates went astray; go on without") == true)
    }

    @Test func withoutTwoSidesThereIsNone() async throws {
        #expect(try await train(Samples.data()).report.unseen == nil)
    }
}
