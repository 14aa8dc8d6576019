extension Command {
    /// Does what the command is for.
    func run(_ context: RunContext) async throws -> ExitCode {
        switch self {
        case .mask: try await MaskCommand.run(context)
        case .collect: try await CollectCommand.run(context)
        case .simulate: try await SimulateCommand.run(context)
        case .sample: try await SampleCommand.run(context)
        default: throw CommandError(.fault, "not there yet")
        }
    }
}
