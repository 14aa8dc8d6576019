/// Which fields of a document's source an answer holds: the request's `_source`.
public struct SourceFilter: Sendable, Equatable {
    /// Patterns of dotted paths (`*` for anything) to keep; empty: all.
    public var includes: [String] = []
    /// Patterns of dotted paths to leave out.
    public var excludes: [String] = []
    /// `_source: false`: no source at all.
    public var isDisabled = false
    /// Characters beyond the Basic Multilingual Plane are escaped when the source is written anew, as 2.x does.
    var escapesAstral = true

    /// Everything, byte for byte as indexed.
    public static let all = SourceFilter()

    /// Whether the source is handed out as it was indexed.
    public var isWhole: Bool { includes.isEmpty && excludes.isEmpty && !isDisabled }

    /// Whether the leaf at `path` is kept.
    public func keeps(_ path: String) -> Bool {
        let included = includes.isEmpty || includes.contains { Self.covers($0, path) }
        return included && !excludes.contains { Self.covers($0, path) }
    }

    init() {}

    init(_ value: JSONValue?) throws(RequestError) {
        switch value {
        case nil, .bool(true)?: break
        case .bool(false)?: isDisabled = true
        case .string?, .array?: includes = Self.paths(value)
        case .object?:
            includes = Self.paths(value?["includes"] ?? value?["include"])
            excludes = Self.paths(value?["excludes"] ?? value?["exclude"])
        default:
            throw .parsing(
                "Expected one of [VALUE_BOOLEAN, START_OBJECT] but found [\(value?.tokenName ?? "VALUE_NULL")]")
        }
    }

    private static func paths(_ value: JSONValue?) -> [String] {
        (value?.list ?? []).compactMap(\.text)
    }

    /// A pattern covers a path when it matches the path itself or an object on the way to it.
    private static func covers(_ pattern: String, _ path: String) -> Bool {
        if pattern == path { return true }
        // Asked twice a document: no text is built and no character looked at where the lengths decide.
        if path.utf8.count > pattern.utf8.count, path.hasPrefix(pattern + ".") { return true }
        guard pattern.utf8.contains(UInt8(ascii: "*")) else { return false }
        return Wildcard.matches(pattern, path)
    }

    /// The part of `value` that is kept; objects with nothing left in them go.
    func cut(_ value: JSONValue) -> JSONValue {
        cut(value, at: "") ?? .object([])
    }

    private func cut(_ value: JSONValue, at path: String) -> JSONValue? {
        switch value {
        case .object(let members):
            let kept = members.compactMap { member -> JSONMember? in
                let inner = path.isEmpty ? member.name : path + "." + member.name
                return cut(member.value, at: inner).map { JSONMember(name: member.name, value: $0) }
            }
            return kept.isEmpty && !keeps(path) ? nil : .object(kept)
        case .array(let elements):
            let kept = elements.compactMap { cut($0, at: path) }
            return kept.isEmpty && !keeps(path) ? nil : .array(kept)
        default:
            return keeps(path) ? value : nil
        }
    }
}

/// Patterns with `*`, of index names and fields.
enum Wildcard {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return pattern == text }
        guard text.count >= first.count + last.count, text.hasPrefix(first), text.hasSuffix(last) else { return false }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let found = firstOccurrence(of: piece, in: rest) else { return false }
            rest = rest[found...]
        }
        return true
    }

    /// The index after the first occurrence of `piece`.
    private static func firstOccurrence(of piece: Substring, in text: Substring) -> String.Index? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(piece) { return text.index(start, offsetBy: piece.count) }
            start = text.index(after: start)
        }
        return nil
    }
}
