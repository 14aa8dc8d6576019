/// Reads the `aggs` of a request.
enum AggregationParser {
    static func parse(_ value: JSONValue) throws(RequestError) -> [Aggregation] {
        guard case .object(let members) = value else {
            throw .parsing("Expected [START_OBJECT] under [aggs], but got a [\(value.tokenName)]")
        }
        var result: [Aggregation] = []
        for member in members { result.append(try parse(member.name, member.value)) }
        return result
    }

    private static func parse(_ name: String, _ body: JSONValue) throws(RequestError) -> Aggregation {
        guard case .object(let members) = body else {
            throw .parsing(
                "Aggregation definition for [\(name)] starts with a [\(body.tokenName)], expected a [START_OBJECT].")
        }
        var kind: Aggregation.Kind?
        var inner: [Aggregation] = []
        for member in members {
            switch member.name {
            case "aggs", "aggregations": inner = try parse(member.value)
            case "date_histogram": kind = try dateHistogram(member.value)
            case "terms": kind = try terms(member.value)
            case "min": kind = try extreme(member.value, "min", isLeast: true)
            case "max": kind = try extreme(member.value, "max", isLeast: false)
            case "filter": kind = .filter(try QueryParser.parse(member.value), [])
            case "missing":
                let field = member.value["field"]?.text ?? ""
                kind = .filter(.bool(must: [], should: [], minimum: 0, mustNot: [.exists(field: field)]), [])
            default: throw .parsing("Unknown aggregation type [\(member.name)]")
            }
        }
        guard let kind else { throw .parsing("Missing definition for aggregation [\(name)]") }
        return Aggregation(name: name, kind: try nest(inner, in: kind, name))
    }

    /// Puts aggregations inside one that makes groups of documents; histograms take none here.
    private static func nest(
        _ inner: [Aggregation], in kind: Aggregation.Kind, _ name: String
    ) throws(RequestError) -> Aggregation.Kind {
        switch kind {
        case .filter(let query, _): return .filter(query, inner)
        case .indices(let size, _): return .indices(size: size, inner)
        case .dateHistogram:
            guard inner.isEmpty else { throw .parsing("Unknown aggregation type [aggs] under a date_histogram") }
        case .extreme(_, let isLeast, _):
            guard inner.isEmpty else {
                throw RequestError(
                    status: 500, type: "aggregation_initialization_exception",
                    reason: "Aggregator [\(name)] of type [\(isLeast ? "min" : "max")] cannot accept sub-aggregations")
            }
        }
        return kind
    }

    /// `terms` of `_index`, the one field whose values are known without a look at the documents.
    private static func terms(_ body: JSONValue) throws(RequestError) -> Aggregation.Kind {
        guard case .object(let members) = body else { throw .parsing("[terms] malformed") }
        var size = 10
        for member in members {
            switch member.name {
            case "field": break
            case "size":
                size = member.value.integer ?? 0
                guard size > 0 else { throw .illegalArgument("[size] must be greater than 0. Found [\(size)]") }
            default:
                throw RequestError(
                    status: 400, type: "x_content_parse_exception", reason: "[terms] unknown field [\(member.name)]")
            }
        }
        let field = try field(of: body)
        guard field == "_index" else {
            throw RequestError.illegalArgument(
                "Text fields are not optimised for operations that require per-document field data like aggregations "
                    + "and sorting, so these operations are disabled by default. Please use a keyword field instead. "
                    + "Alternatively, set fielddata=true on [\(field)] in order to load field data by uninverting the "
                    + "inverted index. Note that this can use significant memory."
            ).fromShards(of: nil)
        }
        return .indices(size: size, [])
    }

    private static func extreme(
        _ body: JSONValue, _ name: String, isLeast: Bool
    ) throws(RequestError) -> Aggregation.Kind {
        guard case .object(let members) = body else { throw .parsing("[\(name)] malformed") }
        for member in members where member.name != "field" && member.name != "format" {
            throw RequestError(
                status: 400, type: "x_content_parse_exception", reason: "[\(name)] unknown field [\(member.name)]")
        }
        return .extreme(
            field: try field(of: body), isLeast: isLeast, isRaw: body["format"]?.text == "epoch_millis")
    }

    private static func field(of body: JSONValue) throws(RequestError) -> String {
        guard let field = body["field"]?.text else {
            throw .illegalArgument("Required one of fields [field, script], but none were specified. ")
        }
        return field
    }

    private static func dateHistogram(_ body: JSONValue) throws(RequestError) -> Aggregation.Kind {
        guard case .object(let members) = body else { throw .parsing("[date_histogram] malformed") }
        var interval: Int64?
        var minimum = 0
        for member in members {
            switch member.name {
            case "field": break
            case "fixed_interval": interval = try milliseconds(member.value.text ?? "")
            case "calendar_interval": interval = try calendar(member.value.text ?? "")
            case "min_doc_count": minimum = member.value.integer ?? 0
            case "time_zone" where member.value.text == "UTC" || member.value.text == "Z": break
            default: throw .parsing("[date_histogram] unknown field [\(member.name)]")
            }
        }
        let field = try field(of: body)
        guard let interval else {
            throw .illegalArgument("Invalid interval specified, must be non-null and non-empty")
        }
        guard interval > 0 else {
            throw RequestError.illegalArgument("Zero or negative time interval not supported").fromShards(of: nil)
        }
        return .dateHistogram(field: field, interval: interval, minimum: minimum)
    }

    private static func milliseconds(_ text: String) throws(RequestError) -> Int64 {
        let (seconds, attoseconds) = try KeepAlive.parse(text, setting: "date_histogram.fixedInterval").components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    private static func calendar(_ text: String) throws(RequestError) -> Int64 {
        switch text {
        case "minute", "1m": return 60_000
        case "hour", "1h": return 3_600_000
        case "day", "1d": return 86_400_000
        default:
            throw .illegalArgument("The supplied interval [\(text)] could not be parsed as a calendar interval.")
        }
    }
}
