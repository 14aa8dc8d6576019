extension Command {
    /// Does what the command is for.
    func run(_ context: RunContext) async throws -> ExitCode {
        switch self {
        case .plan: try await PlanCommand.run(context)
        case .train: try await TrainCommand.run(context)
        case .collect: try await CollectCommand.run(context)
        case .extract: try await ExtractCommand.run(context)
        case .verify: try await VerifyCommand.run(context)
        case .sample: try await SampleCommand.run(context)
        case .tableMerge: try await TableCommands.merge(context)
        case .tableShow: try await TableCommands.show(context)
        case .tableTop: try await TableCommands.top(context)
        case .tableExport: try await TableCommands.export(context)
        case .drift: try await DriftCommand.run(context)
        case .score: try await ScoreCommand.run(context)
        case .mask: try await MaskCommand.run(context)
        case .demo: try await DemoCommand.run(context)
        case .simulate: try await SimulateCommand.run(context)
        case .doctor: try await DoctorCommand.run(context)
        }
    }
}
