import Glibc

/// Brings the sources of settings together.
enum SettingsLoader {
    /// Longer files are no settings: somebody named the wrong file.
    private static let longestFile = 1 << 20

    static func load(
        _ command: Command, flags: [GivenOption], environment: [String: String]
    ) throws(CommandError) -> Settings {
        let variables = EnvironmentSource.options(environment)
        let file = try (flags.last(where: isConfig) ?? variables.first(where: isConfig)).map(read) ?? []
        var settings = try Settings(of: command, from: [flags, variables, file])
        try SettingsRules.settle(&settings)
        try SettingsRules.check(settings, of: command)
        return settings
    }

    /// How an error in the settings is to be shown, as far as that can be told from settings with errors in them.
    static func progressStyle(_ flags: [GivenOption], _ environment: [String: String]) -> ProgressStyle {
        let given = (EnvironmentSource.options(environment) + flags).last { $0.name == Options.progress.spec.name }
        return given.flatMap { ProgressStyle(rawValue: $0.text) } ?? .plain
    }

    private static func isConfig(_ option: GivenOption) -> Bool { option.name == Options.config.spec.name }

    private static func read(_ option: GivenOption) throws(CommandError) -> [GivenOption] {
        let name = option.origin.name(Options.config.spec)
        do {
            let bytes = try SmallFile.read(option.text, atMost: longestFile)
            return try FileSource.options(String(decoding: bytes, as: UTF8.self), path: option.text)
        } catch let error as SmallFile.Failure {
            throw .usage(
                "\(name): \(option.text) cannot be read: \(error.reason)", remedy: "name a YAML file of settings")
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.fault, "\(error)")
        }
    }
}
