import LogDataset

/// The source that the settings describe.
enum Sources {
    /// - Parameter output: the run's folder, where the scrolls that are open are noted for a run that goes on with it.
    static func of(_ settings: Settings, _ console: Console, output: OutputFolder? = nil) throws -> any LogSource {
        switch try LogOrigin(settings, of: settings.command) {
        case .files: return FileSources.of(settings, console)
        case .openSearch:
            let scrolls = try output.map { try OpenScrolls(in: $0.path) }
            let openSearch = try OpenSearchSettings(settings, console, scrolls: scrolls)
            return OpenSearchLogSource(
                client: openSearch.client, query: openSearch.query, excluded: openSearch.excluded,
                leftScrolls: scrolls?.left.map(\.id) ?? [], memory: memory(settings))
        case .table: preconditionFailure("a table is no source: its logs are counted already")
        }
    }

    /// What ids may take: half of the budget, where the command has one.
    private static func memory(_ settings: Settings) -> Int? {
        guard Options.memory.spec.commands.contains(settings.command) else { return nil }
        return (settings[Options.memory] ?? MemoryBudget.standard.total) / 2
    }
}
