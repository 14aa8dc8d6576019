import LogDataset
import Testing

@testable import OpniLogTraining

/// Properties of one step that need no judge.
@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"))
struct StepTests {
    private static let words = NewModel.words

    private static func gradients(_ model: TorchModel) throws(TrainingError) -> [Double] {
        var all: [Double] = []
        for (index, tensor) in try model.tensors().enumerated() {
            all += try model.numbers(of: index, count: tensor.count, .gradient)
        }
        return all
    }

    private static func difference(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test func aMultiplicityIsAsManyEqualRows() async throws {
        let logs: [[Int32]] = [[1, 5, 6, 7], [1, 9, 8]]
        let folded = Batch(
            tokens: Batch(logs: logs).tokens, lengths: Batch(logs: logs).lengths, multiplicities: [3, 1])
        let unfolded = Batch(logs: [logs[0], logs[0], logs[0], logs[1]])
        let gradients = try await withNewModel { model throws(TrainingError) in
            try [folded, unfolded].map { batch throws(TrainingError) in
                let loss = try model.step(batch, .init(learningRate: 0, isApplied: false))
                return [loss.mean] + (try Self.gradients(model))
            }
        }
        #expect(Self.difference(gradients[0], gradients[1]) < 1e-12)
    }

    @Test func theOrderOfLogsChangesNothingButRounding() async throws {
        let logs: [[Int32]] = [[1, 5, 6, 7], [1, 9, 8], [1] + Array(5..<30)]
        let gradients = try await withNewModel { model throws(TrainingError) in
            try [logs, logs.reversed()].map { logs throws(TrainingError) in
                _ = try model.step(Batch(logs: logs), .init(learningRate: 0, isApplied: false))
                return try Self.gradients(model)
            }
        }
        #expect(Self.difference(gradients[0], gradients[1]) < 1e-12)
    }

    /// More rows than a chunk of logits has.
    @Test func largeBatchesAreCutWithoutATrace() async throws {
        let words = 3000
        let large = Samples.batch(lengths: [Int](repeating: 64, count: 150), words: words)
        let parts = [0..<75, 75..<150].map { range in
            Batch(
                tokens: Array(large.tokens[range.lowerBound * 64..<range.upperBound * 64]),
                lengths: Array(large.lengths[range]), multiplicities: Array(large.multiplicities[range]))
        }
        let (whole, halves) = try await withNewModel(words: words) { model throws(TrainingError) in
            let step = TorchModel.Step(learningRate: 0, isApplied: false)
            return (
                try model.step(large, step), try parts.map { part throws(TrainingError) in try model.step(part, step) }
            )
        }
        #expect(whole.variants == 150 * 63)
        #expect(halves.map(\.variants).reduce(0, +) == whole.variants)
        #expect(abs(halves.map(\.sum).reduce(0, +) - whole.sum) < 1e-7)
    }

    /// Dropout and unknown words belong to a log, wherever a batch is cut and whatever computes it.
    ///
    /// With a thousand short logs more than a group of the attention holds beside two long ones.
    @Test(arguments: [0, 1_030]) func theWayOfComputingChangesNothingButRounding(short: Int) async throws {
        let lengths = [2, 5, 8, 9, 12, 17, 30, 41, 64, 5, 64, 33] + [Int](repeating: 2, count: short)
        let batch = Samples.batch(lengths: lengths, words: Self.words)
        var all: [[Double]] = []
        for (device, composed, mostVariants, threads) in [
            (.cpu, false, nil, 1), (Prerequisites.device, false, nil, 2), (Prerequisites.device, false, 1, 1),
            (Prerequisites.device, false, 70, 2), (.cpu, true, nil, 1), (.cpu, true, 70, 2),
        ] as [(ComputeDevice, Bool, Int?, Int)] {
            all.append(
                try await withNewModel(on: device, threads: threads, composed: composed, mostVariants: mostVariants) {
                    model throws(TrainingError) in
                    let step = TorchModel.Step(
                        learningRate: 0, dropout: 0.1, unknownShare: 0.1, seed: 4, number: 2, isApplied: false)
                    let loss = try model.step(batch, step)
                    let evaluated = try model.evaluate(batch)
                    return [loss.sum, evaluated.sum, evaluated.first, evaluated.among50] + (try Self.gradients(model))
                })
        }
        for other in all.dropFirst() { #expect(Self.difference(all[0], other) < 1e-9) }
    }

    @Test func lossesBeforeOneThatIsNoNumberAreNotLost() async throws {
        let batch = Batch(logs: [[1, 5, 6]])
        let (good, error, moved) = try await withNewModel(isDouble: false) { model throws(TrainingError) in
            try model.begin(batch, .init(learningRate: 1e38))
            let before = try model.numbers(of: 0, count: 256 * 256)
            try model.begin(batch, .init(learningRate: 1e38))
            let good = try model.losses(waiting: true)
            var fault: TrainingError?
            do throws(TrainingError) { _ = try model.losses(waiting: true) } catch { fault = error }
            return (good, fault, try model.numbers(of: 0, count: 256 * 256) != before)
        }
        #expect(good.count == 1 && good.allSatisfy { $0.sums.sum.isFinite })
        #expect(error?.code == .notFinite)
        #expect(!moved, "with a loss that is no number nothing moves")
    }

    @Test func rowsWithoutAGradientMoveUnderWeightDecay() async throws {
        let batch = Batch(logs: [[1, 5, 6]])
        let (before, after) = try await withNewModel { model throws(TrainingError) in
            let tensors = try model.tensors()
            let index = tensors.firstIndex { $0.name == "src_embed.0.lut.weight" } ?? 0
            let before = try model.numbers(of: index, count: tensors[index].count)
            _ = try model.step(batch, .init(learningRate: 1e-3, weightDecay: 0.005))
            return (before, try model.numbers(of: index, count: tensors[index].count))
        }
        let row = 20 * 256..<21 * 256
        for (old, new) in zip(before[row], after[row]) {
            // Adam normalises the decay: the step is the rate, but for its epsilon.
            let decay = 0.005 * old
            #expect(abs(old - new - 1e-3 * decay / (abs(decay) + 1e-8)) < 1e-9)
        }
    }

    /// Adam's first moment after its first step is a tenth of the gradient that it was given.
    @Test(arguments: [(nil, 1), (1e6, 1), (0.25, 0.25)] as [(Double?, Double)])
    func aLongGradientIsShortened(limit: Double?, length: Double) async throws {
        let batch = Samples.batch(lengths: [5, 12, 30], words: Self.words)
        let (gradient, given) = try await withNewModel { model throws(TrainingError) in
            _ = try model.step(batch, TorchModel.Step(learningRate: 1e-3, gradientNormLimit: limit))
            var moments: [Double] = []
            for (index, tensor) in try model.tensors().enumerated() {
                moments += try model.numbers(of: index, count: tensor.count, .firstMoment)
            }
            let plain = try TorchModel.create(
                model.bridge, words: Self.words, seed: 3,
                place: TorchModel.Place(device: Prerequisites.device, isDouble: true))
            _ = try plain.step(batch, TorchModel.Step(learningRate: 0, isApplied: false))
            return (try Self.gradients(plain), moments.map { $0 * 10 })
        }
        let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(norm > 1)
        let scale = length < 1 ? length / norm : 1
        // The factor is a float32 number, whatever the model's type.
        #expect(Self.difference(gradient.map { $0 * scale }, given) < 1e-6)
    }

    @Test func dropoutIsAFunctionOfSeedAndStep() async throws {
        let batch = Samples.batch(lengths: [5, 12, 30], words: Self.words)
        let losses = try await withNewModel { model throws(TrainingError) in
            let cases: [(seed: UInt64, number: UInt64)] = [(0, 0), (0, 0), (0, 1), (1, 0)]
            return try cases.map { (seed, number) throws(TrainingError) in
                let step = TorchModel.Step(
                    learningRate: 0, dropout: 0.1, unknownShare: 0.1, seed: seed, number: number, isApplied: false)
                return try model.step(batch, step).mean
            }
        }
        #expect(losses[0] == losses[1])
        #expect(Set(losses).count == 3)
    }

    /// Shown `<UNK>` everywhere, a log is only its length and its labels.
    @Test func unknownWordsHideTheContextButNotTheLabel() async throws {
        let losses = try await withNewModel { model throws(TrainingError) in
            try [[1, 5, 6, 7], [1, 5, 20, 7]].map { (log: [Int32]) throws(TrainingError) in
                let batch = Batch(logs: [log])
                let step = TorchModel.Step(learningRate: 0, unknownShare: 1, isApplied: false)
                let all = try model.step(batch, step).sum
                let hidden = try model.step(Batch(logs: [[1, 3, 3, 3]]), step).sum
                return (all, hidden)
            }
        }
        #expect(losses[0].1 == losses[1].1)
        #expect(losses[0].0 != losses[1].0)
        #expect(losses[0].0 != losses[0].1)
    }

    @Test func evaluationDropsNothing() async throws {
        let batch = Samples.batch(lengths: [5, 12, 30], words: Self.words)
        let (evaluated, stepped) = try await withNewModel { model throws(TrainingError) in
            (try model.evaluate(batch), try model.step(batch, .init(learningRate: 0, isApplied: false)))
        }
        #expect(abs(evaluated.sum - stepped.sum) < 1e-9)
        #expect(evaluated.weight == stepped.weight)
        #expect(evaluated.among50 == evaluated.weight, "a vocabulary of 40 is always among the 50 highest")
        #expect(evaluated.first <= evaluated.among50)
    }

    @Test func initialValuesHaveTheBoundOfTheFullVocabulary() async throws {
        let values = try await withNewModel { model throws(TrainingError) in
            let tensors = try model.tensors()
            return try tensors.enumerated().map { (index, tensor) throws(TrainingError) in
                (tensor.name, try model.numbers(of: index, count: tensor.count))
            }
        }
        for (name, numbers) in values {
            let largest = numbers.map(abs).max() ?? 0
            switch name {
            case "src_embed.0.lut.weight", "generator.proj.weight":
                #expect(largest <= (6.0 / 10256).squareRoot() && largest > 0.99 * (6.0 / 10256).squareRoot())
            case let name where name.hasSuffix("a_2"): #expect(numbers.allSatisfy { $0 == 1 })
            case let name where name.hasSuffix("b_2"): #expect(numbers.allSatisfy { $0 == 0 })
            case let name where name.hasSuffix("bias"): #expect(largest <= 1.0 / 16)
            default: #expect(largest <= (6.0 / 512).squareRoot() && largest > 0.99 * (6.0 / 512).squareRoot())
            }
        }
    }
}
