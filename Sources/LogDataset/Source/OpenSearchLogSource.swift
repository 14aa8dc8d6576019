public import OpenSearchScroll

/// Logs out of OpenSearch, an hour of the query's time a window.
public struct OpenSearchLogSource: LogSource {
    private let client: OpenSearchClient
    private let query: ScrollQuery

    /// A source over what a query matches.
    public init(client: OpenSearchClient, query: ScrollQuery) {
        self.client = client
        self.query = query
    }

    /// The index and the field.
    public var name: String { "index \(query.index), field \(query.field)" }

    /// The hours that hold documents, and the documents without a time.
    public func windows() async throws -> [LogWindow] {
        try await client.windows(of: query).map { window in
            LogWindow(
                name: OpenSearchLogSource.name(of: window), hour: Hour(milliseconds: window.times?.lowerBound),
                expectedDocuments: window.expectedDocuments, key: window)
        }
    }

    /// Reads a window; whatever fails meanwhile, each of its documents comes once.
    public func read(_ window: LogWindow, into sink: LogSink) async throws {
        guard let scroll = window.key as? ScrollWindow else {
            preconditionFailure("a window of another source was given to OpenSearchLogSource")
        }
        try await client.readWindow(scroll, of: query) { pages in
            for try await page in pages {
                try await sink.add(OpenSearchPage(page: page, hour: window.hour ?? .none))
            }
        }
    }

    private static func name(of window: ScrollWindow) -> String {
        guard let times = window.times else { return "without time" + (window.shard.map { ", shard \($0)" } ?? "") }
        let shard = window.shard.map { ", shard \($0)" } ?? ""
        return "\(times.lowerBound)..<\(times.upperBound) ms\(shard)"
    }
}

/// A page of a scroll; all its documents are of the window's hour.
private struct OpenSearchPage: LogPage {
    let page: ScrollPage
    let hour: Hour

    var bytes: Int { page.bytes }

    func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally {
        page.forEachMessage { body($0, hour) }
        var tally = PageTally()
        tally.documentsWithoutField = UInt64(page.documentsWithoutField)
        return tally
    }
}
