/// One value of a document: each element of an array is one of its own, null is none.
struct DocumentLeaf: Sendable {
    /// Dotted path of its field.
    let path: String
    /// A number, or epoch milliseconds of what reads as a date.
    let number: Double?

    static func leaves(of source: JSONValue) -> [DocumentLeaf] {
        var leaves: [DocumentLeaf] = []
        visit(source, "") { path, value in
            leaves.append(DocumentLeaf(path: path, number: Self.number(of: value)))
        }
        return leaves
    }

    /// Calls `body` for each value that is neither an object, an array nor null.
    static func visit(_ value: JSONValue, _ path: String, _ body: (String, JSONValue) -> Void) {
        switch value {
        case .null: break
        case .object(let members):
            for member in members { visit(member.value, path.isEmpty ? member.name : path + "." + member.name, body) }
        case .array(let elements):
            for element in elements { visit(element, path, body) }
        default: body(path, value)
        }
    }

    private static func number(of value: JSONValue) -> Double? {
        switch value {
        case .number(let digits): return Double(digits)
        case .string(let bytes):
            // No date is longer, and logs should not be scanned for one.
            guard bytes.count <= 40 else { return nil }
            let text = String(decoding: bytes, as: UTF8.self)
            return DateText.milliseconds(text).map(Double.init) ?? Double(text)
        default: return nil
        }
    }
}

/// Decides whether a stored document matches a query.
enum DocumentMatcher {
    static func matches(_ document: StoredContents.Document, _ query: SearchQuery) -> Bool {
        switch query {
        case .matchAll: return true
        case .matchNone: return false
        case .ids(let ids): return ids.contains(document.id)
        case .exists(let field):
            return field == "_id" || document.leaves.contains { $0.path == field || $0.path.hasPrefix(field + ".") }
                || field.hasSuffix(".keyword") && !values(of: field, document).isEmpty
        case .range(let field, let bounds):
            return document.leaves.contains { leaf in
                leaf.path == field && leaf.number.map(bounds.contains) ?? false
            }
        case .terms(let field, let values):
            if field == "_id" { return values.contains(document.id) }
            return self.values(of: field, document).contains { $0.terms.contains(where: values.contains) }
        case .match(let field, let words, let all):
            let found = Set(self.values(of: field, document).flatMap { TextAnalysis.words($0.text) })
            return all ? words.allSatisfy(found.contains) && !words.isEmpty : words.contains(where: found.contains)
        case .bool(let must, let should, let minimum, let mustNot):
            return must.allSatisfy { matches(document, $0) }
                && !mustNot.contains { matches(document, $0) }
                && (minimum <= 0 || should.count { matches(document, $0) } >= minimum)
        }
    }

    /// A value of a field: what it says, and the terms under which it is found.
    private typealias Value = (text: String, terms: [String])

    /// UTF-16 units of a text; a longer one has no `.keyword`.
    private static let longestKeyword = 256

    /// The values of a field, mapped as an index does by itself: a text is found by its words, and as a whole in the
    /// sub-field `.keyword`, which other values have not.
    private static func values(of field: String, _ document: StoredContents.Document) -> [Value] {
        let isKeyword = field.hasSuffix(".keyword")
        let path = isKeyword ? String(field.dropLast(8)) : field
        var values: [Value] = []
        DocumentLeaf.visit((try? JSONParser.parse(document.source)) ?? .null, "") { found, value in
            guard found == path else { return }
            switch value {
            case .string(let bytes):
                let text = String(decoding: bytes, as: UTF8.self)
                if !isKeyword {
                    values.append((text, TextAnalysis.words(text)))
                } else if text.utf16.count <= longestKeyword {
                    values.append((text, [text]))
                }
            case .number(let digits) where !isKeyword: values.append((digits, [digits]))
            case .bool(let flag) where !isKeyword: values.append(("\(flag)", ["\(flag)"]))
            default: break
            }
        }
        return values
    }
}
