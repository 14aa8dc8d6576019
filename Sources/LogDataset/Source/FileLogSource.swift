import Synchronization

/// Logs out of files, standard input, or both: text or NDJSON, plain or packed by gzip or Zstandard.
///
/// Each content is read once, whatever its names: hard and symbolic links, and copies that a rotation under way makes.
/// A file that is renamed, copied away or packed between being listed and being read is followed there. Lines that are
/// written after the files were listed may be read or not; a line that is being written is read as far as it is there.
public struct FileLogSource: LogSource {
    /// What is read and how.
    public struct Configuration: Sendable {
        /// Paths, patterns with `*`, `?` or `[…]`, folders (the files in them that are not hidden), and `-` for
        /// standard input.
        public var paths: [String]
        /// How the files are written.
        public var format: InputFormat
        /// The field of an NDJSON object that holds the message: the literal key first, then the dotted path.
        public var field: String
        /// The field of an NDJSON object that holds the log's time.
        public var timeField: String
        /// Whether a file that cannot be read, or not to its end, is a hole of the reading instead of its end. What
        /// stands before the damage counts.
        public var keepsGoing = false
        /// Objects of NDJSON that are left out.
        public var dropping: [FieldFilter] = []
        /// What the run writes itself: a folder, and names in it. Such files are left out, and a path or pattern that
        /// names nothing else is refused.
        public var ownFiles: (folder: String, names: Set<String>)?
        /// Told what happens to files; called on any thread.
        public var onEvent: (@Sendable (FileEvent) -> Void)?

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

    /// How often a file that is cut off while it is read is looked for elsewhere.
    private static let attempts = 3

    private let configuration: Configuration
    private let listing = Listing()

    /// A source over the files that the paths name when it is read.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    /// The paths as they were given.
    public var name: String { configuration.paths.joined(separator: ", ") }

    /// The files that paths, patterns and folders name, in their order and as often as they name them, copies and links
    /// too: for who answers every line.
    ///
    /// - Throws: `DatasetError` when one of them names no file.
    public func paths() async throws(DatasetError) -> [String] {
        try await FileInventory.everyPath(of: configuration.paths)
    }

    /// One window a file, named by what tells whether it is still the same: path, size, time of change and inode.
    ///
    /// - Throws: `DatasetError` when a path or pattern names no file, or none but the run's own, or a file whose name
    ///   is not UTF-8 where that is no hole.
    public func windows() async throws -> [LogWindow] {
        let inventory = try await inventory()
        if let path = inventory.misnamed.first, !configuration.keepsGoing { throw DatasetError.misnamed(path) }
        listing.misnamed.withLock { $0 = inventory.misnamed }
        if inventory.leavesOutput, let own = configuration.ownFiles {
            configuration.onEvent?(.outputLeftOut(folder: own.folder))
        }
        for file in inventory.leftOut {
            configuration.onEvent?(.leftOut(path: file.path, heldBy: file.heldBy))
        }
        let identities = inventory.identities
        return inventory.files.map { file in
            LogWindow(name: file.windowName, key: Key(file: file, listed: identities))
        }
    }

    private func inventory() async throws(DatasetError) -> FileInventory {
        if let inventory = listing.take() { return inventory }
        return try await look()
    }

    private func look() async throws(DatasetError) -> FileInventory {
        try await FileInventory.of(configuration.paths, leavingOut: configuration.ownFiles)
    }

    /// Files that were changed, replaced or removed since they were read.
    public func outdated(among committed: [CommittedWindow]) async throws -> [String] {
        let inventory = try await look()
        // What is left to read must follow from the same look at the files, or one that changes in between counts
        // twice.
        listing.keep(inventory)
        let names = Set(inventory.files.map(\.windowName))
        return committed.map(\.name).filter { !names.contains($0) }
    }

    /// Files with names that are not UTF-8.
    public func holesAtEnd() async throws -> [Hole] {
        listing.misnamed.withLock { $0 }.map { Hole(what: DatasetError.misnamed($0).message) }
    }

    /// Reads one file, packed or not, to its end.
    public func read(_ window: LogWindow, into sink: LogSink) async throws {
        guard let key = window.key as? Key else {
            preconditionFailure("a window of another source was given to FileLogSource")
        }
        let interrupt = try Interrupt()
        try await withTaskCancellationHandler {
            do {
                try await read(key, into: sink, interrupt)
            } catch let error as DatasetError where configuration.keepsGoing && error.isOfInput {
                sink.addHole(Hole(what: error.message))
            }
        } onCancel: {
            interrupt.fire()
        }
    }

    private func read(_ key: Key, into sink: LogSink, _ interrupt: Interrupt) async throws {
        for attempt in 1... {
            let (reader, place) = try await open(key, for: sink, interrupt)
            if place.path != key.file.path {
                configuration.onEvent?(.followed(path: key.file.path, to: place.path))
            }
            if try await isRead(reader, into: sink, as: key.file, at: place) { return }
            guard attempt < Self.attempts else {
                throw DatasetError(
                    .unreadableFile,
                    "\(place.path) was cut off while it was read, \(Self.attempts) times over; run again when its "
                        + "rotation is over")
            }
            await sink.restart()
        }
    }

    private func open(
        _ key: Key, for sink: LogSink, _ interrupt: Interrupt
    ) async throws -> (LogFileReader, FilePlace) {
        let configuration = configuration
        return try await sink.runBlocking { () throws(DatasetError) in
            let place = try key.file.place(among: key.listed)
            let reader = try LogFileReader(
                path: place.path, format: configuration.format, field: configuration.field,
                timeField: configuration.timeField, dropping: configuration.dropping, interrupt: interrupt)
            return (reader, place)
        }
    }

    /// Reads a file to its end.
    ///
    /// - Returns: whether what was read is what was listed; false where it was cut off meanwhile.
    private func isRead(
        _ reader: LogFileReader, into sink: LogSink, as file: ListedFile, at place: FilePlace
    ) async throws -> Bool {
        func isUnchanged() async throws -> Bool {
            try await sink.runBlocking { () throws(DatasetError) in reader.holds(file, isCopy: place.isCopy) }
        }
        do {
            while let page = try await sink.runBlocking({ () throws(DatasetError) in try reader.nextPage() }) {
                try await sink.add(page)
            }
        } catch let error as DatasetError where error.code == .corruptFile || error.code == .unusableSource {
            // Behind the place where it was cut off there may be a gap of zero bytes, or another file's packed data.
            if try await isUnchanged() { throw error }
            return false
        }
        // A copy may be packed, and then is of another size.
        guard place.isCopy || reader.fileBytes >= file.size else { return false }
        return try await isUnchanged()
    }

    /// What a window needs to be found again.
    private struct Key: Sendable {
        let file: ListedFile
        let listed: Set<FileIdentity>
    }

    /// A look at the files that the next question is answered from.
    private final class Listing: Sendable {
        private let inventory = Mutex<FileInventory?>(nil)
        /// What the last listing found that cannot be opened.
        let misnamed = Mutex<[String]>([])

        func keep(_ inventory: FileInventory) { self.inventory.withLock { $0 = inventory } }

        func take() -> FileInventory? {
            inventory.withLock { inventory in
                defer { inventory = nil }
                return inventory
            }
        }
    }
}

/// What happens to files while they are listed and read.
public enum FileEvent: Sendable, Equatable {
    /// A file is not read because another one holds all it holds: a link, or a copy of a rotation under way.
    case leftOut(path: String, heldBy: String)
    /// What the run itself writes in this folder is not read.
    case outputLeftOut(folder: String)
    /// A file was renamed, copied or packed since it was listed, and is read where it is now.
    case followed(path: String, to: String)
}

extension DatasetError {
    /// Whether it says that a file cannot be read, or not to its end.
    fileprivate var isOfInput: Bool { code == .corruptFile || code == .unreadableFile }
}
