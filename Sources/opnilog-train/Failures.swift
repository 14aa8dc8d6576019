import LogDataset
import OpenSearchScroll
import OpenSearchScrollTesting
import OpniLogTraining

/// The one place where errors of other rooms become exit codes.
enum Failures {
    static func commandError(_ error: any Error) -> CommandError {
        switch error {
        case let error as CommandError: error
        case let error as DatasetError: of(error)
        case let error as OpenSearchError: of(error)
        case let error as TrainingError: of(error)
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
        case .incomplete: CommandError(.unavailable, error.message, cause: error)
        // The source's own error says more than that it failed.
        case .sourceFailed where error.cause != nil: commandError(error.cause ?? error)
        default: CommandError(.fault, error.message, cause: error)
        }
    }

    private static func of(_ error: OpenSearchError) -> CommandError {
        switch error.code {
        case .invalidConfiguration, .invalidQuery, .timeFieldIsNoDate: CommandError(.usage, error.message, cause: error)
        // A size that the index refuses was asked for; a document that is larger than allowed is one that is missing.
        case .pageTooLarge where error.httpStatus != nil: CommandError(.usage, error.message, cause: error)
        case .cancelled: CommandError(.interrupted, "cancelled", remedy: "run the same command again", cause: error)
        default: CommandError(.unavailable, error.message, cause: error)
        }
    }

    /// What an error of the training says only through its cause.
    private static func reason(of error: TrainingError) -> String {
        switch error.cause {
        case let cause as DatasetError: " " + cause.message
        case let cause as TrainingError where error.code == .badModel: " " + cause.message
        default: ""
        }
    }

    private static func of(_ error: TrainingError) -> CommandError {
        let text = error.message + reason(of: error)
        switch error.code {
        case .noBridge, .unfitBridge, .noLibtorch, .noDevice, .outOfMemory:
            return CommandError(.unavailable, text, cause: error)
        case .invalidSetting: return CommandError(.usage, text, cause: error)
        case .badModel: return CommandError(.noUsableLog, text, cause: error)
        case .unreadable, .unwritable: return CommandError(.output, text, cause: error)
        case .notFinite:
            let remedy = "the table that was read serves again: --table, --overwrite and another --seed"
            return CommandError(.fault, text, remedy: remedy, cause: error)
        case .dataset where error.cause != nil: return commandError(error.cause ?? error)
        case .cancelled:
            return CommandError(.interrupted, "cancelled", remedy: "run the same command again", cause: error)
        default: return CommandError(.fault, text, cause: error)
        }
    }
}
