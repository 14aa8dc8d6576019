import CSimdjson
import Glibc

/// What one scroll request answered: documents, in bytes that the page owns.
///
/// A page is handed out only after it was read whole and found complete. It never changes, so any task may read it, and
/// several at once.
public final class ScrollPage: Sendable {
    /// How many documents it has.
    public let count: Int
    /// The size of the answer in bytes, before any repair.
    public let bytes: Int
    /// Documents that do not have the field, or have something else than text in it.
    public let documentsWithoutField: Int
    /// Whether a byte that is no UTF-8, or half a surrogate pair, was replaced by U+FFFD somewhere.
    public let isRepaired: Bool

    /// Documents in which bytes that are no UTF-8 were replaced by U+FFFD.
    public var repairedDocuments: Int { repairedHits.count }
    /// The window that it is a page of; nil for one that no reading made.
    public let window: ScrollWindow?

    /// Bytes of it that are worth having: messages, ids and what stands around them in any case.
    let usefulBytes: Int

    private let body: AnswerBody
    private let hits: [opnilog_json_hit]
    /// The places of the documents that were repaired, ascending.
    private let repairedHits: [Int]

    init(
        body: AnswerBody, hits: [opnilog_json_hit], bytes: Int, isRepaired: Bool, repairedHits: [Int],
        window: ScrollWindow?
    ) {
        self.repairedHits = repairedHits
        self.window = window
        self.body = body
        self.hits = hits
        self.bytes = bytes
        self.isRepaired = isRepaired
        count = hits.count
        documentsWithoutField = hits.count(where: { !$0.hasMessage })
        usefulBytes = hits.reduce(0) { $0 + Int($1.message_length + $1.id_length + $1.index_length) + 80 }
    }

    /// The documents at some places of it, in order.
    func keeping(_ positions: [Int]) -> ScrollPage {
        let isRepairedHit = Set(repairedHits)
        return ScrollPage(
            body: body, hits: positions.map { hits[$0] }, bytes: bytes, isRepaired: isRepaired,
            repairedHits: isRepairedHit.isEmpty
                ? [] : positions.indices.filter { isRepairedHit.contains(positions[$0]) },
            window: window)
    }

    /// The places of the documents that some offsets of the page, ascending, lie in.
    static func hits(_ hits: [opnilog_json_hit], around offsets: [Int]) -> [Int] {
        var found: [Int] = []
        var next = 0
        for offset in offsets {
            // The index's name stands first in a hit.
            while next < hits.count, Int(hits[next].index_offset) <= offset { next += 1 }
            if next > 0, found.last != next - 1 { found.append(next - 1) }
        }
        return found
    }

    /// The identity of each document with its place.
    func forEachID(_ use: (Int, DocumentID) -> Void) {
        let bytes = self.body.bytes
        forEachIndex { name, places in
            let seed = DocumentID.seed(index: name)
            for place in places {
                let hit = hits[place]
                let routing = bytes.part(hit.routing_offset, hit.routing_length)
                use(place, DocumentID(bytes.part(hit.id_offset, hit.id_length), routing: routing, seed: seed))
            }
        }
    }

    /// Adds the number of documents of each index.
    package func countIndices(into counts: inout [String: Int]) {
        forEachIndex { name, places in counts[String(decoding: name, as: UTF8.self), default: 0] += places.count }
    }

    /// Runs of documents of the same index: nearly always one.
    private func forEachIndex(_ use: (UnsafeRawBufferPointer, Range<Int>) -> Void) {
        guard let first = hits.first, let start = body.start else { return }
        var (offset, length, begin) = (first.index_offset, first.index_length, 0)
        for (place, hit) in hits.enumerated() {
            let isSame =
                hit.index_length == length
                && memcmp(start + Int(hit.index_offset), start + Int(offset), Int(length)) == 0
            if isSame { continue }
            use(body.bytes.part(offset, length), begin..<place)
            (offset, length, begin) = (hit.index_offset, hit.index_length, place)
        }
        use(body.bytes.part(offset, length), begin..<hits.count)
    }

    /// Lends the message of each document that has one, in order, unescaped UTF-8, without a copy.
    public func forEachMessage<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        let bytes = self.body.bytes
        for hit in hits where hit.hasMessage {
            try body(bytes.part(hit.message_offset, hit.message_length))
        }
    }

    /// Lends each document, in order, without a copy.
    public func forEachDocument<E: Error>(_ body: (ScrollDocument) throws(E) -> Void) throws(E) {
        let bytes = self.body.bytes
        for hit in hits {
            try body(
                ScrollDocument(
                    index: bytes.part(hit.index_offset, hit.index_length),
                    id: bytes.part(hit.id_offset, hit.id_length),
                    routing: bytes.part(hit.routing_offset, hit.routing_length),
                    message: hit.hasMessage ? bytes.part(hit.message_offset, hit.message_length) : nil))
        }
    }
}

/// A document of a page, lent until the closure that gets it returns. All is unescaped UTF-8.
public struct ScrollDocument {
    /// The name of its index.
    public let index: UnsafeRawBufferPointer
    /// Its `_id`, unique within the index.
    public let id: UnsafeRawBufferPointer
    /// Its routing, empty for the default one.
    public let routing: UnsafeRawBufferPointer
    /// The message, nil when the document does not have the field as text; or its `_source` (``ScrollQuery/Content``).
    public let message: UnsafeRawBufferPointer?
}

extension opnilog_json_hit {
    fileprivate var hasMessage: Bool { outcome == opnilog_json_message.rawValue }
}

extension UnsafeRawBufferPointer {
    fileprivate func part(_ offset: UInt32, _ length: UInt32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[Int(offset)..<Int(offset) + Int(length)])
    }
}
