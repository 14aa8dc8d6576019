/// What went wrong while a dataset was read, counted, drawn or written, and how to mend it.
public struct DatasetError: Error, Sendable {
    /// The kind of failure; callers map it to an exit code, a metric label or a retry.
    public var code: Code

    /// What went wrong and how to mend it, in one sentence or two. Never holds the content of a log.
    public var message: String

    /// The error of a lower room or of a service's own source, if one caused this.
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

    /// The same error if it is a `DatasetError`, the code `cancelled` for a `CancellationError`, and otherwise a new
    /// one with `error` as its cause.
    ///
    /// - Parameters:
    ///   - error: What was thrown.
    ///   - code: The code of the new error.
    ///   - message: The message of the new error.
    ///   - file: Filled in by the compiler.
    ///   - line: Filled in by the compiler.
    public init(
        wrapping error: any Error,
        as code: Code,
        _ message: String,
        file: String = #fileID,
        line: Int = #line
    ) {
        if let error = error as? DatasetError {
            self = error
        } else if error is CancellationError {
            self = .cancelled(cause: error, file: file, line: line)
        } else {
            self.init(code, message, cause: error, file: file, line: line)
        }
    }

    /// The error of work that was cancelled before its end.
    ///
    /// - Parameters:
    ///   - cause: The underlying error, if there is one.
    ///   - file: Filled in by the compiler.
    ///   - line: Filled in by the compiler.
    public static func cancelled(
        cause: (any Error)? = nil,
        file: String = #fileID,
        line: Int = #line
    ) -> DatasetError {
        DatasetError(
            .cancelled, "The work was cancelled before its end; run it again.", cause: cause, file: file, line: line)
    }
}

extension DatasetError {
    /// A kind of failure. New kinds may be added, so there is no `switch` over all of them outside this module.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case invalidSetting, unusableSource, unreadableFile, corruptFile, unwritable, sourceFailed, incomplete,
                cancelled
        }

        private var kind: Kind

        private init(_ kind: Kind) { self.kind = kind }

        /// A setting, or a combination of settings, that cannot be used.
        public static var invalidSetting: Code { Code(.invalidSetting) }
        /// No usable log: nothing was read, or too much of what was read is no log.
        public static var unusableSource: Code { Code(.unusableSource) }
        /// A file could not be opened or read.
        public static var unreadableFile: Code { Code(.unreadableFile) }
        /// A file's content is damaged, cut off, of another kind, or of a newer version.
        public static var corruptFile: Code { Code(.corruptFile) }
        /// A file or folder could not be written, or its disk is full.
        public static var unwritable: Code { Code(.unwritable) }
        /// The source of the logs failed; the cause says how.
        public static var sourceFailed: Code { Code(.sourceFailed) }
        /// Something that was asked for could not be read, and a complete reading was demanded.
        public static var incomplete: Code { Code(.incomplete) }
        /// The work was cancelled before its end.
        public static var cancelled: Code { Code(.cancelled) }

        /// A word of a small fixed vocabulary, fit for a metric's label.
        public var description: String { kind.rawValue }
    }
}

extension DatasetError: CustomStringConvertible, CustomDebugStringConvertible {
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
