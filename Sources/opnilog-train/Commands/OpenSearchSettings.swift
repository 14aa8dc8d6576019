import LogDataset
import OpenSearchScroll

/// Options as a client and a query.
struct OpenSearchSettings: Sendable {
    let client: OpenSearchClient
    let query: ScrollQuery

    /// - Parameters:
    ///   - console: told of what was tried again, and that TLS is not verified.
    ///   - scrolls: notes which scrolls are open.
    init(_ settings: Settings, _ console: Console, scrolls: OpenScrolls? = nil) throws {
        client = try OpenSearchClient(configuration: try Self.configuration(settings, console, scrolls: scrolls))
        query = try Self.query(settings)
    }

    static func query(_ settings: Settings) throws -> ScrollQuery {
        var query = ScrollQuery(
            index: settings[Options.index], body: try body(settings), timeField: settings[Options.timeField])
        if Options.field.spec.commands.contains(settings.command) { query.field = settings[Options.field] }
        if case .documents(let number)? = settings[Options.pageSize] { query.pageSize = number }
        let start = RunClock.start.milliseconds
        query.since = settings[Options.since]?.milliseconds(start: start)
        // What is still arriving is left for the next run, so that what a run reads does not depend on how long it takes.
        let settled = start - Int64(settings[Options.lag] / .milliseconds(1))
        query.until = settings[Options.until]?.milliseconds(start: start) ?? settled
        query.includesUntimed = settings[Options.since] == nil && settings[Options.until] == nil
        return query
    }

    static func client(_ settings: Settings, _ console: Console) throws -> OpenSearchClient {
        try OpenSearchClient(configuration: try configuration(settings, console))
    }

    static func configuration(
        _ settings: Settings, _ console: Console, scrolls: OpenScrolls? = nil
    ) throws -> OpenSearchConfiguration {
        if settings[Options.insecure] { console.note("the server's certificate is not verified, as --insecure asks") }
        var configuration = OpenSearchConfiguration(
            endpoints: settings[Options.endpoint],
            onEvent: { event in
                note(event, in: scrolls)
                if let text = text(event) { console.note(text) }
            })
        if let parallel = settings[Options.parallel] { configuration.parallel = parallel }
        if Options.maxPageBytes.spec.commands.contains(settings.command) {
            configuration.maximumPageBytes = settings[Options.maxPageBytes]
        }
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

    private static func note(_ event: ScrollEvent, in scrolls: OpenScrolls?) {
        switch event {
        case .opened(let scroll, let endpoint): scrolls?.opened(scroll, endpoint: endpoint)
        case .cleared(let scroll, _): scrolls?.cleared(scroll)
        default: break
        }
    }

    static func text(_ event: ScrollEvent) -> String? {
        switch event {
        case .retrying(let window, let attempt, let wait, let error):
            let what = window.map { "the window \(name($0)) is read on" } ?? "the request is sent again"
            let seconds = Figures.text(wait / .seconds(1), places: 1)
            return "\(what) in \(seconds) s, attempt \(attempt): \(error.message)"
        case .notCleared(let error): return "a scroll stays open until its keep-alive ends: \(error.message)"
        case .hole(let hole): return "not everything can be read: \(hole.reason)"
        case .opened, .cleared, .finished: return nil
        }
    }

    private static func name(_ window: ScrollWindow) -> String {
        window.times.map { "from " + ISO8601.text($0.lowerBound) } ?? "of documents without a time"
    }
}
