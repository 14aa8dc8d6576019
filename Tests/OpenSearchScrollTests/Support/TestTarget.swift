@testable import OpenSearchScroll

/// A server that the same checks run against: an in-memory one, an independent one, a real node.
struct TestTarget: Sendable {
    var name: String
    var url: String
    var credentials = Credentials.none
    var caFile: String?
    /// How many scroll contexts are open; nil where nobody can tell.
    var openContexts: @Sendable () async throws -> Int?
    /// Whether documents come back byte for byte as they were indexed, and mappings are looked at, as on a real node.
    var isReal = false
    /// What a real node with security said when it started: certificates and tokens, by name.
    var identities = JSONValue.null

    func client(_ change: (inout OpenSearchConfiguration) -> Void = { _ in }) throws -> OpenSearchClient {
        var settings = configuration(url)
        settings.credentials = credentials
        settings.caFile = caFile
        // It may have too much to do for a while.
        if isReal { (settings.patience, settings.longestBackoff) = (.seconds(120), .seconds(1)) }
        change(&settings)
        return try OpenSearchClient(configuration: settings)
    }

    /// Sends what our own client never would: indices, documents, settings. For some two minutes, unless told
    /// otherwise, as long as a real node has too much to do for it.
    @discardableResult
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: [UInt8]? = nil, credentials: Credentials? = nil,
        attempts: Int = 240
    ) async throws -> JSONValue {
        var settings = configuration(url, attempts: isReal ? attempts : 1)
        (settings.firstBackoff, settings.longestBackoff) = (.milliseconds(500), .seconds(1))
        settings.credentials = credentials ?? self.credentials
        settings.caFile = caFile
        let wire = try Wire(settings)
        let context = wire.context(.root, wire.servers.current)
        var request = wire.request(method, path, nil, context)
        request.body = body
        let sent = request
        let answer = try await wire.retrying { _ in
            await wire.send(sent, context).mapError { error in
                // Nothing else is tried again: it may have been done.
                let isRefused = error.isRepeatable || error.code == .overloaded || error.httpStatus == 503
                return isRefused ? error : OpenSearchError(error.code, error.message, httpStatus: error.httpStatus)
            }
        }.get()
        guard let value = JSONValue(parsing: answer.bytes) else { throw Missing(description: "no JSON from \(path)") }
        return value
    }

    /// Clears every scroll behind its reader's back, which to the server is what expiry is.
    func clearScrolls() async throws { try await send(.delete, "/_search/scroll/_all") }

    /// Puts documents into a new index with a date mapping; lines are whole JSON objects.
    func load(_ index: String, _ documents: [(id: String, json: [UInt8])], shards: Int = 2) async throws {
        let mapping =
            #"{"settings":{"number_of_shards":\#(shards),"number_of_replicas":0},"mappings":{"properties":{"#
            + #""time":{"type":"date"},"text":{"type":"text"},"number":{"type":"long"},"log":{"type":"text"}}}}"#
        try await send(.put, "/\(index)", Array(mapping.utf8))
        for start in stride(from: 0, to: documents.count, by: 5_000) {
            var lines: [UInt8] = []
            for document in documents[start..<min(start + 5_000, documents.count)] {
                lines +=
                    Array(#"{"index":{"_index":"\#(index)","_id":"\#(document.id)"}}"#.utf8) + [10] + document.json + [
                        10
                    ]
            }
            // A real node need not say of each document what became of it.
            let filter = isReal ? "&filter_path=errors,items.*.error" : ""
            let answer = try await send(.post, "/_bulk?refresh=true\(filter)", lines)
            guard answer["errors"] == false else { throw Missing(description: "documents were refused: \(answer)") }
        }
    }
}

extension HTTPRequest.Method {
    static let put = HTTPRequest.Method(name: "PUT")
}
