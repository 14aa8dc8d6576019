extension Command {
    /// Does what the command is for.
    func run(_ context: RunContext) async throws -> ExitCode {
        throw CommandError(.fault, "no room has landed")
    }
}
