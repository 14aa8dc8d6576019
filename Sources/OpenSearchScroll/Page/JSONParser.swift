import CSimdjson

/// Owns a parser of the shim. Not `Sendable`: its buffers are reused from text to text.
final class JSONParser {
    let handle: OpaquePointer

    /// - Parameter field: nil: of the hits of a page, their whole `_source`.
    init(field: String?, timeField: String?) {
        let made = withText(field) { field in
            withText(timeField) { opnilog_json_parser_new(field, $0) }
        }
        guard let made else { fatalError("out of memory for a JSON parser") }
        handle = made
    }

    deinit { opnilog_json_parser_free(handle) }
}

private func withText<R>(_ string: String?, _ body: (opnilog_json_text) -> R) -> R {
    guard let string else { return body(opnilog_json_text()) }
    // A name that is empty is still a name, so the pointer must not be null.
    return string.withCString { body(opnilog_json_text(start: $0, length: string.utf8.count)) }
}

extension opnilog_json_text {
    /// The bytes, still only borrowed.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: length) }
}
