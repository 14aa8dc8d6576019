/// Where logs come from. A service brings its own by conforming to this protocol.
///
/// A source names the windows it can be read in; each is read on its own, several at a time, and counts only when its
/// reading ended whole.
public protocol LogSource: Sendable {
    /// What is read, as a text for reports: no secrets, no content of logs.
    var name: String { get }

    /// The windows that together hold every log once.
    ///
    /// - Returns: windows of different names.
    func windows() async throws -> [LogWindow]

    /// The windows that are still to be read, when an earlier run has read `committed` and is gone on with. Together
    /// they hold every log once. The default leaves out those of `windows()` whose names are among them.
    ///
    /// - Parameter committed: what is kept of the earlier run; empty for a run that starts anew.
    func windows(excluding committed: [CommittedWindow]) async throws -> [LogWindow]

    /// What the source wants to know of its plans when the reading is gone on with, whatever its logs are by then:
    /// asked and kept when `windows(excluding:)` has returned. The default keeps nothing.
    func planToKeep() -> [UInt8]

    /// Told before `windows(excluding:)` what `planToKeep()` last said in the run that is gone on with. The default
    /// does nothing.
    func goOn(with plan: [UInt8])

    /// How many windows are worth reading at once, asked when `windows(excluding:)` has returned; nil, the default, for
    /// as many as the run has readers.
    var windowsAtOnce: Int? { get }

    /// Which of the windows that are to be read need not be, since an earlier run of the same settings has read the
    /// same logs. The default finds none.
    ///
    /// - Parameters:
    ///   - windows: what `windows(excluding:)` said.
    ///   - earlier: what the earlier run has kept, perhaps of other times, perhaps cut otherwise.
    func reusable(_ earlier: [CommittedWindow], for windows: [LogWindow]) async throws -> [WindowReuse]

    /// Told which of the earlier run's windows were really taken over; the others turned out to be damaged and are
    /// read. The default does nothing.
    func didReuse(_ earlier: [CommittedWindow]) async throws

    /// Those of `committed` that no longer are what was read, by name: what is kept of them is dropped before
    /// `windows(excluding:)` is asked. The default names none.
    func outdated(among committed: [CommittedWindow]) async throws -> [String]

    /// What turns out to be missing once every window has been read, an index that was deleted meanwhile for example.
    /// The default names nothing.
    func holesAtEnd() async throws -> [Hole]

    /// What the source leaves out of what it was asked for, asked once every window has been read. The default leaves
    /// nothing out.
    func exclusions() async throws -> [Exclusion]

    /// Reads one window from its start to its end and hands every page to `sink`.
    ///
    /// To read again after a failure, call `sink.restart()` first: what was added before is thrown away. When this
    /// method throws, the window counts for nothing and the run ends with that error. What cannot be read though the
    /// rest can is noted with `sink.addHole(_:)`; `sink.attach(details:)` keeps what the source itself wants to know of
    /// the window later.
    func read(_ window: LogWindow, into sink: LogSink) async throws
}

extension LogSource {
    /// Those of `windows()` that are not committed, by their names.
    public func windows(excluding committed: [CommittedWindow]) async throws -> [LogWindow] {
        let names = Set(committed.map(\.name))
        return try await windows().filter { !names.contains($0.name) }
    }

    /// As many as the run has readers.
    public var windowsAtOnce: Int? { nil }

    /// Nothing.
    public func planToKeep() -> [UInt8] { [] }

    /// Nothing.
    public func goOn(with plan: [UInt8]) {}

    /// None.
    public func reusable(_ earlier: [CommittedWindow], for windows: [LogWindow]) async throws -> [WindowReuse] { [] }

    /// Nothing.
    public func didReuse(_ earlier: [CommittedWindow]) async throws {}

    /// None.
    public func outdated(among committed: [CommittedWindow]) async throws -> [String] { [] }

    /// Nothing.
    public func holesAtEnd() async throws -> [Hole] { [] }

    /// Nothing.
    public func exclusions() async throws -> [Exclusion] { [] }
}

/// Windows that an earlier run has read and that hold the same logs as windows that are still to be read.
public struct WindowReuse: Sendable, Equatable {
    /// Names of the earlier run's windows.
    public let earlier: Set<String>
    /// Names of the windows that they stand for.
    public let windows: Set<String>

    /// Says that all of `earlier` together hold what all of `windows` together do.
    public init(earlier: Set<String>, windows: Set<String>) {
        self.earlier = earlier
        self.windows = windows
    }
}

/// A part of a source that is read whole or not at all.
public struct LogWindow: Sendable {
    /// Tells the window from all others of its source; shown in reports.
    public let name: String
    /// The hour of all its logs; nil where each page says it for each log.
    public let hour: Hour?
    /// How many documents are expected, for the progress line; nil when unknown.
    public let expectedDocuments: Int?
    /// What the source itself needs to find the window again; nobody else looks at it.
    public let key: (any Sendable)?

    /// A window of a source.
    public init(name: String, hour: Hour? = nil, expectedDocuments: Int? = nil, key: (any Sendable)? = nil) {
        self.name = name
        self.hour = hour
        self.expectedDocuments = expectedDocuments
        self.key = key
    }
}

/// Some logs of a window, decoded by a worker.
public protocol LogPage: Sendable {
    /// Bytes of memory the page holds until it has been masked.
    var bytes: Int { get }

    /// The most messages that it can hold, as far as this is known without decoding it. The default is one a byte.
    var mostMessages: Int { get }

    /// Calls `body` with each message (UTF-8) and the hour of its log. Runs on a worker's thread.
    ///
    /// - Returns: what was found besides the messages.
    func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally
}

extension LogPage {
    /// One a byte.
    public var mostMessages: Int { bytes }
}

/// What a page held that is not a usable message.
public struct PageTally: Sendable, Equatable {
    /// Documents without the field, or with a value that is no text.
    public var documentsWithoutField: UInt64 = 0
    /// Lines that are no JSON object.
    public var badLines: UInt64 = 0
    /// Documents that a field of theirs leaves out.
    public var documentsDropped: UInt64 = 0

    /// All of them.
    var documents: UInt64 { documentsWithoutField + badLines + documentsDropped }

    /// A page in which every document was usable.
    public init() {}
}

/// Messages in memory as a page: the simplest way for a service to hand logs over.
public struct MessagePage: LogPage {
    private let messages: [String]
    private let hour: Hour

    /// Bytes of the messages.
    public let bytes: Int

    /// A page of messages of one hour.
    public init(_ messages: [String], hour: Hour = .none) {
        self.messages = messages
        self.hour = hour
        bytes = messages.reduce(0) { $0 + $1.utf8.count }
    }

    /// The number of messages.
    public var mostMessages: Int { messages.count }

    /// Lends each message's UTF-8.
    public func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally {
        for message in messages {
            var message = message
            message.withUTF8 { body(UnsafeRawBufferPointer($0), hour) }
        }
        return PageTally()
    }
}
