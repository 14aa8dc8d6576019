import LogDataset

/// What went wrong while a model was trained, read, written or used, and how to mend it.
public struct TrainingError: Error, Sendable {
    /// The kind of failure; callers map it to an exit code or a metric label.
    public var code: Code

    /// What went wrong and how to mend it, in one sentence or two. Never holds the content of a log.
    public var message: String

    /// The error of a lower room, if one caused this.
    public var cause: (any Error)?

    /// Where in the program the error was made, as `file:line`.
    public var location: String

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - code: The kind of failure.
    ///   - message: What went wrong and how to mend it, without any content of a log.
    ///   - cause: The underlying error, if there is one.
    ///   - file: Filled in by the compiler.
    ///   - line: Filled in by the compiler.
    public init(
        _ code: Code,
        _ message: String,
        cause: (any Error)? = nil,
        file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = "\(file):\(line)"
    }

    /// The error for one of the dataset's.
    static func dataset(_ cause: DatasetError, file: String = #fileID, line: Int = #line) -> TrainingError {
        if cause.code == .cancelled { return .cancelled }
        return TrainingError(.dataset, "The dataset cannot be used.", cause: cause, file: file, line: line)
    }

    static var cancelled: TrainingError {
        TrainingError(.cancelled, "The work was cancelled before its end; run it again.")
    }
}

extension TrainingError {
    /// A kind of failure. New kinds may be added, so there is no `switch` over all of them outside this module.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case noBridge, unfitBridge, noLibtorch, noDevice, invalidSetting, badModel, dataset, notFinite
            case unreadable, unwritable, cancelled, outOfMemory, failed
        }

        private var kind: Kind

        private init(_ kind: Kind) { self.kind = kind }

        /// No `libopnilog_torch.so` was found.
        public static var noBridge: Code { Code(.noBridge) }
        /// The file is no bridge, or one of another version.
        public static var unfitBridge: Code { Code(.unfitBridge) }
        /// The bridge is there, but not the libtorch that it was built for.
        public static var noLibtorch: Code { Code(.noLibtorch) }
        /// The device that was asked for is not there, or the libraries that drive it are not.
        public static var noDevice: Code { Code(.noDevice) }
        /// The device's memory, or the machine's, does not suffice.
        public static var outOfMemory: Code { Code(.outOfMemory) }
        /// A setting that cannot be used.
        public static var invalidSetting: Code { Code(.invalidSetting) }
        /// A model or vocabulary file is missing, damaged, or none.
        public static var badModel: Code { Code(.badModel) }
        /// The dataset failed; the cause is a `DatasetError`.
        public static var dataset: Code { Code(.dataset) }
        /// A loss was no finite number.
        public static var notFinite: Code { Code(.notFinite) }
        /// A checkpoint could not be opened or read, though it may be whole.
        public static var unreadable: Code { Code(.unreadable) }
        /// A file could not be written, or its disk is full.
        public static var unwritable: Code { Code(.unwritable) }
        /// The work was cancelled before its end.
        public static var cancelled: Code { Code(.cancelled) }
        /// libtorch failed, or this package did.
        public static var failed: Code { Code(.failed) }

        /// A word of a small fixed vocabulary, fit for a metric's label.
        public var description: String { kind.rawValue }
    }
}

extension TrainingError: CustomStringConvertible, CustomDebugStringConvertible {
    /// The error and its causes on one line.
    public var description: String {
        guard let cause else { return message }
        return "\(message) (cause: \(cause))"
    }

    /// The error and its causes one below another, with codes and locations.
    public var debugDescription: String {
        let own = "[\(code)] \(message)\n  at \(location)"
        guard let cause else { return own }
        let below = String(reflecting: cause).split(separator: "\n", omittingEmptySubsequences: false)
        return own + "\n└─ " + below.joined(separator: "\n   ")
    }
}
