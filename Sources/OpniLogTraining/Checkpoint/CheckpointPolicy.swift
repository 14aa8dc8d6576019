import Glibc
import LogDataset

/// Where and how often a training is kept, so that a later one can go on with it: to the bit on a CPU with the same
/// threads, to rounding on a GPU.
///
/// A checkpoint is written at the end of each epoch, after the step at which `interval` is over, and when the task is
/// cancelled. It holds the parameters, the optimiser's state and the position; dropout follows from seed and step.
public struct CheckpointPolicy: Sendable {
    /// The folder of the checkpoints; made for its owner only if it is not there. One training uses it at a time. Files
    /// in it that are of no checkpoint are left alone.
    public var directory: String
    /// The longest time from one checkpoint to the next, but for the length of a step.
    public var interval: Duration
    /// How many are kept, the newest first; at least 1.
    public var kept: Int
    /// Whether to go on with the training that stands in the folder; without one, or if false, it starts anew.
    public var resumes: Bool
    /// When the run began, in milliseconds since 1970: kept for ``begun(in:)``, and not looked at.
    public var startedAt: Int64
    /// Told what was found when a training goes on.
    public var onEvent: (@Sendable (CheckpointEvent) -> Void)?

    /// A policy, each part with its default.
    public init(
        directory: String, interval: Duration = .seconds(300), kept: Int = 2, resumes: Bool = false,
        startedAt: Int64 = 0, onEvent: (@Sendable (CheckpointEvent) -> Void)? = nil
    ) {
        self.directory = directory
        self.interval = interval
        self.kept = kept
        self.resumes = resumes
        self.startedAt = startedAt
        self.onEvent = onEvent
    }

    /// When the training began whose checkpoints stand in a folder, as its policy said; nil if none can be gone on
    /// with.
    ///
    /// - Throws: `TrainingError.Code.unreadable` if that is not known, `invalidSetting` if another opnilog wrote them.
    public static func begun(in directory: String) throws(TrainingError) -> Int64? {
        try CheckpointFiles(directory).newest()?.startedAt
    }

    /// The digest of the table with which that training began.
    ///
    /// - Throws: as ``begun(in:)``.
    public static func table(in directory: String) throws(TrainingError) -> String? {
        try CheckpointFiles(directory).newest()?.settings.first { $0.name == TrainingSetting.table }?.text
    }

    /// Removes the checkpoints in a folder, and the folder if it is then empty: the last step of a training whose model
    /// is saved.
    public static func discard(in directory: String) { CheckpointFiles(directory).remove() }
}

/// What a training finds when it goes on.
public enum CheckpointEvent: Sendable, Equatable {
    /// It goes on after so many steps, of so many in fit and closing pass together.
    case resumed(step: Int, of: Int)
    /// A checkpoint that cannot be used; the one before it is taken.
    case damaged(path: String, reason: String)
    /// What was otherwise when the training began (threads, CPU, libtorch, device): the model is then equal
    /// to rounding only.
    case differs(name: String, before: String, now: String)
}
