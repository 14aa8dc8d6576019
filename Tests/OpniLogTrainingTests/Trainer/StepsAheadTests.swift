import LogDataset
import Synchronization
import Testing

@testable import OpniLogTraining

/// Steps that are begun before the one before them is known to be over, as on a GPU.
@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"), .timeLimit(.minutes(30)))
struct StepsAheadTests {
    private final class Told: Sendable {
        private let all = Mutex<[TrainingProgress]>([])

        func add(_ progress: TrainingProgress) { all.withLock { $0.append(progress) } }

        /// Without the times.
        var steps: [TrainingProgress] {
            all.withLock { all in
                all.map { progress in
                    var step = progress
                    (step.seconds, step.waitedSeconds) = (0, 0)
                    return step
                }
            }
        }
    }

    /// A whole run with so many calls on their way at once.
    private func run(
        _ ahead: Int, _ told: Told, recipe: TrainingRecipe = .ours
    ) async throws -> TrainingReport {
        let (data, configuration) = (Samples.data(), TrainerConfiguration.test(recipe: recipe))
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        let facts = try await bridge.start(device: Prerequisites.device, threads: 1)
        let start = try await TorchThread.shared.run { () throws(TrainingError) in
            try TrainingStart(bridge, facts, configuration, data)
        }
        var run = TrainingRun(start, on: data, configuration, jobsAhead: ahead) { told.add($0) }
        var report = try await run.run(facts) { _ in nil }
        (report.seconds, report.fitSeconds, report.evaluationSeconds) = (0, 0, 0)
        return report
    }

    @Test func theModelAndWhatIsToldAreTheSame() async throws {
        let (one, three) = (Told(), Told())
        #expect(try await run(0, one) == run(3, three))
        #expect(one.steps.count == 2 * (6 + 2) + 2)
        #expect(one.steps == three.steps)
    }

    @Test(arguments: [0, 1, 4])
    func aLossThatIsNoNumberIsNamedByItsBatch(ahead: Int) async throws {
        var recipe = TrainingRecipe.original
        recipe.peakLearningRate = 1e30
        let (wild, told) = (recipe, Told())
        let error = await #expect(throws: TrainingError.self) { try await run(ahead, told, recipe: wild) }
        #expect(error?.message == "The loss of batch 1 of the fit is no finite number; try another seed.")
        #expect(told.steps.map(\.step) == [1])
    }
}
