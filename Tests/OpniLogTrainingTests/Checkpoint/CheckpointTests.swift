import Glibc
import LogDataset
import Synchronization
import Testing

@testable import OpniLogTraining

/// A training that was cut off goes on to the same model, to the bit.
@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"), .timeLimit(.minutes(30)))
struct CheckpointTests {
    private let folder = TemporaryFolder()
    private let saved = TemporaryFolder()

    /// The model's file and the report without its times.
    private struct Outcome: Equatable {
        var model: [UInt8]
        var report: TrainingReport
    }

    private func policy(_ events: Events? = nil, every interval: Duration = .seconds(3600)) -> CheckpointPolicy {
        CheckpointPolicy(
            directory: folder.path, interval: interval, resumes: true, startedAt: 7, onEvent: { events?.add($0) })
    }

    private func train(
        _ data: TrainingData = Samples.data(), _ policy: CheckpointPolicy? = nil, recipe: TrainingRecipe = .ours,
        seed: UInt64 = 0
    ) async throws -> Outcome {
        var configuration = TrainerConfiguration.test(recipe: recipe, seed: seed)
        configuration.checkpoints = policy
        return try await withTrainer(configuration) { trainer in
            var report = try await trainer.train(on: data)
            try await trainer.save(to: saved.path)
            (report.seconds, report.fitSeconds, report.evaluationSeconds) = (0, 0, 0)
            return Outcome(model: saved.read(ModelFile.name), report: report)
        }
    }

    /// A training that is cancelled when it asks for a batch the `call`th time.
    private func cutOff(at call: Int, _ policy: CheckpointPolicy) async throws {
        let task = Task { try await train(Samples.data().cancelling(at: call), policy) }
        let result = await task.result
        #expect(throws: TrainingError.self) { try result.get() }
        #expect((result.failure as? TrainingError)?.code == .cancelled)
    }

    private func failure(_ policy: CheckpointPolicy, _ change: (inout TrainingData) -> Void) async -> TrainingError? {
        var data = Samples.data()
        change(&data)
        do {
            _ = try await train(data, policy)
            return nil
        } catch {
            return error as? TrainingError
        }
    }

    /// Batches are asked for 7 times an epoch, then 3 times in its evaluation, and 3 times in the closing pass.
    @Test(arguments: [
        (2, 2), (7, 6), (8, 6), (9, 6), (10, 6), (11, 7), (16, 12), (17, 12), (19, 12), (20, 12), (21, 13), (22, 14),
    ])
    func goesOnToTheBit(call: Int, steps: Int) async throws {
        let whole = try await train()
        try await cutOff(at: call, policy())
        let events = Events()
        #expect(try await train(Samples.data(), policy(events)) == whole)
        #expect(events.all == [.resumed(step: steps, of: 14)])
    }

    @Test func aDatasetThatFailsLosesNoStep() async throws {
        let whole = try await train()
        let error = await failure(policy()) { $0 = $0.failing(at: 5) }
        #expect(error?.code == .dataset)
        let events = Events()
        #expect(try await train(Samples.data(), policy(events)) == whole)
        #expect(events.all == [.resumed(step: 4, of: 14)])
    }

    @Test func goesOnManyTimes() async throws {
        let whole = try await train()
        // What a run asks for is fewer each time.
        for _ in 0..<12 { try await cutOff(at: 2, policy()) }
        #expect(try await train(Samples.data(), policy()) == whole)
    }

    @Test func theNewestAreKeptForTheirOwnerOnly() async throws {
        _ = try await train(Samples.data(), policy(every: .zero))
        let names = ["step-000000013", "step-000000014"]
        #expect(folder.names == names.flatMap { [$0 + ".checkpoint", $0 + ".pt"] })
        for name in folder.names {
            var status = stat()
            #expect(stat("\(folder.path)/\(name)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(name)")
        }
        #expect(try CheckpointPolicy.begun(in: folder.path) == 7)
        var anew = policy()
        anew.resumes = false
        anew.kept = 1
        _ = try await train(Samples.data(), anew)
        #expect(folder.names == ["step-000000012.checkpoint", "step-000000012.pt"])
        CheckpointPolicy.discard(in: folder.path)
        #expect(access(folder.path, F_OK) != 0)
        #expect(try CheckpointPolicy.begun(in: folder.path) == nil)
    }

    @Test(arguments: [".checkpoint", ".pt"])
    func aDamagedOneIsNamedAndTheOneBeforeTaken(ending: String) async throws {
        let whole = try await train()
        _ = try await train(Samples.data(), policy(every: .zero))
        let newest = "step-000000014"
        var bytes = folder.read(newest + ending)
        bytes[bytes.count / 2] ^= 1
        folder.write(bytes, to: newest + ending)
        let events = Events()
        #expect(try await train(Samples.data(), policy(events)) == whole)
        let reason = ending == ".pt" ? "the checksum of its tensors is wrong" : "its checksum is wrong"
        #expect(
            events.all == [
                .damaged(path: "\(folder.path)/\(newest).checkpoint", reason: reason), .resumed(step: 13, of: 14),
            ])
        // A damaged one is not kept in place of a good one.
        #expect(!folder.names.contains(newest + ".pt"))
    }

    @Test func whereAllAreDamagedItStartsAnew() async throws {
        let whole = try await train()
        _ = try await train(Samples.data(), policy(every: .zero))
        for name in folder.names where name.hasSuffix(".pt") { folder.write([1, 2], to: name) }
        let events = Events()
        #expect(try await train(Samples.data(), policy(events)) == whole)
        #expect(events.all.count == 2)
        // Tensors without the file that makes them a checkpoint are nobody's.
        for name in folder.names where name.hasSuffix(".checkpoint") { unlink("\(folder.path)/\(name)") }
        #expect(try await train(Samples.data(), policy(events)) == whole)
        #expect(events.all.count == 2)
    }

    @Test func anotherTrainingIsRefusedByWhatDiffers() async throws {
        try await cutOff(at: 4, policy())
        let names = folder.names
        let head = "The unfinished training in \(folder.path) has another"
        let table = try #require(
            await failure(policy()) { $0.settings = [TrainingSetting("table", String(repeating: "ab", count: 32))] })
        #expect(table.code == .invalidSetting)
        #expect(
            table.message
                == "\(head) table: 24 words, 2 × 6 steps there, abababababababab… now; go on with what it began with, or "
                + "remove that folder to train anew.")
        let words = try #require(await failure(policy()) { $0.vocabulary = Samples.vocabulary(25) })
        #expect(words.message.hasPrefix("\(head) vocabulary: "))
        let recipe = await #expect(throws: TrainingError.self) {
            try await train(Samples.data(), policy(), recipe: .original)
        }
        #expect(recipe?.message.hasPrefix("\(head) recipe: ours (rate 0.003, ") == true)
        let seed = await #expect(throws: TrainingError.self) { try await train(Samples.data(), policy(), seed: 3) }
        #expect(seed?.message.hasPrefix("\(head) seed: 0 there, 3 now;") == true)
        #expect(folder.names == names)
    }

    @Test func anotherMachineIsSaid() async throws {
        try await cutOff(at: 4, policy())
        let files = CheckpointFiles(folder.path)
        let name = try #require(try files.newestFirst().first)
        var checkpoint = try files.read(name)
        checkpoint.machine = checkpoint.machine.map { $0.name == "threads" ? TrainingSetting("threads", 2) : $0 }
        try files.write(checkpoint, name)
        let events = Events()
        _ = try await train(Samples.data(), policy(events))
        #expect(events.all == [.differs(name: "threads", before: "2", now: "1"), .resumed(step: 4, of: 14)])
    }

    @Test func anotherFormIsRefused() async throws {
        try await cutOff(at: 4, policy())
        let files = CheckpointFiles(folder.path)
        let name = try #require(try files.newestFirst().first)
        var checkpoint = try files.read(name)
        checkpoint.format = 3
        try files.write(checkpoint, name)
        let error = try #require(await failure(policy()) { _ in })
        #expect(error.code == .invalidSetting)
        #expect(error.message.contains("has format 3, and this opnilog goes on with format 2; take the opnilog"))
    }

    /// The first step is good; the rate 1e30 leaves parameters whose loss is none, 1e39 parameters that are none.
    @Test(arguments: [
        (1e30, "The loss of batch 1 of the fit is no finite number; try another seed. The checkpoint of step 1 stays."),
        (1e39, "After step 1 a parameter is no finite number; try another seed."),
    ])
    func whatIsNoNumberIsNeverKept(rate: Double, message: String) async throws {
        var recipe = TrainingRecipe.original
        recipe.peakLearningRate = rate
        let wild = recipe
        let error = await #expect(throws: TrainingError.self) {
            try await train(Samples.data(), policy(every: .zero), recipe: wild)
        }
        #expect(error?.code == .notFinite)
        #expect(error?.message == message)
        #expect(try CheckpointFiles(folder.path).newestFirst().count == (rate < 1e39 ? 1 : 0))
    }

    @Test func aFolderThatCannotBeMade() async throws {
        let error = await failure(CheckpointPolicy(directory: "/proc/none")) { _ in }
        #expect(error?.code == .unwritable)
        #expect(error?.message.hasPrefix("/proc/none cannot be made: ") == true)
    }
}

extension TrainingData {
    /// The same data, whose reader is cancelled when it asks for a batch the `call`th time, and gets that batch all the
    /// same.
    fileprivate func cancelling(at call: Int) -> TrainingData {
        calling(at: call) { withUnsafeCurrentTask { $0?.cancel() } }
    }

    fileprivate func failing(at call: Int) -> TrainingData {
        calling(at: call) { () throws(DatasetError) in
            throw DatasetError(.unreadableFile, "The table cannot be read.")
        }
    }

    private func calling(at call: Int, _ body: @escaping @Sendable () throws(DatasetError) -> Void) -> TrainingData {
        let calls = Counter()
        let counted: @Sendable (@escaping Batches) -> Batches = { batches in
            { () async throws(DatasetError) in
                if calls.next() == call { try body() }
                return try await batches()
            }
        }
        var data = self
        data.fit = { [fit] in counted(fit($0, $1)) }
        data.heldOut = { [heldOut] in counted(heldOut()) }
        data.closing = { [closing] in counted(closing($0)) }
        return data
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}

extension Result {
    fileprivate var failure: Failure? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}
