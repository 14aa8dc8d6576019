// Trains from logs that a service holds itself: `swift run TrainFromService FOLDER`, with OPNILOG_TORCH or libtorch's
// bridge where `make libtorch` put it.

import LogDataset
import OpniLogTraining

@main
struct TrainFromService {
    static func main() async throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: TrainFromService FOLDER")
            return
        }
        let folder = CommandLine.arguments[1]
        var configuration = DatasetConfiguration(directory: folder)
        configuration.steps = StepPlan.Settings(samples: 400, epochs: 2, steps: 40)
        let dataset = StreamingLogDataset(source: RingBufferSource(logsPerHour: 500), configuration: configuration)

        let report = try await withTrainer { trainer in
            let report = try await trainer.train(on: dataset)
            try await trainer.save(to: folder)
            return report
        }
        print("\(report.steps) steps, held-out loss \(report.heldOutLoss.map { "\($0)" } ?? "none")")

        let scorer = try await Scorer(model: folder)
        for score in try await scorer.score(["kubelet started container web in pod shop/cart"]) {
            print(score.score < 0.7 ? "anomaly" : "normal", score.score)
        }
    }
}
