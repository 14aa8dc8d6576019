import FoundationEssentials
import LogDataset
import Testing

@testable import OpniLogTraining

/// The cheap way against the literal one (judge.py), in float64 without dropout.
@Suite(.enabled(if: Prerequisites.hasPython, "\(Prerequisites.pythonReason)"))
struct JudgeTests {
    struct Job: Encodable {
        struct Log: Encodable {
            var tokens: [Int32]
            var multiplicity: Int32
        }
        struct Tensor: Encodable {
            var name: String
            var shape: [Int]
        }
        var tensors: [Tensor]
        var learningRate: Double
        var weightDecay: Double
        var steps: [[Log]]
        var losses: [Double]
    }

    struct Verdict: Decodable {
        var loss: Double
        var gradient: Double
        var end: Double
    }

    /// Ten steps in the bridge; leaves the job and all tensors in `folder`.
    private func train(
        _ batches: [Batch], words: Int, weightDecay: Double, composed: Bool, mostVariants: Int?,
        in folder: TemporaryFolder
    ) async throws {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        _ = try await bridge.start(device: Prerequisites.device, threads: 2)
        let job = try await TorchThread.shared.run { () throws(TrainingError) in
            let place = TorchModel.Place(device: Prerequisites.device, isDouble: true)
            let model = try TorchModel.create(
                bridge, words: words, seed: 7, place: place, composed: composed, mostVariants: mostVariants)
            let tensors = try model.tensors()
            func dump(_ kind: TorchModel.Kind, _ name: String) throws(TrainingError) {
                for (index, tensor) in tensors.enumerated() {
                    let numbers = try model.numbers(of: index, count: tensor.count, kind)
                    numbers.withUnsafeBytes { folder.write($0, to: "\(name)-\(tensor.name)") }
                }
            }
            try dump(.value, "start")
            var losses: [Double] = []
            for (number, batch) in batches.enumerated() {
                let step = TorchModel.Step(
                    learningRate: 3e-3, weightDecay: weightDecay, seed: 1, number: UInt64(number))
                losses.append(try model.step(batch, step).mean)
                if number == 0 { try dump(.gradient, "gradient") }
            }
            try dump(.value, "end")
            return Job(
                tensors: tensors.map { Job.Tensor(name: $0.name, shape: $0.shape) }, learningRate: 3e-3,
                weightDecay: weightDecay, steps: batches.map(Self.logs), losses: losses)
        }
        folder.write(try Array(JSONEncoder().encode(job)), to: "job.json")
    }

    private static func logs(_ batch: Batch) -> [Job.Log] {
        (0..<batch.rows).map { row in
            let start = row * Batch.length
            return Job.Log(
                tokens: Array(batch.tokens[start..<start + Int(batch.lengths[row])]),
                multiplicity: batch.multiplicities[row])
        }
    }

    /// As on a CPU, as on a GPU, and a batch in parts.
    @Test(arguments: [(0, false, nil), (0.005, false, nil), (0.005, true, 40)])
    func lossGradientsAndTenStepsAreTheLiteralModels(
        weightDecay: Double, composed: Bool, mostVariants: Int?
    ) async throws {
        let folder = TemporaryFolder()
        // Lengths on both sides of a vector's, the shortest, the longest, and equal ones.
        // Only the first batch has them all: the literal way is slow.
        let edges = [2, 3, 8, 9, 16, 17, 24, 25, 40, 41, 64, 5, 5]
        let batches = (0..<10).map {
            Samples.batch(lengths: $0 == 0 ? edges : [2, 5, 5, 11], words: 70, seed: UInt64($0))
        }
        try await train(
            batches, words: 70, weightDecay: weightDecay, composed: composed, mostVariants: mostVariants, in: folder)
        let script = "\(Prerequisites.package)/Tests/OpniLogTrainingTests/Trainer/judge.py"
        let (output, status) = run("'\(Prerequisites.python)' '\(script)' '\(folder.path)'")
        try #require(status == 0)
        let verdict = try JSONDecoder().decode(Verdict.self, from: Data(output.utf8))
        #expect(verdict.loss < 1e-9)
        #expect(verdict.gradient < 1e-9)
        #expect(verdict.end < 1e-9)
    }
}
