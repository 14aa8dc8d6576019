import LogDataset

/// The source that the settings describe.
enum Sources {
    static func of(_ settings: Settings, _ console: Console) throws -> any LogSource {
        switch try LogOrigin(settings, of: settings.command) {
        case .files: return FileSources.of(settings)
        case .openSearch, .table: throw CommandError(.fault, "not there yet")
        }
    }
}
