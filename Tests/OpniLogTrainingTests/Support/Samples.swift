import LogDataset

@testable import OpniLogTraining

/// Small batches and data to train on, as functions of a seed.
enum Samples {
    /// A vocabulary of `count` ids.
    static func vocabulary(_ count: Int) -> Vocabulary {
        Vocabulary(words: (Vocabulary.Reserved.names.count..<count).map(word))
    }

    /// The word of an id: letters alone, because two digits make a number.
    static func word(_ id: Int) -> String {
        let letter = { (value: Int) in String(UnicodeScalar(UInt8(97 + value % 26))) }
        return "w" + letter(id / 26) + letter(id)
    }

    /// A batch whose logs have the lengths given; equal arguments give an equal batch.
    ///
    /// - Parameters:
    ///   - lengths: Tokens of each log, `<CLS>` included.
    ///   - words: Ids are below this.
    ///   - seed: Of the ids and multiplicities.
    static func batch(lengths: [Int], words: Int, seed: UInt64 = 1) -> Batch {
        var random = Random(state: seed)
        let logs = lengths.map { length in
            [Vocabulary.Reserved.start] + (1..<length).map { _ in Int32(3 + random.next(below: words - 3)) }
        }
        let plain = Batch(logs: logs)
        return Batch(
            tokens: plain.tokens, lengths: plain.lengths,
            multiplicities: lengths.map { _ in Int32(1 + random.next(below: 3)) })
    }

    /// Logs of a small language that can be learnt: each word follows from the one before.
    static func sentences(_ count: Int, words: Int, seed: UInt64) -> Batch {
        var random = Random(state: seed)
        let logs = (0..<count).map { _ in
            let first = random.next(below: words - 5)
            return [Vocabulary.Reserved.start]
                + (0..<4 + random.next(below: 8)).map { Int32(5 + (first + 3 * $0) % (words - 5)) }
        }
        return Batch(logs: logs)
    }

    /// Data of one small run.
    static func data(words: Int = 24, epochs: Int = 2, steps: Int = 6, closing: Int = 2) -> TrainingData {
        TrainingData(
            vocabulary: vocabulary(words), epochs: epochs, stepsPerEpoch: steps, closingSteps: closing,
            heldOutBatches: 2, settings: [TrainingSetting("table", "\(words) words, \(epochs) × \(steps) steps")],
            fit: { epoch, done in
                batches((done..<steps).map { sentences(8, words: words, seed: UInt64(epoch * steps + $0)) })
            },
            heldOut: { batches((0..<2).map { sentences(8, words: words, seed: UInt64(1000 + $0)) }) },
            closing: { done in
                batches((done..<closing).map { sentences(8, words: words, seed: UInt64(2000 + $0)) })
            },
            unseen: { () async throws(DatasetError) in nil })
    }

    static func batches(_ all: [Batch]) -> TrainingData.Batches {
        var rest = all[...]
        return { () async throws(DatasetError) in rest.popFirst() }
    }

    /// SplitMix64.
    struct Random {
        var state: UInt64

        mutating func next(below bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
        }
    }
}

extension TrainerConfiguration {
    /// For tests: on the CPU, through the bridge that is there.
    static func test(recipe: TrainingRecipe = .ours, threads: Int = 1, seed: UInt64 = 0) -> TrainerConfiguration {
        TrainerConfiguration(
            bridge: Prerequisites.bridge, device: Prerequisites.device, threads: threads, recipe: recipe, seed: seed)
    }
}
