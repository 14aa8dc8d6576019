import LogDataset
import OpenSearchScroll

/// Options as a client and a query.
struct OpenSearchSettings: Sendable {
    let client: OpenSearchClient
    let query: ScrollQuery
    /// What the query leaves out, by reason.
    let excluded: [(reason: String, query: ScrollQuery)]

    /// - Parameters:
    ///   - console: told of what was tried again, and that TLS is not verified.
    ///   - scrolls: notes which scrolls are open.
    init(_ settings: Settings, _ console: Console, scrolls: OpenScrolls? = nil) throws {
        client = try OpenSearchClient(configuration: try Self.configuration(settings, console, scrolls: scrolls))
        let parts = try QueryParts(settings)
        query = Self.query(settings, parts.body)
        excluded = parts.excluded.map { ($0.reason, Self.query(settings, $0.body)) }
    }

    static func query(_ settings: Settings) throws -> ScrollQuery { query(settings, try QueryParts(settings).body) }

    private static func query(_ settings: Settings, _ body: String?) -> ScrollQuery {
        var query = ScrollQuery(index: settings[Options.index], body: body, timeField: settings[Options.timeField])
        if Options.field.spec.commands.contains(settings.command) { query.field = settings[Options.field] }
        if case .documents(let number)? = settings[Options.pageSize] { query.pageSize = number }
        let start = RunClock.start.milliseconds
        query.since = settings[Options.since]?.milliseconds(start: start)
        // What is still arriving is left for the next run, so that what a run reads does not depend on how long it
        // takes.
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
        case .untimed(let documents, let field):
            let count = Figures.grouped(documents)
            return "none of the \(count) documents has a time in the field \(field); if they have one in another, "
                + "name it with --time-field"
        case .opened, .cleared, .finished: return nil
        }
    }

    private static func name(_ window: ScrollWindow) -> String {
        window.times.map { "from " + ISO8601.text($0.lowerBound) } ?? "of documents without a time"
    }
}
