import CSimdjson

/// Cuts one field, and a time if wanted, out of JSON objects: lines of a file, `_source` of a document.
///
/// The field is looked for by its literal name first (`{"kubernetes.log": …}`), then by the path that its dots name
/// (`{"kubernetes": {"log": …}}`); of a key given twice the last counts. An array of strings is joined by one space.
/// Not `Sendable`, because it reuses its buffers: one for each worker.
public final class DocumentDecoder {
    /// How many bytes must be readable after each object.
    public static let padding = Int(OPNILOG_JSON_PADDING)

    /// Objects so far that were not valid UTF-8, or whose message held half a surrogate pair; U+FFFD stands there now.
    public private(set) var repairedDocuments = 0

    private let parser: JSONParser

    /// - Parameters:
    ///   - field: the field that holds the message.
    ///   - timeField: the field that holds the time, if that is wanted.
    public init(field: String, timeField: String?) {
        parser = JSONParser(field: field, timeField: timeField)
    }

    /// Decodes one object and calls `body` exactly once, lending it the message until it returns.
    ///
    /// - Parameter object: one JSON object, with ``padding`` readable bytes after it. A byte order mark before it is
    ///   skipped; what is not UTF-8 in it is replaced by U+FFFD.
    public func decode<E: Error>(
        _ object: UnsafeRawBufferPointer, _ body: (DecodedDocument) throws(E) -> Void
    ) throws(E) {
        let (status, found) = parse(object)
        guard status == opnilog_json_bad_utf8 else {
            return try body(document(status, found, repaired: found.replaced > 0))
        }
        let copy = UTF8Repair.copy(of: object, stored: false).text
        let (secondStatus, secondFound) = parse(copy.bytes)
        // The copy must outlive what is lent of it.
        try withExtendedLifetime(copy) { () throws(E) in
            try body(document(secondStatus, secondFound, repaired: true))
        }
    }

    private func parse(_ object: UnsafeRawBufferPointer) -> (opnilog_json_status, opnilog_json_object) {
        var found = opnilog_json_object()
        guard let start = object.baseAddress else { return (opnilog_json_malformed, found) }
        let text = start.assumingMemoryBound(to: CChar.self)
        return (opnilog_json_parse_object(parser.handle, text, object.count, &found), found)
    }

    private func document(
        _ status: opnilog_json_status, _ found: opnilog_json_object, repaired: Bool
    ) -> DecodedDocument {
        if repaired { repairedDocuments += 1 }
        guard status == opnilog_json_ok else { return DecodedDocument(outcome: .notJSON, time: nil) }
        let tokens = UnsafeBufferPointer(start: found.times, count: found.time_count)
        // A document with several dates belongs to the smallest of them.
        let time = tokens.compactMap { Self.milliseconds(ofToken: $0.bytes) }.min()
        switch found.outcome {
        case opnilog_json_message: return DecodedDocument(outcome: .message(found.message.bytes), time: time)
        case opnilog_json_field_missing: return DecodedDocument(outcome: .fieldMissing, time: time)
        default: return DecodedDocument(outcome: .otherType, time: time)
        }
    }

    private static func milliseconds(ofToken token: UnsafeRawBufferPointer) -> Int64? {
        guard token.first == UInt8(ascii: "\"") else { return Timestamp.milliseconds(of: token, isNumber: true) }
        let inside = UnsafeRawBufferPointer(rebasing: token[1..<(token.count - 1)])
        // No time is longer than this, and some writers escape the plus sign of the offset.
        guard let start = inside.baseAddress, inside.count <= 256 else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: inside.count, alignment: 1) { room in
            guard let target = room.baseAddress else { return nil }
            var replaced = 0
            let count = opnilog_json_unescape(
                start.assumingMemoryBound(to: CChar.self), inside.count,
                target.assumingMemoryBound(to: CChar.self), &replaced)
            guard (0...inside.count).contains(count) else { return nil }
            return Timestamp.milliseconds(of: UnsafeRawBufferPointer(rebasing: room[..<count]), isNumber: false)
        }
    }
}

/// What a ``DocumentDecoder`` found in one object; lent until the closure that gets it returns.
public struct DecodedDocument {
    /// What the field is.
    public enum Outcome {
        /// The message, unescaped UTF-8; strings of an array joined by one space.
        case message(UnsafeRawBufferPointer)
        /// The field is absent, null, or an empty array.
        case fieldMissing
        /// The field is a number, a boolean, an object, or an array of anything but strings.
        case otherType
        /// The bytes are not one JSON object.
        case notJSON
    }

    /// What the field is.
    public let outcome: Outcome
    /// Milliseconds since 1970, the smallest if there are several; nil when empty, missing, unreadable or not asked
    /// for.
    public let time: Int64?
}
