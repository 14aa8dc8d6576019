import Glibc
import LogDataset

/// The first steps of a process on a GPU, taken before anything waits for them.
///
/// libtorch loads each of its kernels when it is first asked for, and the libraries of matrix products start with their
/// first product: together half a second. So a small model, which is thrown away, takes some steps while logs are read.
enum WarmUp {
    /// Runs `body` meanwhile; the steps are over when it returns. On a CPU there is nothing to do.
    static func during<R>(
        _ bridge: TorchBridge, _ facts: TorchFacts, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> R
    ) async throws -> R {
        guard case .cuda = facts.device else { return try await body() }
        let warming = Task {
            // Whatever is wrong with the device comes out where it matters, in the training.
            try? await TorchThread.shared.run { () throws(TrainingError) in try takeSteps(bridge, facts) }
        }
        do {
            let result = try await body()
            await warming.value
            return result
        } catch {
            // A process that ends while its GPU starts may crash.
            await warming.value
            throw error
        }
    }

    /// Products of another size may be another kernel: a small vocabulary and a large one.
    private static let words = [400, 6_400]

    /// All that a training does: steps, figures, a checkpoint. Called on `TorchThread`.
    static func takeSteps(_ bridge: TorchBridge, _ facts: TorchFacts) throws(TrainingError) {
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(nowhere) }
        for words in words {
            let model = try TorchModel.create(
                bridge, words: words, seed: 0,
                place: TorchModel.Place(device: facts.device, threads: facts.threads))
            for number in 0..<2 {
                _ = try model.step(
                    logs(words),
                    TorchModel.Step(learningRate: 1e-3, dropout: 0.1, number: UInt64(number), gradientNormLimit: 1))
            }
            _ = try model.evaluate(logs(words))
            if nowhere >= 0 {
                try model.write(
                    to: nowhere, ModelFile.Settings(epochs: 0, loss: 0, learningRate: 1e-3, weightDecay: 0))
            }
        }
    }

    /// A batch of the usual size, of logs of every length up to 40.
    private static func logs(_ words: Int) -> Batch {
        let lengths = (0..<128).map { Int32(3 + $0 % 38) }
        var tokens = [Int32](repeating: 0, count: lengths.count * Batch.length)
        for (row, length) in lengths.enumerated() {
            for position in 0..<Int(length) {
                tokens[row * Batch.length + position] = Int32(5 + (row * 31 + position * 7) % (words - 5))
            }
        }
        return Batch(tokens: tokens, lengths: lengths, multiplicities: lengths.map { _ in 1 })
    }
}
