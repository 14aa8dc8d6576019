import LogDataset
import Testing

@testable import OpniLogTraining

/// Models that the original's torch wrote, in the form of their time.
@Suite(.enabled(if: Prerequisites.hasPython, "\(Prerequisites.pythonReason)"), .timeLimit(.minutes(30)))
struct OlderFormTests {
    private let folder = TemporaryFolder()

    /// Writes a model of ours, and by `torch.save` what `expression` makes of it.
    private func write(_ expression: String, words: Int = 30, isZip: Bool = true) async throws -> TrainingReport {
        let report = try await withTrainer(.test()) { trainer in
            let report = try await trainer.train(on: Samples.data(words: words))
            try await trainer.save(to: folder.path)
            return report
        }
        let path = "\(folder.path)/\(ModelFile.name)"
        let script =
            "import torch, collections; path = '\(path)'; file = torch.load(path); state = file['model_state_dict']; "
            + "torch.save(\(expression), path, _use_new_zipfile_serialization=\(isZip ? "True" : "False"))"
        try #require(run("'\(Prerequisites.python)' -c \"\(script)\"").status == 0)
        return report
    }

    private func expectSame(_ report: TrainingReport, optimiserSteps: Int) async throws {
        let scorer = try await Scorer(
            model: folder.path, bridge: Prerequisites.bridge, device: Prerequisites.device, threads: 1)
        #expect(try await scorer.score(masked: ["\(Samples.word(5)) \(Samples.word(8))"]).count == 1)
        var configuration = TrainerConfiguration.test()
        configuration.initialModel = try InitialModel(folder.path)
        let own = configuration
        let next = try await withTrainer(own) { try await $0.train(on: Samples.data(words: report.words, steps: 1)) }
        #expect(next.initialModel?.tensorDigest == report.tensorDigest)
        #expect(next.initialModel?.optimiserSteps == optimiserSteps)
    }

    @Test(arguments: [true, false])
    func aBareStateIsRead(isZip: Bool) async throws {
        let report = try await write("collections.OrderedDict(state)", isZip: isZip)
        try await expectSame(report, optimiserSteps: 0)
    }

    @Test func theFormBeforeZipIsReadWithItsOptimiser() async throws {
        let report = try await write("file", isZip: false)
        try await expectSame(report, optimiserSteps: 14)
    }

    /// Before torch 1.12 the steps were numbers.
    @Test func stepsThatAreNumbers() async throws {
        let report = try await write(
            "(file, [moments.update(step=14) for moments in file['optimizer_state_dict']['state'].values()])[0]")
        try await expectSame(report, optimiserSteps: 14)
    }

    @Test func anOptimiserThatDoesNotFitBeginsAnew() async throws {
        let report = try await write(
            "(file, file['optimizer_state_dict']['state'].pop(3), file['optimizer_state_dict']['state'][0]"
                + ".update(exp_avg=torch.zeros(3)))[0]")
        try await expectSame(report, optimiserSteps: 0)
    }

    /// From a negative count Adam would divide by zero.
    @Test(arguments: ["-1.0", "float('nan')", "1e30"])
    func anImpossibleNumberOfStepsBeginsAnew(step: String) async throws {
        let report = try await write(
            "(file, [moments.update(step=torch.tensor(\(step))) for moments in file['optimizer_state_dict']['state'].values()])[0]"
        )
        try await expectSame(report, optimiserSteps: 0)
    }

    @Test func aCutOrChangedFileIsAnError() async throws {
        _ = try await write("collections.OrderedDict(state)", words: 8, isZip: false)
        let bytes = folder.read(ModelFile.name)
        func verdict(_ bytes: [UInt8]) async -> TrainingError? {
            folder.write(bytes, to: ModelFile.name)
            do throws(TrainingError) {
                _ = try await Scorer(
                    model: folder.path, bridge: Prerequisites.bridge, device: Prerequisites.device, threads: 1)
                return nil
            } catch {
                return error
            }
        }
        #expect(await verdict(bytes) == nil)
        for part in 1..<20 {
            #expect(await verdict(Array(bytes[..<(bytes.count * part / 20)]))?.code == .badModel, "cut at \(part)/20")
        }
        #expect(await verdict(bytes.dropLast())?.message.hasPrefix("the file is cut off; ") == true)
        var random = Samples.Random(state: 7)
        // The pickles at the head, where a change can mean anything.
        for _ in 0..<60 {
            var changed = bytes
            for _ in 0..<1 + random.next(below: 3) {
                changed[15 + random.next(below: 6000)] = UInt8(random.next(below: 256))
            }
            let error = await verdict(changed)
            #expect(error == nil || error?.code == .badModel)
        }
    }
}
