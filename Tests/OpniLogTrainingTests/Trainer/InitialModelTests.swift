import LogDataset
import Testing

@testable import OpniLogTraining

/// A training that begins with another's model.
@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"), .timeLimit(.minutes(5)))
struct InitialModelTests {
    private let folder = TemporaryFolder()
    private let checkpoints = TemporaryFolder()

    /// Trains a model of 24 words and saves it.
    private func made(_ words: Int = 24, steps: Int = 6) async throws -> TrainingReport {
        try await withTrainer(.test()) { trainer in
            let report = try await trainer.train(on: Samples.data(words: words, steps: steps))
            try await trainer.save(to: folder.path)
            return report
        }
    }

    private func configuration(seed: UInt64 = 0) throws -> TrainerConfiguration {
        var configuration = TrainerConfiguration.test(seed: seed)
        configuration.initialModel = try InitialModel(folder.path)
        return configuration
    }

    private func start(_ words: Vocabulary, seed: UInt64 = 0) async throws -> (start: TrainingStart, old: TorchModel) {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        let facts = try await bridge.start(device: .cpu, threads: 1)
        var data = Samples.data()
        data.vocabulary = words
        let (configuration, path, larger) = (
            try configuration(seed: seed), "\(folder.path)/\(ModelFile.name)", data
        )
        return try await TorchThread.shared.run { () throws(TrainingError) in
            (
                try TrainingStart(bridge, facts, configuration, larger),
                try TorchModel.read(bridge, path: path, place: .init(device: .cpu), toTrainWith: 0)
            )
        }
    }

    @Test func knownWordsKeepTheirRowsAndNewOnesBeginBySeed() async throws {
        let report = try await made()
        let larger = Vocabulary(continuing: Samples.vocabulary(24), counts: [("new", 2), ("other", 1)])
        let (start, old) = try await start(larger, seed: 5)
        #expect(
            start.position.initial
                == InitialModelRecord(
                    tensorDigest: report.tensorDigest, words: 24, addedWords: 2, optimiserSteps: 14))
        let bridge = start.model.bridge
        try await TorchThread.shared.run { () throws(TrainingError) in
            let fresh = try TorchModel.create(bridge, words: 26, seed: 5, place: .init(device: .cpu))
            #expect(start.model.words == 26)
            for (index, tensor) in try start.model.tensors().enumerated() {
                let isByWord = tensor.shape[0] == 26
                let known = isByWord ? tensor.count / 26 * 24 : tensor.count
                for kind in [TorchModel.Kind.value, .firstMoment, .secondMoment] {
                    let now = try start.model.numbers(of: index, count: tensor.count, kind)
                    let before = try old.numbers(of: index, count: known, kind)
                    #expect(Array(now[..<known]) == before, "\(tensor.name) \(kind)")
                    let begun = try Array(fresh.numbers(of: index, count: tensor.count)[known...])
                    #expect(Array(now[known...]) == (kind == .value ? begun : begun.map { _ in 0 }))
                }
            }
        }
    }

    /// As the original writes it: rows for words to come, which have names of their own.
    @Test func rowsWithoutAWordAreUsedFirst() async throws {
        _ = try await made()
        let names = Samples.vocabulary(24).words
        let lines = ["24", "20"] + names[..<20] + (20..<24).map { "<TMP\($0)>" }
        folder.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: ModelFile.vocabularyName)
        let initial = try InitialModel(folder.path)
        let larger = Vocabulary(continuing: initial.vocabulary, counts: [("new", 2), ("other", 1)])
        #expect(larger.count == 24 && larger.assigned == 22)
        let (start, old) = try await start(larger, seed: 5)
        let bridge = start.model.bridge
        try await TorchThread.shared.run { () throws(TrainingError) in
            let fresh = try TorchModel.create(bridge, words: 24, seed: 5, place: .init(device: .cpu))
            for (index, tensor) in try start.model.tensors().enumerated() where tensor.shape[0] == 24 {
                let all = try [start.model, old, fresh].map { model throws(TrainingError) in
                    try model.numbers(of: index, count: tensor.count)
                }
                for row in 0..<24 {
                    let part = row * tensor.count / 24..<(row + 1) * tensor.count / 24
                    let origin = (20..<22).contains(row) ? all[2] : all[1]
                    #expect(all[0][part] == origin[part], "\(tensor.name), row \(row)")
                }
            }
        }
    }

    @Test func whatWasLearntIsKept() async throws {
        let first = try await made(steps: 60)
        var next = Samples.data(epochs: 1, steps: 1)
        next.settings = [TrainingSetting("table", "another")]
        let data = next
        let report = try await withTrainer(configuration(seed: 3)) { try await $0.train(on: data) }
        let (before, now) = (try #require(first.heldOutLoss), try #require(report.heldOutLoss))
        #expect(now < before * 1.2, "\(now) after \(before); a new model has some 3")
        #expect(report.initialModel?.tensorDigest == first.tensorDigest)
        #expect(report.initialModel?.addedWords == 0)
    }

    @Test func goesOnToTheBitAndOnlyWithTheSameModel() async throws {
        _ = try await made()
        var configuration = try configuration()
        let whole = try await withTrainer(configuration) { try await $0.train(on: Samples.data()) }
        #expect(whole.initialModel?.optimiserSteps == 14)
        configuration.checkpoints = CheckpointPolicy(directory: checkpoints.path, interval: .zero, resumes: true)
        let kept = configuration
        var broken = Samples.data()
        broken.closing = { _ in { () async throws(DatasetError) in throw DatasetError(.corruptFile, "cut off") } }
        let cut = broken
        await #expect(throws: TrainingError.self) {
            try await withTrainer(kept) { try await $0.train(on: cut) }
        }
        let resumed = try await withTrainer(kept) { try await $0.train(on: Samples.data()) }
        #expect(resumed.tensorDigest == whole.tensorDigest)
        #expect(resumed.initialModel == whole.initialModel)

        var without = configuration
        without.initialModel = nil
        let plain = without
        let error = await #expect(throws: TrainingError.self) {
            try await withTrainer(plain) { try await $0.train(on: Samples.data()) }
        }
        #expect(error?.code == .invalidSetting)
        #expect(error?.message.contains("has another initial model: ") == true)
        #expect(error?.message.contains("… there, none now;") == true)
    }

    @Test func aVocabularyThatIsNotContinuedIsRefused() async throws {
        _ = try await made()
        for words in [Samples.vocabulary(23), Vocabulary(words: (5..<24).reversed().map(Samples.word))] {
            var data = Samples.data()
            data.vocabulary = words
            let other = data
            let error = await #expect(throws: TrainingError.self) {
                try await withTrainer(configuration()) { try await $0.train(on: other) }
            }
            #expect(error?.code == .invalidSetting)
            #expect(error?.message.hasPrefix("The dataset's words have other ids than those of the model") == true)
        }
    }

    @Test func aVocabularyOfAnotherModelIsRefused() async throws {
        _ = try await made()
        try Samples.vocabulary(30).write(to: "\(folder.path)/\(ModelFile.vocabularyName)")
        var data = Samples.data()
        data.vocabulary = Samples.vocabulary(30)
        let other = data
        let error = await #expect(throws: TrainingError.self) {
            try await withTrainer(configuration()) { try await $0.train(on: other) }
        }
        #expect(error?.code == .badModel)
        #expect(error?.message.hasPrefix("The model has 24 words and its vocabulary 30, so they are not") == true)
        let missing = #expect(throws: TrainingError.self) { try InitialModel("/nowhere") }
        #expect(missing?.code == .badModel)
        #expect(missing?.message == "The vocabulary of the model to train on cannot be used.")
    }

    @Test func unseenTemplatesAndAnInitialModelExcludeEachOther() async throws {
        _ = try await made()
        var configuration = try configuration()
        configuration.measuresUnseen = true
        let both = configuration
        let error = await #expect(throws: TrainingError.self) {
            try await withTrainer(both) { try await $0.train(on: Samples.data()) }
        }
        #expect(error?.code == .invalidSetting)
    }
}

/// Models that the original's torch wrote, in the form of their time.
@Suite(.enabled(if: Prerequisites.hasPython, "\(Prerequisites.pythonReason)"), .timeLimit(.minutes(5)))
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
        let scorer = try await Scorer(model: folder.path, bridge: Prerequisites.bridge, device: .cpu, threads: 1)
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

    @Test func aCutOrChangedFileIsAnError() async throws {
        _ = try await write("collections.OrderedDict(state)", words: 8, isZip: false)
        let bytes = folder.read(ModelFile.name)
        func verdict(_ bytes: [UInt8]) async -> TrainingError? {
            folder.write(bytes, to: ModelFile.name)
            do throws(TrainingError) {
                _ = try await Scorer(model: folder.path, bridge: Prerequisites.bridge, device: .cpu, threads: 1)
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

/// The original's own model: 384 rows, 5 + its words in use.
@Suite(.enabled(if: Prerequisites.hasReference, "\(Prerequisites.referenceReason)"))
struct OriginalModelTests {
    @Test func itIsTrainedOn() async throws {
        let initial = try InitialModel(Prerequisites.reference)
        let words = Vocabulary(continuing: initial.vocabulary, counts: [("neverseen", 9), ("norseen", 8)])
        var data = Samples.data(words: 24, epochs: 1, steps: 1)
        data.vocabulary = words
        var configuration = TrainerConfiguration.test()
        configuration.initialModel = initial
        let (own, batches) = (configuration, data)
        let report = try await withTrainer(own) { try await $0.train(on: batches) }
        #expect(report.words == words.count)
        #expect(report.initialModel?.words == initial.vocabulary.assigned)
        #expect(report.initialModel?.addedWords == 2)
    }
}
