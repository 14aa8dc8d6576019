import CSimdjson

/// Turns answers into pages. Not `Sendable`, because it reuses its buffers: one for each scroll.
final class PageDecoder {
    /// What an answer says besides its documents.
    struct Envelope {
        var scrollID: String?
        var total: Int?
        var shards: (total: Int64, successful: Int64)
        /// The JSON of `_shards.failures`.
        var failures: [UInt8]
        var timedOut: Bool
        var terminatedEarly: Bool
        /// Remote clusters that did not take part.
        var skippedClusters: Int
    }

    struct Malformed: Error {
        var reason: String
    }

    private let parser: JSONParser
    /// What the pages are of.
    var window: ScrollWindow?

    init(content: ScrollQuery.Content = .message, field: String) {
        parser = JSONParser(field: content == .source ? nil : field, timeField: nil)
    }

    /// The id of the scroll out of the start of an answer, where OpenSearch puts it; nil when it is not there whole.
    static func scrollID(startOf answer: UnsafeRawBufferPointer) -> String? {
        guard answer.count > idKey.utf8.count, answer.prefix(idKey.utf8.count).elementsEqual(idKey.utf8) else {
            return nil
        }
        let rest = answer[idKey.utf8.count...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")), end > rest.startIndex else { return nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    /// Whether an answer's first bytes end before its scroll's id does.
    static func isScrollIDCut(startOf answer: UnsafeRawBufferPointer) -> Bool {
        let head = answer.prefix(idKey.utf8.count)
        return head.elementsEqual(idKey.utf8.prefix(head.count)) && scrollID(startOf: answer) == nil
    }

    private static let idKey = #"{"_scroll_id":""#

    /// Takes the body over: its strings are unescaped where they stand.
    func decode(_ body: AnswerBody) throws(Malformed) -> (Envelope, ScrollPage) {
        var found = opnilog_json_page()
        var status = parse(body, &found)
        var page = body
        var replaced: [Int] = []
        if status == opnilog_json_bad_utf8 {
            (page, replaced) = body.withBytes { UTF8Repair.copy(of: $0, stored: true) }
            status = parse(page, &found)
        }
        switch status {
        case opnilog_json_ok: break
        case opnilog_json_too_large: throw Malformed(reason: "a page over 4 GiB")
        case opnilog_json_no_memory: throw Malformed(reason: "a page for which there is no memory")
        default: throw Malformed(reason: "no JSON, or not that of a search")
        }
        guard found.has_hits, found.shards_total >= 0 else { throw Malformed(reason: "JSON without hits or shards") }
        let hits = Array(UnsafeBufferPointer(start: found.hits, count: found.hit_count))
        let isRepaired = page !== body || found.replaced > 0
        return (
            envelope(found),
            ScrollPage(
                body: page, hits: hits, bytes: body.count, isRepaired: isRepaired,
                repairedHits: ScrollPage.hits(hits, around: replaced), window: window)
        )
    }

    private func parse(_ body: AnswerBody, _ found: inout opnilog_json_page) -> opnilog_json_status {
        guard let start = body.start else { return opnilog_json_malformed }
        return opnilog_json_parse_page(parser.handle, start.assumingMemoryBound(to: CChar.self), body.count, &found)
    }

    private func envelope(_ found: opnilog_json_page) -> Envelope {
        let id = found.scroll_id.length > 0 ? String(decoding: found.scroll_id.bytes, as: UTF8.self) : nil
        return Envelope(
            scrollID: id,
            total: found.total >= 0 && found.total_exact ? Int(found.total) : nil,
            shards: (found.shards_total, found.shards_successful),
            failures: Array(found.failures.bytes),
            timedOut: found.timed_out,
            terminatedEarly: found.terminated_early,
            skippedClusters: Int(found.clusters_skipped))
    }
}
