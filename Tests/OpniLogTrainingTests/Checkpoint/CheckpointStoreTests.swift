import Glibc
import Testing

@testable import OpniLogTraining

/// What is read and removed in a folder of checkpoints; needs no libtorch.
struct CheckpointStoreTests {
    private let folder = TemporaryFolder()
    private let events = Events()
    private var files: CheckpointFiles { CheckpointFiles(folder.path) }

    private func store(resumes: Bool = true, in directory: String? = nil) -> CheckpointStore {
        let policy = CheckpointPolicy(
            directory: directory ?? folder.path, resumes: resumes, onEvent: { [events] in events.add($0) })
        return CheckpointStore(policy, settings: [], machine: [])
    }

    /// Writes the checkpoint of a step, whose tensors are some bytes.
    private func keep(step: Int) throws {
        let name = CheckpointFiles.name(step: step)
        folder.write([1, 2, UInt8(step)], to: name + ".pt")
        let checkpoint = TrainingCheckpoint(
            startedAt: 7, settings: [], machine: [], position: TrainingPosition(steps: step),
            tensorsDigest: try files.tensorsDigest(of: name))
        try files.write(checkpoint, name)
    }

    private func names(ofStep step: Int) -> [String] {
        [".checkpoint", ".pt"].map { CheckpointFiles.name(step: step) + $0 }
    }

    @Test func filesOfOthersAreLeftAlone() throws {
        let others = [
            "notes.txt", "resnet.pt", "step-000000002.checkpoint.bak", "step-00000000x.pt", "step-7.pt",
            "step-9.checkpoint", "zebra.checkpoint",
        ]
        for name in others { folder.write([1], to: name) }
        for step in 1...3 { try keep(step: step) }
        // What a write that was cut off leaves.
        folder.write([1], to: "step-000000004.pt.partial-77")
        folder.write([1], to: "step-000000004.checkpoint.77.partial")
        try files.prune(keeping: 1)
        #expect(folder.names == (others + names(ofStep: 3)).sorted())
        #expect(try store().open()?.position.steps == 3)
        #expect(try store(resumes: false).open() == nil)
        #expect(folder.names == others)
        try keep(step: 1)
        CheckpointPolicy.discard(in: folder.path)
        #expect(folder.names == others)
    }

    /// A link to itself cannot be opened, not even by root; whether there is something good is not known then.
    @Test(arguments: [".checkpoint", ".pt"])
    func whatCannotBeReadIsNotTakenForDamaged(ending: String) throws {
        for step in 1...2 { try keep(step: step) }
        let path = "\(folder.path)/\(CheckpointFiles.name(step: 2))\(ending)"
        unlink(path)
        #expect(symlink(path, path) == 0)
        let error = #expect(throws: TrainingError.self) { _ = try store().open() }
        #expect(error?.code == .unreadable)
        #expect(error?.message.hasPrefix("\(path) cannot be read: Too many levels of symbolic links; ") == true)
        #expect(folder.names == names(ofStep: 1) + names(ofStep: 2))
        #expect(events.all.isEmpty)
        if ending == ".checkpoint" {
            #expect(throws: TrainingError.self) { try CheckpointPolicy.begun(in: folder.path) }
        }
    }

    @Test func missingTensorsAreDamage() throws {
        for step in 1...2 { try keep(step: step) }
        let newest = CheckpointFiles.name(step: 2)
        let tensors = files.tensorsPath(of: newest)
        unlink(tensors)
        #expect(try store().open()?.position.steps == 1)
        #expect(events.all == [.damaged(path: files.path(of: newest), reason: "\(tensors) is missing")])
        #expect(folder.names == names(ofStep: 1))
    }

    @Test func aFolderThatCannotBeReadIsNoEmptyOne() throws {
        folder.write([1], to: "file")
        let path = "\(folder.path)/file"
        let error = #expect(throws: TrainingError.self) { _ = try store(in: path).open() }
        #expect(error?.message.hasPrefix("\(path) cannot be read: Not a directory; ") == true)
    }
}
