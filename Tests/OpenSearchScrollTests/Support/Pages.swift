@testable import OpenSearchScroll

/// Answers as OpenSearch sends them.
enum Answer {
    static func page(
        _ ids: [String], total: Int, scrollID: String? = "scroll-1", shards: (Int, Int) = (1, 1),
        failures: String? = nil, extra: String = ""
    ) -> String {
        let hits = ids.map {
            #"{"_index":"logs","_id":"\#($0)","_score":null,"_source":{"log":"line \#($0)"},"sort":[0]}"#
        }
        let id = scrollID.map { #""_scroll_id":"\#($0)","# } ?? ""
        let failed = failures.map { #","failures":\#($0)"# } ?? ""
        return #"{\#(id)"took":1,"timed_out":false\#(extra),"_shards":{"total":\#(shards.1),"successful":\#(shards.0),"#
            + #""skipped":0,"failed":0\#(failed)},"hits":{"total":{"value":\#(total),"relation":"eq"},"max_score":null,"#
            + #""hits":[\#(hits.joined(separator: ","))]}}"#
    }

    static let cleared = #"{"succeeded":true,"num_freed":1}"#
}

/// A configuration for tests: quick to try again, quick to give up where something fails; what is only slow, be it
/// that this machine stands still for a while, has time.
func configuration(
    _ urls: String..., attempts: Int = 3, timeout: Duration = .seconds(600),
    onEvent: (@Sendable (ScrollEvent) -> Void)? = nil
) -> OpenSearchConfiguration {
    var configuration = OpenSearchConfiguration(
        endpoints: urls, requestTimeout: timeout, connectTimeout: .seconds(300), attempts: attempts, patience: .zero,
        onEvent: onEvent)
    configuration.firstBackoff = .milliseconds(1)
    configuration.tokenCommandLimit = .seconds(600)
    return configuration
}

func decodePage(_ text: String, field: String = "log") throws -> (PageDecoder.Envelope, ScrollPage) {
    try decodePage(Array(text.utf8), field: field)
}

func decodePage(_ bytes: [UInt8], field: String = "log") throws -> (PageDecoder.Envelope, ScrollPage) {
    try PageDecoder(field: field).decode(bytes.withUnsafeBytes { AnswerBody(copying: $0) })
}

extension ScrollPage {
    var messages: [String] {
        var messages: [String] = []
        forEachMessage { messages.append(String(decoding: $0, as: UTF8.self)) }
        return messages
    }

    var ids: [String] {
        var ids: [String] = []
        forEachDocument { ids.append(String(decoding: $0.id, as: UTF8.self)) }
        return ids
    }
}

/// The error that a closure throws, if it is one of ours.
func openSearchError(_ body: () async throws -> Void) async -> OpenSearchError? {
    do {
        try await body()
        return nil
    } catch { return error as? OpenSearchError }
}
