import LogDataset
import OpenSearchScroll

/// Options as a client and a query.
struct OpenSearchSettings: Sendable {
    let client: OpenSearchClient
    let query: ScrollQuery
    /// Documents from this moment on may still be arriving and are left for the next run. Nil where the query itself
    /// has limits: then those without a time are not asked for either.
    let settled: Int64?

    /// - Parameter console: told of what was tried again, and that TLS is not verified.
    init(_ settings: Settings, _ console: Console) throws {
        client = try Self.client(settings, console)
        var query = ScrollQuery(
            index: settings[Options.index], body: try Self.body(settings), timeField: settings[Options.timeField],
            field: settings[Options.field])
        if case .documents(let number)? = settings[Options.pageSize] { query.pageSize = number }
        let start = RunClock.start.milliseconds
        let settledUntil = start - Int64(settings[Options.lag] / .milliseconds(1))
        let (since, until) = (settings[Options.since], settings[Options.until])
        if since == nil, until == nil {
            settled = settledUntil
        } else {
            settled = nil
            query.since = since?.milliseconds(start: start)
            query.until = until?.milliseconds(start: start) ?? settledUntil
        }
        self.query = query
    }

    /// What there is to read, hour by hour.
    func windows() async throws -> [ScrollWindow] {
        let windows = try await client.windows(of: query)
        guard let settled else { return windows }
        return windows.compactMap { SettledLogSource.cut($0, before: settled) }
    }

    static func client(_ settings: Settings, _ console: Console) throws -> OpenSearchClient {
        try OpenSearchClient(configuration: try configuration(settings, console))
    }

    static func configuration(_ settings: Settings, _ console: Console) throws -> OpenSearchConfiguration {
        if settings[Options.insecure] { console.note("the server's certificate is not verified, as --insecure asks") }
        var configuration = OpenSearchConfiguration(
            endpoints: settings[Options.endpoint], onEvent: { event in console.note(text(event)) })
        try OpenSearchAccess.apply(settings, to: &configuration)
        return configuration
    }

    /// The query as JSON: itself, or out of the file it names.
    private static func body(_ settings: Settings) throws(CommandError) -> String? {
        guard let text = settings[Options.query] else { return nil }
        if text.drop(while: \.isWhitespace).first == "{" { return text }
        do {
            return String(decoding: try SmallFile.read(text, atMost: 16 << 20), as: UTF8.self)
        } catch {
            throw .usage(
                "--query: the file \(text) cannot be read: \(error.reason)",
                remedy: "name a file that holds a query as JSON, or give the JSON itself")
        }
    }

    private static func text(_ event: ScrollEvent) -> String {
        switch event {
        case .retrying(let window, let attempt, let wait, let error):
            let what = window.map { "the window \(name($0)) is read again" } ?? "the request is sent again"
            let seconds = Figures.text(wait / .seconds(1), places: 1)
            return "\(what) in \(seconds) s, attempt \(attempt): \(error.message)"
        case .notCleared(let error): return "a scroll stays open until its keep-alive ends: \(error.message)"
        }
    }

    private static func name(_ window: ScrollWindow) -> String {
        window.times.map { "from " + ISO8601.text($0.lowerBound) } ?? "of documents without a time"
    }
}

/// An index as it was before the run began: hours that were not over then are cut, documents without a time belong to
/// it. So what a run reads does not depend on how long it takes.
struct SettledLogSource: LogSource {
    private let source: OpenSearchLogSource
    private let end: Int64

    /// - Parameter end: milliseconds since 1970; documents from then on are not read.
    init(_ source: OpenSearchLogSource, before end: Int64) {
        self.source = source
        self.end = end
    }

    var name: String { source.name + ", before " + ISO8601.text(end) }

    func windows() async throws -> [LogWindow] {
        try await source.windows().compactMap { window in
            guard let whole = window.key as? ScrollWindow, let scroll = Self.cut(whole, before: end) else { return nil }
            return LogWindow(
                name: window.name, hour: window.hour, expectedDocuments: window.expectedDocuments, key: scroll)
        }
    }

    func read(_ window: LogWindow, into sink: LogSink) async throws { try await source.read(window, into: sink) }

    /// The part of a window that lies before a moment; nil if nothing of it does.
    static func cut(_ window: ScrollWindow, before end: Int64) -> ScrollWindow? {
        guard let times = window.times, times.upperBound > end else { return window }
        guard times.lowerBound < end else { return nil }
        return ScrollWindow(times: times.lowerBound..<end, expectedDocuments: window.expectedDocuments)
    }
}
