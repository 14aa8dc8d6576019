import LogDataset

/// The tables that a command is given.
enum TableFiles {
    /// - Parameter expected: how many there must be, in words for the error, and as numbers.
    static func of(
        _ settings: Settings, _ expected: ClosedRange<Int>, _ what: String
    ) throws -> [TemplateTable] {
        let paths = settings[Options.tables]
        guard expected.contains(paths.count) else {
            throw CommandError.usage(
                "\(settings.command.rawValue) takes \(what), and \(paths.count) were given",
                remedy: "write opnilog-train \(settings.command.rawValue) \(settings.command.synopsis)")
        }
        return try paths.map { try open($0) }
    }

    /// The table that is named by its file, or by the output folder that holds it.
    static func open(_ path: String) throws -> TemplateTable {
        try TemplateTable(opening: OutputFolder.isFolder(path) ? "\(path)/\(TableCollector.fileName)" : path)
    }
}

extension ResultWriter {
    /// `{"text":…,"count":…}`.
    mutating func write(template masked: some Sequence<UInt8>, count: UInt64) throws(CommandError) {
        var line = Array("{\"text\":".utf8)
        JSONText.append(masked, to: &line)
        line += Array(",\"count\":\(count)}\n".utf8)
        try write(line)
    }
}
