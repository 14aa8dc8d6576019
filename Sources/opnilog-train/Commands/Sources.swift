import LogDataset

/// The source that the settings describe.
enum Sources {
    static func of(_ settings: Settings, _ console: Console) throws -> any LogSource {
        switch try LogOrigin(settings, of: settings.command) {
        case .files: return FileSources.of(settings)
        case .openSearch:
            let openSearch = try OpenSearchSettings(settings, console)
            return OpenSearchLogSource(client: openSearch.client, query: openSearch.query)
        case .table: preconditionFailure("a table is no source: its logs are counted already")
        }
    }
}
