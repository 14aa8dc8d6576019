import FoundationEssentials
import LogDataset
import Testing

@testable import OpniLogTraining

/// The variants of a log share its dropout: the mean gradient must be that of the literal model (judge_dropout.py), in
/// which every row has masks of its own.
@Suite(.enabled(if: Prerequisites.hasPython, "\(Prerequisites.pythonReason)"))
struct DropoutLawTests {
    struct Job: Encodable {
        struct Tensor: Encodable {
            var name: String
            var shape: [Int]
        }
        var tensors: [Tensor]
        var log: [Int32]
        var dropout: Double
        var copies: Int
        var steps: Int
        var stride: Int
    }

    struct Verdict: Decodable {
        /// Numbers of the gradient that were compared, and the largest difference of means in standard errors.
        var numbers: Int
        var largest: Double
        /// Mean square of the differences in standard errors: 1 where the means are equal.
        var meanSquare: Double
        /// Our gradient's variance over the literal one's.
        var varianceRatio: Double
        /// The same two figures against a literal model whose dropout is 0.02 larger.
        var otherLargest: Double
        var otherMeanSquare: Double
    }

    /// 1,000 steps of ten copies of a log: 10,000 draws of its masks.
    @Test func theMeanGradientIsTheLiteralModels() async throws {
        let folder = TemporaryFolder()
        let (words, stride, steps, copies) = (12, 61, 1000, 10)
        let log: [Int32] = [1, 5, 9, 6, 7, 11]
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        _ = try await bridge.start(device: Prerequisites.device, threads: 1)
        let job = try await TorchThread.shared.run { () throws(TrainingError) in
            let place = TorchModel.Place(device: Prerequisites.device, isDouble: true)
            let model = try TorchModel.create(bridge, words: words, seed: 5, place: place)
            let tensors = try model.tensors()
            for (index, tensor) in tensors.enumerated() {
                let numbers = try model.numbers(of: index, count: tensor.count, .value)
                numbers.withUnsafeBytes { folder.write($0, to: "start-\(tensor.name)") }
            }
            let batch = Batch(logs: [[Int32]](repeating: log, count: copies))
            var gradients: [Double] = []
            for number in 0..<steps {
                let step = TorchModel.Step(
                    learningRate: 0, dropout: 0.1, seed: 11, number: UInt64(number), isApplied: false)
                _ = try model.step(batch, step)
                for (index, tensor) in tensors.enumerated() {
                    let all = try model.numbers(of: index, count: tensor.count, .gradient)
                    for place in Swift.stride(from: 0, to: all.count, by: stride) { gradients.append(all[place]) }
                }
            }
            gradients.withUnsafeBytes { folder.write($0, to: "gradients") }
            return Job(
                tensors: tensors.map { Job.Tensor(name: $0.name, shape: $0.shape) }, log: log, dropout: 0.1,
                copies: copies, steps: steps, stride: stride)
        }
        folder.write(try Array(JSONEncoder().encode(job)), to: "job.json")
        let script = "\(Prerequisites.package)/Tests/OpniLogTrainingTests/Trainer/judge_dropout.py"
        let (output, status) = run("'\(Prerequisites.python)' '\(script)' '\(folder.path)'")
        try #require(status == 0)
        let verdict = try JSONDecoder().decode(Verdict.self, from: Data(output.utf8))
        print("dropout: \(output)")
        // Bonferroni: that one of the 10⁴ normal numbers lies further out has a chance of one in a thousand.
        #expect(verdict.largest < 5.4)
        #expect(verdict.meanSquare < 1.4)
        #expect(verdict.otherLargest > 5.4 && verdict.otherMeanSquare > 1.4, "the comparison would see a wrong law")
    }
}
