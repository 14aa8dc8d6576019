import FoundationEssentials
import LogDataset
import Testing

@testable import OpniLogTraining

/// Our file as others read it.
@Suite(.enabled(if: Prerequisites.hasPython, "\(Prerequisites.pythonReason)"))
struct WritingTests {
    private struct Findings: Decodable {
        var epoch: Int
        var steps: [Double]
        var rate: Double
        var weightDecay: Double
        var logits: [Float]
    }

    @Test(arguments: [TrainingRecipe.ours, .original])
    func pythonReadsTheFileAndComputesTheSame(recipe: TrainingRecipe) async throws {
        let folder = TemporaryFolder()
        let words = 61
        try await withTrainer(.test(recipe: recipe)) { trainer in
            _ = try await trainer.train(on: Samples.data(words: words))
            try await trainer.save(to: folder.path)
        }
        let scorer = try await Scorer(
            model: folder.path, bridge: Prerequisites.bridge, device: Prerequisites.device, threads: 1)
        let text = "\(Samples.word(5)) \(Samples.word(9)) unseen \(Samples.word(60)) 123 \(Samples.word(5))"
        let logits = try await scorer.logits(masked: text)

        let script = "\(Prerequisites.package)/Tests/OpniLogTrainingTests/Archive/check_model.py"
        let model = "\(folder.path)/\(ModelFile.name)"
        let (output, status) = run(
            "echo '\(scorer.encode(MaskedText(text)))' | '\(Prerequisites.python)' '\(script)' '\(model)' \(words)")
        try #require(status == 0)
        let findings = try JSONDecoder().decode(Findings.self, from: Data(output.utf8))
        #expect(findings.epoch == 2)
        #expect(findings.steps == [14], "two epochs of six steps and two closing steps")
        #expect(findings.rate == 1e-3)
        #expect(findings.weightDecay == recipe.weightDecay)
        #expect(findings.logits.count == logits.count)
        #expect(zip(findings.logits, logits).allSatisfy { abs($0 - $1) < 1e-4 })
    }
}
