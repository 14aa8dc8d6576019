/// The one place where errors of other rooms become exit codes.
enum Failures {
    static func commandError(_ error: any Error) -> CommandError {
        switch error {
        case let error as CommandError: error
        case is CancellationError: CommandError(.interrupted, "cancelled", remedy: "run the same command again")
        default: CommandError(.fault, "unexpected: \(error)", remedy: "please report this", cause: error)
        }
    }
}
