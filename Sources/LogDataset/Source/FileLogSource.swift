import Glibc
import OpenSearchScroll
import Synchronization

/// Logs out of files, standard input, or both: text or NDJSON, plain or packed by gzip or Zstandard.
public struct FileLogSource: LogSource {
    /// What is read and how.
    public struct Configuration: Sendable {
        /// Paths, patterns with `*`, `?` or `[…]`, and `-` for standard input.
        public var paths: [String]
        /// How the files are written.
        public var format: InputFormat
        /// The field of an NDJSON object that holds the message: the literal key first, then the dotted path.
        public var field: String
        /// The field of an NDJSON object that holds the log's time.
        public var timeField: String

        /// Settings with Opni's field names.
        public init(
            paths: [String], format: InputFormat = .auto, field: String = "log", timeField: String = "time"
        ) {
            self.paths = paths
            self.format = format
            self.field = field
            self.timeField = timeField
        }
    }

    private let configuration: Configuration

    /// A source over the files that the paths name when it is read.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    /// The paths as they were given.
    public var name: String { configuration.paths.joined(separator: ", ") }

    /// The files that the paths and patterns name, each once.
    ///
    /// - Throws: `DatasetError` when a path or pattern names no file.
    public func paths() throws(DatasetError) -> [String] {
        var paths: [String] = []
        for pattern in configuration.paths {
            for path in try FileLogSource.files(matching: pattern) where !paths.contains(path) { paths.append(path) }
        }
        return paths
    }

    /// One window a file, named by what tells whether it is still the same: path, size, time of change and inode.
    ///
    /// - Throws: `DatasetError` when a path or pattern names no file.
    public func windows() async throws -> [LogWindow] {
        try paths().map { LogWindow(name: FileLogSource.windowName($0), key: $0) }
    }

    /// Files that were changed, replaced or removed since they were read.
    public func outdated(among committed: [CommittedWindow]) async throws -> [String] {
        let names = Set(try paths().map { FileLogSource.windowName($0) })
        return committed.map(\.name).filter { !names.contains($0) }
    }

    /// Reads one file, packed or not, to its end.
    public func read(_ window: LogWindow, into sink: LogSink) async throws {
        guard let path = window.key as? String else {
            preconditionFailure("a window of another source was given to FileLogSource")
        }
        let interrupt = try Interrupt()
        let reader = try LogFileReader(
            path: path, format: configuration.format, field: configuration.field,
            timeField: configuration.timeField, interrupt: interrupt)
        try await withTaskCancellationHandler {
            while let page = try await sink.runBlocking({ () throws(DatasetError) in try reader.nextPage() }) {
                try await sink.add(page)
            }
        } onCancel: {
            interrupt.fire()
        }
    }

    /// Only a regular file can be recognised: of standard input and pipes the path is all there is.
    private static func windowName(_ path: String) -> String {
        var status = stat()
        guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return path }
        let fraction = String(1_000_000_000 + status.st_mtim.tv_nsec).dropFirst()
        return "\(path), \(status.st_size) bytes, changed \(status.st_mtim.tv_sec).\(fraction), inode \(status.st_ino)"
    }

    static func files(matching pattern: String) throws(DatasetError) -> [String] {
        if pattern == "-" || access(pattern, F_OK) == 0 { return [pattern] }
        var matches = glob_t()
        defer { globfree(&matches) }
        guard glob(pattern, 0, nil, &matches) == 0, let paths = matches.gl_pathv else {
            throw DatasetError(
                .unreadableFile, "no file matches \(pattern); check the path, and put quotes around a pattern")
        }
        return (0..<Int(matches.gl_pathc)).compactMap { index in paths[index].map { String(cString: $0) } }
    }
}

/// Reads one file or standard input page by page, in order.
///
/// Blocking. Threads that share a reader take turns, each page going to one of them.
public final class LogFileReader: Sendable {
    private struct Place {
        let lines: LineReader
        var format: InputFormat
        /// Blocks read before the format was known, the next one last.
        var waiting: [LineBlock] = []

        mutating func next() throws(DatasetError) -> LineBlock? {
            if format == .auto { try decide() }
            if let block = waiting.popLast() { return block }
            return try lines.next()
        }

        /// Reads on to the first byte that is not blank. Blank lines before it are messages of a text, but nothing to
        /// NDJSON.
        private mutating func decide() throws(DatasetError) {
            format = .text
            while let block = try lines.next() {
                waiting.insert(block, at: 0)
                guard let first = block.bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else { continue }
                if first == UInt8(ascii: "{") { format = .ndjson }
                return
            }
        }
    }

    private let place: Mutex<Place>
    private let field: String
    private let timeField: String

    /// Opens a file, or standard input for `-`.
    ///
    /// - Throws: `DatasetError` when the file cannot be opened.
    public convenience init(
        path: String, format: InputFormat = .auto, field: String = "log", timeField: String = "time"
    ) throws(DatasetError) {
        try self.init(path: path, format: format, field: field, timeField: timeField, interrupt: nil)
    }

    init(
        path: String, format: InputFormat, field: String, timeField: String, interrupt: Interrupt?
    ) throws(DatasetError) {
        let lines = LineReader(try ByteInput(path: path, interrupt: interrupt))
        place = Mutex(Place(lines: lines, format: format))
        self.field = field
        self.timeField = timeField
    }

    /// The next logs of the file; nil at its end.
    ///
    /// - Throws: `DatasetError` when the file cannot be read, or its compressed data is damaged or cut off.
    public func nextPage() throws(DatasetError) -> (any LogPage)? {
        let (block, format) = try place.withLock { place throws(DatasetError) -> (LineBlock?, InputFormat) in
            let block = try place.next()
            return (block, place.format)
        }
        guard let block else { return nil }
        return format == .ndjson ? JSONLinePage(block, field: field, timeField: timeField) : TextLinePage(block)
    }
}

/// Lines of text, each a message.
private struct TextLinePage: LogPage {
    private let block: LineBlock

    init(_ block: LineBlock) {
        self.block = block
    }

    var bytes: Int { block.capacity }

    func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally {
        block.forEachLine { body($0, .none) }
        return PageTally()
    }
}

/// Lines of JSON, each an object with a message in one of its fields. Blank lines are passed over.
private struct JSONLinePage: LogPage {
    private let block: LineBlock
    private let field: String
    private let timeField: String

    init(_ block: LineBlock, field: String, timeField: String) {
        self.block = block
        self.field = field
        self.timeField = timeField
    }

    var bytes: Int { block.capacity }

    func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally {
        let decoder = DocumentDecoder(field: field, timeField: timeField)
        var tally = PageTally()
        block.forEachLine { line in
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
            decoder.decode(line) { document in
                switch document.outcome {
                case .message(let message): body(message, Hour(milliseconds: document.time))
                case .fieldMissing, .otherType: tally.documentsWithoutField += 1
                case .notJSON: tally.badLines += 1
                }
            }
        }
        return tally
    }
}
