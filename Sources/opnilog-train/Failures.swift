import LogDataset
import OpenSearchScroll
import OpenSearchScrollTesting

/// The one place where errors of other rooms become exit codes.
enum Failures {
    static func commandError(_ error: any Error) -> CommandError {
        switch error {
        case let error as CommandError: error
        case let error as DatasetError: of(error)
        case let error as OpenSearchError: of(error)
        case let error as OpenSearchServerError: CommandError(.usage, error.message, cause: error)
        case is CancellationError: CommandError(.interrupted, "cancelled", remedy: "run the same command again")
        default: CommandError(.fault, "unexpected: \(error)", remedy: "please report this", cause: error)
        }
    }

    private static func of(_ error: DatasetError) -> CommandError {
        switch error.code {
        case .invalidSetting: CommandError(.usage, error.message, cause: error)
        case .unusableSource, .unreadableFile, .corruptFile: CommandError(.noUsableLog, error.message, cause: error)
        case .unwritable: CommandError(.output, error.message, cause: error)
        case .cancelled: CommandError(.interrupted, "cancelled", remedy: "run the same command again", cause: error)
        // The source's own error says more than that it failed.
        case .sourceFailed where error.cause != nil: commandError(error.cause ?? error)
        default: CommandError(.fault, error.message, cause: error)
        }
    }

    private static func of(_ error: OpenSearchError) -> CommandError {
        switch error.code {
        case .invalidConfiguration, .invalidQuery, .timeFieldIsNoDate, .pageTooLarge:
            CommandError(.usage, error.message, cause: error)
        case .cancelled: CommandError(.interrupted, "cancelled", remedy: "run the same command again", cause: error)
        default: CommandError(.unavailable, error.message, cause: error)
        }
    }
}
