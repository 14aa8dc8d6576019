import Synchronization
import Testing

@testable import LogDataset

/// A source of some hours, several windows each, that can be made to fail, to lack something and to change.
final class HourlyLogs: LogSource {
    struct Failure: Error {}

    let name: String
    let hours: Int
    let windowsAnHour: Int
    /// Called before a window is read; may throw.
    let beforeReading: @Sendable (String) throws -> Void
    /// What of a window cannot be read.
    let holes: @Sendable (String) -> [Hole]
    let missingAtEnd: [Hole]
    let excluded: [Exclusion]
    let changed: [String]
    /// Whether the hours stand in the windows, or only in their logs.
    let saysHours: Bool

    /// Names of the windows that were read to their end.
    let read = Mutex<[String]>([])
    /// What the last run was told is committed.
    let committed = Mutex<[CommittedWindow]>([])

    init(
        name: String = "hourly", hours: Int = 5, windowsAnHour: Int = 3, saysHours: Bool = true,
        missingAtEnd: [Hole] = [], excluded: [Exclusion] = [], changed: [String] = [],
        beforeReading: @escaping @Sendable (String) throws -> Void = { _ in },
        holes: @escaping @Sendable (String) -> [Hole] = { _ in [] }
    ) {
        self.name = name
        self.hours = hours
        self.windowsAnHour = windowsAnHour
        self.saysHours = saysHours
        self.missingAtEnd = missingAtEnd
        self.excluded = excluded
        self.changed = changed
        self.holes = holes
        self.beforeReading = beforeReading
    }

    func windows() async throws -> [LogWindow] {
        (0..<hours * windowsAnHour).map { number in
            LogWindow(
                name: "window \(number)", hour: saysHours ? Hour(number: Int32(number / windowsAnHour)) : nil,
                expectedDocuments: 200, key: number)
        }
    }

    func windows(excluding committed: [CommittedWindow]) async throws -> [LogWindow] {
        self.committed.withLock { $0 = committed }
        let names = Set(committed.map(\.name))
        return try await windows().filter { !names.contains($0.name) }
    }

    func outdated(among committed: [CommittedWindow]) async throws -> [String] { changed }

    func holesAtEnd() async throws -> [Hole] { missingAtEnd }

    func exclusions() async throws -> [Exclusion] { excluded }

    func read(_ window: LogWindow, into sink: LogSink) async throws {
        let number = try #require(window.key as? Int)
        try beforeReading(window.name)
        for part in 0..<4 {
            let messages = (0..<50).map { line in
                line % 3 == 0 ? "started \(Self.word(number * 31 + part * 7 + line))" : "ready \(Self.word(line % 5))"
            }
            try await sink.add(MessagePage(messages, hour: Hour(number: Int32(number / windowsAnHour))))
        }
        sink.attach(details: Array("{\"number\":\(number)}".utf8))
        for hole in holes(window.name) { sink.addHole(hole) }
        read.withLock { $0.append(window.name) }
    }

    /// A word of letters, which no mask touches.
    private static func word(_ number: Int) -> String {
        String(number, radix: 10).map { String(UnicodeScalar(UInt8(ascii: "g") + UInt8($0.wholeNumberValue ?? 0))) }
            .joined()
    }
}
