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
        files.prune(keeping: 1)
        #expect(folder.names == (others + names(ofStep: 3)).sorted())
        #expect(try store().open()?.position.steps == 3)
        #expect(try store(resumes: false).open() == nil)
        #expect(folder.names == others)
        try keep(step: 1)
        CheckpointPolicy.discard(in: folder.path)
        #expect(folder.names == others)
    }
}
