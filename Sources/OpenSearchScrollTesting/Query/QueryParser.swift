/// Reads the `query` of a request; what the server does not speak is refused with OpenSearch's own words.
enum QueryParser {
    static func parse(_ value: JSONValue?) throws(RequestError) -> SearchQuery {
        guard let value else { return .matchAll }
        guard case .object(let members) = value else {
            throw .parsing("[_na] query malformed, must start with start_object")
        }
        guard let clause = members.first else {
            throw .illegalArgument("query malformed, empty clause found")
        }
        guard members.count == 1 else {
            throw .parsing("[\(clause.name)] malformed query, expected [END_OBJECT] but found [FIELD_NAME]")
        }
        return try parse(clause.name, clause.value)
    }

    private static func parse(_ name: String, _ body: JSONValue) throws(RequestError) -> SearchQuery {
        switch name {
        case "match_all": return .matchAll
        case "match_none": return .matchNone
        case "bool": return try bool(body)
        case "constant_score": return try parse(body["filter"])
        case "range": return try range(body)
        case "exists": return .exists(field: try text(body["field"], of: "exists"))
        case "ids": return .ids((body["values"]?.list ?? []).compactMap(\.text))
        case "term": return try term(body)
        case "terms": return try terms(body)
        case "match": return try match(body)
        default: throw .parsing("unknown query [\(name)]")
        }
    }

    private static func bool(_ body: JSONValue) throws(RequestError) -> SearchQuery {
        guard case .object(let members) = body else { throw .parsing("[bool] query malformed") }
        var must: [SearchQuery] = []
        var should: [SearchQuery] = []
        var mustNot: [SearchQuery] = []
        var minimum: Int?
        for member in members {
            switch member.name {
            case "must", "filter": must += try clauses(member.value)
            case "should": should += try clauses(member.value)
            case "must_not", "mustNot": mustNot += try clauses(member.value)
            case "minimum_should_match": minimum = member.value.integer
            case "boost", "adjust_pure_negative", "_name": break
            default:
                throw RequestError(
                    status: 400, type: "x_content_parse_exception", reason: "[bool] unknown field [\(member.name)]")
            }
        }
        // Without a minimum one should clause must match, unless must or filter clauses make a match already.
        let least = minimum ?? (must.isEmpty && !should.isEmpty ? 1 : 0)
        return .bool(must: must, should: should, minimum: least, mustNot: mustNot)
    }

    private static func clauses(_ value: JSONValue) throws(RequestError) -> [SearchQuery] {
        var result: [SearchQuery] = []
        for element in value.list { result.append(try parse(element)) }
        return result
    }

    private static func range(_ body: JSONValue) throws(RequestError) -> SearchQuery {
        let (field, options) = try only(body, of: "range")
        guard case .object(let members) = options else { throw .parsing("[range] query malformed, no start_object") }
        let format = options["format"]?.text
        var bounds = ValueBounds()
        for member in members {
            switch member.name {
            case "gte", "from": bounds.lower = (try bound(member.value, format, -.infinity), true)
            case "gt": bounds.lower = (try bound(member.value, format, -.infinity), false)
            case "lte", "to": bounds.upper = (try bound(member.value, format, .infinity), true)
            case "lt": bounds.upper = (try bound(member.value, format, .infinity), false)
            case "format", "time_zone", "boost", "relation", "_name": break
            default: throw .parsing("[range] query does not support [\(member.name)]")
            }
        }
        return .range(field: field, bounds: bounds)
    }

    private static func bound(
        _ value: JSONValue, _ format: String?, _ missing: Double
    ) throws(RequestError) -> Double {
        let text: String
        switch value {
        case .null: return missing
        case .number(let digits): text = digits
        case .string(let bytes): text = String(decoding: bytes, as: UTF8.self)
        default: throw .parsing("[range] query does not support values of this type")
        }
        let onlyMilliseconds = format == "epoch_millis"
        if let number = Double(text) { return number }
        if !onlyMilliseconds, let milliseconds = DateText.milliseconds(text) { return Double(milliseconds) }
        let shown = format ?? "strict_date_optional_time||epoch_millis"
        throw .dateParse("failed to parse date field [\(text)] with format [\(shown)]")
    }

    private static func term(_ body: JSONValue) throws(RequestError) -> SearchQuery {
        let (field, value) = try only(body, of: "term")
        return .terms(field: field, values: [try scalar(value["value"] ?? value, of: "term")])
    }

    private static func terms(_ body: JSONValue) throws(RequestError) -> SearchQuery {
        let (field, list) = try only(body, of: "terms")
        guard case .array(let elements) = list else { throw .parsing("[terms] query does not support [\(field)]") }
        var values: [String] = []
        for element in elements { values.append(try scalar(element, of: "terms")) }
        return .terms(field: field, values: values)
    }

    private static func match(_ body: JSONValue) throws(RequestError) -> SearchQuery {
        let (field, value) = try only(body, of: "match")
        let text = try scalar(value["query"] ?? value, of: "match")
        let all = value["operator"]?.text?.lowercased() == "and"
        return .match(field: field, words: TextAnalysis.words(text), all: all)
    }

    /// The single field of a clause such as `{"range": {"time": …}}`.
    private static func only(_ body: JSONValue, of name: String) throws(RequestError) -> (String, JSONValue) {
        guard case .object(let members) = body else {
            throw .parsing("[\(name)] query malformed, no start_object after query name")
        }
        let fields = members.filter { $0.name != "boost" && $0.name != "_name" }
        guard let field = fields.first, fields.count == 1 else {
            throw .parsing("[\(name)] query doesn't support multiple fields")
        }
        return (field.name, field.value)
    }

    private static func scalar(_ value: JSONValue, of name: String) throws(RequestError) -> String {
        switch value {
        case .string(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .number(let digits): return digits
        case .bool(let flag): return flag ? "true" : "false"
        default: throw .illegalArgument("[\(name)] needs a value that is text, a number or a boolean")
        }
    }

    private static func text(_ value: JSONValue?, of name: String) throws(RequestError) -> String {
        guard let text = value?.text else { throw .illegalArgument("[\(name)] must be provided with a [field]") }
        return text
    }
}

/// How text becomes words, as the standard analyzer does for ASCII.
enum TextAnalysis {
    static func words(_ text: String) -> [String] {
        text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }).map(String.init)
    }
}
