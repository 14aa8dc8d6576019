import LogDataset
import Synchronization

/// The logs of `--input`, one after another in order: for the commands that answer line by line. Each file that is
/// named is read whole, also one that holds what another one holds.
final class FileLogs: Sendable {
    private struct Place {
        var paths: ArraySlice<String>
        var reader: LogFileReader?
    }

    /// What goes to standard output while they are read.
    let results: Console.Results
    private let format: InputFormat
    let field: String
    private let maximumBadShare: Double
    private let interrupt: Interrupt
    private let place: Mutex<Place>

    /// Expands patterns; a path that names no file is an error now, before anything is written.
    init(_ settings: Settings) async throws {
        format = settings[Options.inputFormat]
        field = settings[Options.field]
        maximumBadShare = settings[Options.maxBadShare]
        results = settings[Options.input].contains("-") ? .streamed : .written
        interrupt = try Interrupt()
        let paths = try await FileSources.of(settings).paths()
        place = Mutex(Place(paths: paths[...]))
    }

    /// The next logs; nil after the last. Blocking: called on a thread of its own (`OwnThread`).
    func nextPage() throws -> (any LogPage)? {
        try place.withLock { place in
            while true {
                if let page = try place.reader?.nextPage() { return page }
                guard let path = place.paths.popFirst() else { return nil }
                place.reader = try LogFileReader(path: path, format: format, field: field, interrupt: interrupt)
            }
        }
    }

    /// The next logs; nil after the last. A task that is cancelled waits for a pipe no longer.
    func next() async throws -> (any LogPage)? {
        try await withTaskCancellationHandler {
            try await OwnThread.run { try self.nextPage() }
        } onCancel: {
            interrupt.fire()
        }
    }

    /// - Parameter total: what all pages together held.
    /// - Throws: `noUsableLog` if too many lines were no JSON, or if no document had the field.
    func check(_ total: PageCount) throws(CommandError) {
        if Double(total.bad) > maximumBadShare * Double(total.documents) {
            throw CommandError(
                .noUsableLog, "\(total.bad) of \(total.documents) lines are no JSON objects",
                remedy: "give --input-format text if the file is plain text, or a larger --max-bad-share")
        }
        try total.check(field: field)
    }
}

/// What pages held.
struct PageCount: Sendable, Equatable {
    var messages = 0
    var withoutField = 0
    var bad = 0

    init() {}

    init(messages: Int, _ tally: PageTally) {
        self.messages = messages
        withoutField = Int(tally.documentsWithoutField)
        bad = Int(tally.badLines)
    }

    var documents: Int { messages + withoutField + bad }

    mutating func add(_ other: PageCount) {
        messages += other.messages
        withoutField += other.withoutField
        bad += other.bad
    }

    /// - Throws: `noUsableLog` if no document had the field.
    func check(field: String) throws(CommandError) {
        guard messages == 0, withoutField > 0 else { return }
        throw CommandError(
            .noUsableLog, "none of the \(withoutField) documents has a text in the field \(field)",
            remedy: "name the field that holds the message with --field")
    }

    /// What was passed over, for a note; nil if nothing was.
    func remark(field: String) -> String? {
        Self.remark(withoutField: withoutField, bad: bad, of: documents, field: field)
    }

    /// The same of any counts. More than one in a hundred is a warning: the field may be the wrong one.
    static func remark(withoutField: Int, bad: Int, of documents: Int, field: String) -> String? {
        guard withoutField + bad > 0 else { return nil }
        let warning = (withoutField + bad) * 100 > documents ? "warning: " : ""
        return warning + "passed over: \(Figures.grouped(withoutField)) of \(Figures.grouped(documents)) documents "
            + "without a text in the field \(field), \(Figures.grouped(bad)) lines that are no JSON"
    }
}

/// The source that `--input` and what belongs to it describe.
enum FileSources {
    /// - Parameter console: told which files were left out, and which were followed.
    static func of(_ settings: Settings, _ console: Console? = nil) -> FileLogSource {
        let command = settings.command
        let timeField = Options.timeField.spec.commands.contains(command) ? settings[Options.timeField] : "time"
        var configuration = FileLogSource.Configuration(
            paths: settings[Options.input], format: settings[Options.inputFormat], field: settings[Options.field],
            timeField: timeField)
        if Options.keepGoing.spec.commands.contains(command) { configuration.keepsGoing = settings[Options.keepGoing] }
        if Options.dropField.spec.commands.contains(command) { configuration.dropping = settings[Options.dropField] }
        if Options.output.spec.commands.contains(command) {
            configuration.ownFiles = settings[Options.output].map { ($0, OutputFolder.names) }
        }
        configuration.onEvent = { console?.note(text($0)) }
        return FileLogSource(configuration)
    }

    private static func text(_ event: FileEvent) -> String {
        switch event {
        case .leftOut(let path, let other): "\(name(path)) is left out: \(name(other)) holds all that it holds"
        case .outputLeftOut(let folder): "what this program writes in \(folder) is left out"
        case .followed(let path, let now): "\(path) was rotated meanwhile; what it held is read from \(now)"
        }
    }

    private static func name(_ path: String) -> String { path == "-" ? "standard input" : path }
}
