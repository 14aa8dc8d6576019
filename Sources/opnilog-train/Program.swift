/// Runs one invocation from arguments to exit code.
enum Program {
    static func run(_ arguments: [String], environment: [String: String]) async -> ExitCode {
        do {
            return try await answer(ArgumentScanner.scan(arguments), environment)
        } catch {
            report(error, .plain)
            return error.code
        }
    }

    /// The only place that prints an error.
    private static func report(_ error: CommandError, _ style: ProgressStyle) {
        if error.isBrokenPipe { return }
        StandardError.write(line: style == .json ? error.json : "opnilog-train: \(error)")
    }

    private static func answer(
        _ invocation: Invocation, _ environment: [String: String]
    ) async throws(CommandError) -> ExitCode {
        switch invocation {
        case .version: try show("opnilog-train \(Version.text)\n")
        case .overview: try show(HelpPage.overview)
        case .help(let command): try show(HelpPage.of(command))
        case .helpOfGroup(let word): try show(HelpPage.ofGroup(word))
        case .run(let command, let flags):
            var style = SettingsLoader.progressStyle(flags, environment)
            do {
                let settings = try SettingsLoader.load(command, flags: flags, environment: environment)
                style = settings[Options.progress]
                return try await perform(command, settings, EnvironmentSource.misspelt(environment))
            } catch {
                report(error, style)
                return error.code
            }
        }
        return .complete
    }

    private static func show(_ text: String) throws(CommandError) {
        var output = ResultWriter()
        try output.write(Array(text.utf8))
        try output.flush()
    }

    /// Runs a command in a task that a signal cancels.
    private static func perform(
        _ command: Command, _ settings: Settings, _ warnings: [String]
    ) async throws(CommandError) -> ExitCode {
        let interruption = Interruption()
        // What reads files and answers line by line may be waiting for a pipe, and leaves nothing behind.
        let cleansUp = command != .mask && !(command == .score && settings.origin(Options.input.spec) == .flag)
        let console = Console(style: settings[Options.progress])
        for warning in warnings { console.note("warning: \(warning)") }
        let task = Task { await outcome(of: command, RunContext(settings: settings, console: console)) }
        interruption.onRequest {
            if cleansUp { return task.cancel() }
            console.breakLine()
            interruption.exitNow()
        }
        let result = await task.value
        console.finish()
        if case .failure(let error) = result, interruption.isRequested { throw afterSignal(error, of: command) }
        return try result.get()
    }

    /// What to say of a failure after a signal. What the cancelling did not make, such as a checkpoint that could not
    /// be written, is said as it is: the run that goes on would miss it.
    static func afterSignal(_ error: CommandError, of command: Command) -> CommandError {
        // A terminal's SIGINT also ends the command that prints tokens, and a request that was given up may look like a
        // server that is gone.
        guard [.interrupted, .unavailable].contains(error.code) else { return error }
        let own = error.code == .interrupted ? error.remedy : nil
        let remedy =
            switch command {
            case .train, .collect: "run again with --resume"
            // What it has left in the folder is refused otherwise.
            case .demo: "run the same command again, with --overwrite where --output is given"
            default: own ?? "run the same command again"
            }
        return CommandError(.interrupted, "interrupted", remedy: remedy, cause: error)
    }

    private static func outcome(of command: Command, _ context: RunContext) async -> Result<ExitCode, CommandError> {
        do {
            return .success(try await command.run(context))
        } catch {
            return .failure(Failures.commandError(error))
        }
    }
}

/// What every command is given.
struct RunContext: Sendable {
    let settings: Settings
    let console: Console
}
