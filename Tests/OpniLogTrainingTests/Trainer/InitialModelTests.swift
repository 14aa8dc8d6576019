import LogDataset
import Testing

@testable import OpniLogTraining

/// A training that begins with another's model.
@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"), .timeLimit(.minutes(30)))
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

    private func begun(_ words: Vocabulary, seed: UInt64 = 0) async throws -> TrainingStart {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        let facts = try await bridge.start(device: Prerequisites.device, threads: 1)
        var data = Samples.data()
        data.vocabulary = words
        let (configuration, larger) = (try configuration(seed: seed), data)
        return try await TorchThread.shared.run { () throws(TrainingError) in
            try TrainingStart(bridge, facts, configuration, larger)
        }
    }

    private func start(_ words: Vocabulary, seed: UInt64 = 0) async throws -> (start: TrainingStart, old: TorchModel) {
        let start = try await begun(words, seed: seed)
        let (bridge, path) = (start.model.bridge, "\(folder.path)/\(ModelFile.name)")
        let old = try await TorchThread.shared.run { () throws(TrainingError) in
            try TorchModel.read(bridge, path: path, place: .init(device: Prerequisites.device), toTrainWith: 0)
        }
        return (start, old)
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
            let fresh = try TorchModel.create(bridge, words: 26, seed: 5, place: .init(device: Prerequisites.device))
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
            let fresh = try TorchModel.create(bridge, words: 24, seed: 5, place: .init(device: Prerequisites.device))
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

    /// Moments that Adam cannot go on with would make every parameter one that is no number.
    @Test(arguments: [[0, 0, 0xC0, 0x7F], [0, 0, 0x80, 0xFF], [0, 0, 0x80, 0xBF]] as [[UInt8]])
    func momentsThatCannotBeAreAsIfTheyWereNot(number: [UInt8]) async throws {
        _ = try await made()
        var archive = StoredZip(folder.read(ModelFile.name))
        // Behind the parameters, for each of them, come its steps and its two moments, of which only the second is
        // never negative.
        let moments = (50..<115).map { "/data/\($0)" }.filter { archive[$0].count == 256 * 256 * 4 }
        var numbers = archive[moments[1]]
        numbers.replaceSubrange(400..<404, with: number)
        archive[moments[1]] = numbers
        folder.write(archive.bytes, to: ModelFile.name)
        let start = try await begun(Samples.vocabulary(24))
        #expect(start.position.initial?.optimiserSteps == 0)
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
        #expect(error?.message.contains(ModelFile.name) == true)
        let cause = error?.cause as? TrainingError
        #expect(cause?.message.hasPrefix("The model has 24 words and its vocabulary 30, so they are not") == true)
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
