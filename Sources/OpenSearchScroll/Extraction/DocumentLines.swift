import Glibc

/// Writes documents as NDJSON: `{"_index":…,"_id":…,"_source":…}`, with `"_routing"` before the source where it is not
/// the default. Reads pages of ``ScrollQuery/Content/source``.
///
/// The source stays as it was indexed, but that line breaks between its tokens become blanks. One task at a time.
public final class DocumentLines {
    /// Documents in which bytes that are no UTF-8 were replaced.
    public private(set) var repairedDocuments = 0
    /// Documents that have no source, because their index keeps none: `null` stands there.
    public private(set) var documentsWithoutSource = 0
    /// Bytes that wait to be flushed.
    public private(set) var count = 0

    private var flushed = 0
    private let limit: Int
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    /// The beginning of a line of the index of the document before.
    private var head: [UInt8] = []
    private var headIndex: [UInt8] = []

    /// - Parameter limit: so many bytes are gathered before they are flushed.
    public init(limit: Int = 1 << 20) {
        self.limit = limit
        capacity = limit + (64 << 10)
        start = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { start.deallocate() }

    /// Adds the documents of a page.
    ///
    /// - Parameter flush: is lent whole lines whenever enough have been gathered.
    /// - Returns: what they came to, flushed or not.
    public func append<E: Error>(
        _ page: ScrollPage, flush: (UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E) -> ExtractionLedger.Extent {
        let before = flushed + count
        var digest = IDDigest()
        page.forEachID { _, id in digest.add(id) }
        repairedDocuments += page.repairedDocuments
        try page.forEachDocument { (document) throws(E) in
            append(document)
            if count >= limit { try self.flush(flush) }
        }
        var extent = ExtractionLedger.Extent()
        extent.add(bytes: flushed + count - before, documents: page.count, digest: digest)
        return extent
    }

    /// Lends what has been gathered, and forgets it if that is taken.
    public func flush<E: Error>(_ flush: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        if count > 0 { try flush(UnsafeRawBufferPointer(start: start, count: count)) }
        flushed += count
        count = 0
        // A document of many megabytes comes seldom.
        if capacity > 8 * limit { resize(limit + (64 << 10)) }
    }

    private func append(_ document: ScrollDocument) {
        if headIndex.isEmpty || !headIndex.elementsEqual(document.index) { makeHead(document.index) }
        let source = document.message
        // An escaped byte takes six.
        let needed = count + head.count + 6 * (document.id.count + document.routing.count) + (source?.count ?? 4) + 64
        if needed > capacity { resize(max(needed, 2 * capacity)) }
        head.withUnsafeBytes { put($0) }
        putEscaped(document.id)
        if !document.routing.isEmpty {
            put(#"","_routing":""#)
            putEscaped(document.routing)
        }
        put(#"","_source":"#)
        if let source { putSource(source) } else { putNull() }
        put("}\n")
    }

    private func makeHead(_ index: UnsafeRawBufferPointer) {
        headIndex = Array(index)
        var text = Array(#"{"_index":""#.utf8)
        for byte in index {
            if let escaped = Self.escape(byte) { text += escaped } else { text.append(byte) }
        }
        head = text + Array(#"","_id":""#.utf8)
    }

    private func resize(_ size: Int) {
        let grown = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        grown.copyMemory(from: start, byteCount: count)
        start.deallocate()
        (start, capacity) = (grown, size)
    }

    // MARK: Parts. There is room for them.

    private func put(_ bytes: UnsafeRawBufferPointer) {
        guard let from = bytes.baseAddress else { return }
        (start + count).copyMemory(from: from, byteCount: bytes.count)
        count += bytes.count
    }

    private func put(_ text: StaticString) {
        put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private func putNull() {
        documentsWithoutSource += 1
        put("null")
    }

    private func putSource(_ source: UnsafeRawBufferPointer) {
        let from = start + count
        put(source)
        // Inside strings they are always escaped.
        for line in [CInt(0x0A), 0x0D] {
            var at = from
            while let found = memchr(at, line, start + count - at) {
                found.storeBytes(of: UInt8(ascii: " "), as: UInt8.self)
                at = found + 1
            }
        }
    }

    private func putEscaped(_ text: UnsafeRawBufferPointer) {
        guard !text.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) else {
            return put(text)
        }
        for byte in text {
            if let escaped = Self.escape(byte) {
                escaped.withUnsafeBytes { put($0) }
            } else {
                withUnsafeBytes(of: byte) { put($0) }
            }
        }
    }

    private static func escape(_ byte: UInt8) -> [UInt8]? {
        switch byte {
        case UInt8(ascii: "\""): return Array(#"\""#.utf8)
        case UInt8(ascii: "\\"): return Array(#"\\"#.utf8)
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            return Array(#"\u00"#.utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: return nil
        }
    }
}
