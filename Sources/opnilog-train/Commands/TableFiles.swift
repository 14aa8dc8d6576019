import Glibc
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
        try TemplateTable(opening: file(of: path))
    }

    private static func file(of path: String) -> String {
        OutputFolder.isFolder(path) ? "\(path)/\(TableCollector.fileName)" : path
    }
}

extension TableFiles {
    /// Whether a run starts from the very table that its output folder holds.
    static func isOwn(_ settings: Settings) -> Bool {
        guard (try? LogOrigin(settings, of: settings.command)) == .table, let path = settings[Options.table],
            let output = settings[Options.output]
        else { return false }
        return isSame(file(of: path), output + "/" + OutputFolder.File.table.rawValue)
    }

    /// Puts a table in its place in an output folder, by a link where the disk is the same.
    static func keep(_ table: TemplateTable, as path: String) throws(CommandError) {
        if isSame(table.path, path) { return }
        let link = path + ".link"
        unlink(link)
        if Glibc.link(table.path, link) == 0, rename(link, path) == 0 { return }
        unlink(link)
        try copy(table.path, to: path)
    }

    private static func copy(_ source: String, to path: String) throws(CommandError) {
        let descriptor = Glibc.open(source, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw OutputFault.of(path, errno) }
        defer { close(descriptor) }
        try AtomicFile.write(to: path) { target throws(CommandError) in
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = SystemCall.retrying { read(descriptor, &bytes, bytes.count) }
                guard count >= 0 else { throw OutputFault.of(path, errno) }
                if count == 0 { return }
                if let number = Descriptor.write(Array(bytes[..<count]), to: target) {
                    throw OutputFault.of(path, number)
                }
            }
        }
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
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
