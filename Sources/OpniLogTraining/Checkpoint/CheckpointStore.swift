/// Writes the checkpoints of one training, and finds what it goes on with. Its methods are called on `TorchThread`.
struct CheckpointStore: Sendable {
    let policy: CheckpointPolicy
    private let files: CheckpointFiles
    private let settings: [TrainingSetting]
    private let machine: [TrainingSetting]

    /// - Parameters:
    ///   - settings: What must be equal in a training that is gone on with.
    ///   - machine: What is said if it is not equal.
    init(_ policy: CheckpointPolicy, settings: [TrainingSetting], machine: [TrainingSetting]) {
        self.policy = policy
        self.settings = settings
        self.machine = machine
        files = CheckpointFiles(policy.directory)
    }

    /// The newest checkpoint that is whole, with the path of its tensors; nil if there is none, or the policy does not
    /// want one. Damaged ones are removed, and all that the policy does not want.
    ///
    /// - Throws: `invalidSetting` if it is one of another training, `unreadable` if it is not known whether one is
    ///   whole, `unwritable`.
    func open() throws(TrainingError) -> (position: TrainingPosition, tensors: String)? {
        guard policy.kept >= 1 else {
            throw TrainingError(.invalidSetting, "\(policy.kept) checkpoints are to be kept; give a number from 1 on.")
        }
        try files.make()
        guard policy.resumes else {
            try files.prune(keeping: 0)
            return nil
        }
        var damaged: [String] = []
        for name in try files.newestFirst() {
            do throws(TrainingError) {
                let checkpoint = try files.read(name)
                try check(checkpoint)
                guard try files.tensorsDigest(of: name) == checkpoint.tensorsDigest else {
                    throw TrainingError(.badModel, "the checksum of its tensors is wrong")
                }
                for (before, now) in TrainingSetting.differences(checkpoint.machine, machine) {
                    policy.onEvent?(.differs(name: now.name, before: before.shown, now: now.shown))
                }
                // Newer in name, they would otherwise be kept in place of good ones.
                files.remove(damaged)
                return (checkpoint.position, files.tensorsPath(of: name))
            } catch  where error.code == .badModel {
                policy.onEvent?(.damaged(path: files.path(of: name), reason: error.message))
                damaged.append(name)
            }
        }
        files.remove(damaged)
        return nil
    }

    /// Keeps a model at a position, and removes what is older than the policy wants.
    ///
    /// - Throws: `unwritable`, or `notFinite` if a parameter is no finite number.
    func write(_ model: TorchModel, at position: TrainingPosition, _ file: ModelFile.Settings) throws(TrainingError) {
        let name = CheckpointFiles.name(step: position.steps)
        try ModelFile.replace(files.tensorsPath(of: name)) { descriptor throws(TrainingError) in
            try model.write(to: descriptor, file)
        }
        let checkpoint = TrainingCheckpoint(
            startedAt: policy.startedAt, settings: settings, machine: machine, position: position,
            tensorsDigest: try files.tensorsDigest(of: name))
        try files.write(checkpoint, name)
        // What cannot be listed now goes after the next one.
        try? files.prune(keeping: policy.kept)
    }

    private func check(_ checkpoint: TrainingCheckpoint) throws(TrainingError) {
        guard let (before, now) = TrainingSetting.differences(checkpoint.settings, settings).first else { return }
        throw TrainingError(
            .invalidSetting,
            "The unfinished training in \(policy.directory) has another \(now.name): \(before.shown) there, "
                + "\(now.shown) now; go on with what it began with, or remove that folder to train anew.")
    }
}
