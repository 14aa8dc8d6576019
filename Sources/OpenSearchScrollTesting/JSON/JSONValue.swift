/// A JSON value of a request or a document. Members keep their order, numbers their spelling.
enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    /// UTF-8 that may hold what is not valid: bad bytes as they were indexed, lone surrogates as three bytes each.
    case string([UInt8])
    case array([JSONValue])
    case object([JSONMember])

    /// The last member of that name, as Jackson and most readers take it.
    subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    var text: String? {
        guard case .string(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    var integer: Int? {
        switch self {
        case .number(let digits): Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
        case .string(let bytes): Int(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    /// The name that OpenSearch's parser errors have for a value of this kind.
    var tokenName: String {
        switch self {
        case .null: "VALUE_NULL"
        case .bool: "VALUE_BOOLEAN"
        case .number: "VALUE_NUMBER"
        case .string: "VALUE_STRING"
        case .array: "START_ARRAY"
        case .object: "START_OBJECT"
        }
    }

    /// The elements of an array, or the value alone: most settings take one or several.
    var list: [JSONValue] {
        if case .array(let elements) = self { elements } else { [self] }
    }
}

struct JSONMember: Sendable, Equatable {
    let name: String
    let value: JSONValue
}
