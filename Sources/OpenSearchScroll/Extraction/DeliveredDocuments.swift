import CSimdjson
import Glibc

/// Documents that an earlier run has handed out: 18 to 40 bytes of memory each.
///
/// It never changes once it is made, so any task may read it, and several at once: hence `@unchecked Sendable`.
public final class DeliveredDocuments: @unchecked Sendable {
    private let ids: IDSet

    init(_ documents: some Collection<DocumentID>) {
        ids = IDSet(expecting: documents.count)
        for document in documents { _ = ids.insert(document, scroll: 1) }
    }

    fileprivate init(taking ids: IDSet) { self.ids = ids }

    /// How many they are.
    public var count: Int { ids.count }

    func contains(_ id: DocumentID) -> Bool { ids.contains(id) }
}

/// Reads back what ``DocumentLines`` has written.
public struct DocumentLineScan: Sendable {
    /// The documents of the lines.
    public let documents: DeliveredDocuments
    /// Bytes of the whole lines.
    public let bytes: Int
    /// Over the lines that begin at or after the place from which they were to be counted.
    public let tail: ExtractionLedger.Extent
    /// The same lines by the name of their index.
    public let tailIndices: [String: Int]

    /// Reads lines up to the first that is not whole.
    ///
    /// - Parameters:
    ///   - text: begins with a line's first byte.
    ///   - trusted: so many bytes are whole lines for sure; after them, a line that holds a null byte is a hole that a
    ///     crash of the machine left.
    /// - Returns: nil when a line within the trusted bytes is none of ours.
    public init?(_ text: UnsafeRawBufferPointer, trusted: Int) {
        let ids = IDSet(expecting: 0)
        var tail = ExtractionLedger.Extent()
        var indices: [String: Int] = [:]
        var scanner = LineScanner()
        var at = 0
        while at < text.count {
            let rest = UnsafeRawBufferPointer(rebasing: text[at...])
            guard let start = rest.baseAddress, let end = memchr(start, 0x0A, rest.count) else { break }
            let line = UnsafeRawBufferPointer(start: start, count: UnsafeRawPointer(end) - start)
            let isTail = at >= trusted
            guard !isTail || memchr(start, 0, line.count) == nil, let id = scanner.id(of: line) else { break }
            _ = ids.insert(id, scroll: 1)
            if isTail {
                var digest = IDDigest()
                digest.add(id)
                tail.add(bytes: line.count + 1, documents: 1, digest: digest)
                indices[scanner.index, default: 0] += 1
            }
            at += line.count + 1
        }
        guard at >= min(trusted, text.count), trusted <= text.count else { return nil }
        documents = DeliveredDocuments(taking: ids)
        bytes = at
        self.tail = tail
        tailIndices = indices
    }
}

/// Takes the identity out of a line.
struct LineScanner {
    private var seeds: (index: [UInt8], seed: UInt64)?
    /// The name of the last line's index.
    private(set) var index = ""

    /// Nil when the line is none of ours.
    mutating func id(of line: UnsafeRawBufferPointer) -> DocumentID? {
        guard line.last == UInt8(ascii: "}"), let index = Self.string(line, after: #"{"_index":""#, at: 0),
            let id = Self.string(line, after: #","_id":""#, at: index.end)
        else { return nil }
        let routing = Self.string(line, after: #","_routing":""#, at: id.end)
        guard Self.has(#","_source":"#, line, at: routing?.end ?? id.end) else { return nil }
        return Self.unescaped(line, id.range) { id in
            Self.unescaped(line, routing?.range ?? 0..<0) { routing in
                seed(line, index.range).map { DocumentID(id, routing: routing, seed: $0) }
            }
        }
    }

    /// Nearly all lines are of the index of the line before.
    private mutating func seed(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64? {
        if let seeds, seeds.index.elementsEqual(line[range]) { return seeds.seed }
        guard
            let (seed, name) = Self.unescaped(
                line, range, { (DocumentID.seed(index: $0), String(decoding: $0, as: UTF8.self)) })
        else { return nil }
        (seeds, index) = ((Array(line[range]), seed), name)
        return seed
    }

    private static func has(_ text: StaticString, _ line: UnsafeRawBufferPointer, at start: Int) -> Bool {
        guard line.count - start >= text.utf8CodeUnitCount, let base = line.baseAddress else { return false }
        return memcmp(base + start, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    /// The inside of the string that follows `prefix`, and where what follows the string begins.
    private static func string(
        _ line: UnsafeRawBufferPointer, after prefix: StaticString, at start: Int
    ) -> (range: Range<Int>, end: Int)? {
        guard has(prefix, line, at: start) else { return nil }
        let first = start + prefix.utf8CodeUnitCount
        var at = first
        while at < line.count, line[at] != UInt8(ascii: "\"") { at += line[at] == UInt8(ascii: "\\") ? 2 : 1 }
        return at < line.count ? (first..<at, at + 1) : nil
    }

    /// Nil where an escape is none, as in a line that was damaged.
    private static func unescaped<R>(
        _ line: UnsafeRawBufferPointer, _ range: Range<Int>, _ use: (UnsafeRawBufferPointer) -> R?
    ) -> R? {
        let text = UnsafeRawBufferPointer(rebasing: line[range])
        guard let start = text.baseAddress, memchr(start, CInt(UInt8(ascii: "\\")), text.count) != nil else {
            return use(text)
        }
        return withUnsafeTemporaryAllocation(byteCount: text.count, alignment: 1) { room in
            var replaced = 0
            guard let target = room.baseAddress else { return use(text) }
            let count = opnilog_json_unescape(
                start.assumingMemoryBound(to: CChar.self), text.count, target.assumingMemoryBound(to: CChar.self),
                &replaced)
            guard (0...text.count).contains(count) else { return nil }
            return use(UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
    }
}
