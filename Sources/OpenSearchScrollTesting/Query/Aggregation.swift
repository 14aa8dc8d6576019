/// One named aggregation of a request, and its result.
struct Aggregation {
    indirect enum Kind {
        /// A count for each interval that holds a value of the field.
        case dateHistogram(field: String, interval: Int64, minimum: Int)
        /// The documents that match, and what further aggregations make of them.
        case filter(SearchQuery, [Aggregation])
    }

    /// What `search.max_buckets` is unless set.
    private static let mostBuckets = 65_535

    let name: String
    let kind: Kind

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
        var kind: Kind?
        var inner: [Aggregation] = []
        for member in members {
            switch member.name {
            case "aggs", "aggregations": inner = try parse(member.value)
            case "date_histogram": kind = try dateHistogram(member.value)
            case "filter": kind = .filter(try QueryParser.parse(member.value), [])
            case "missing":
                let field = member.value["field"]?.text ?? ""
                kind = .filter(.bool(must: [], should: [], minimum: 0, mustNot: [.exists(field: field)]), [])
            default: throw .parsing("Unknown aggregation type [\(member.name)]")
            }
        }
        switch kind {
        case nil: throw .parsing("Missing definition for aggregation [\(name)]")
        case .filter(let query, _)?: kind = .filter(query, inner)
        case .dateHistogram?:
            guard inner.isEmpty else { throw .parsing("Unknown aggregation type [aggs] under a date_histogram") }
        }
        return Aggregation(name: name, kind: kind ?? .filter(.matchAll, []))
    }

    private static func dateHistogram(_ body: JSONValue) throws(RequestError) -> Kind {
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
        guard let field = body["field"]?.text else {
            throw .illegalArgument("Required one of fields [field, script], but none were specified. ")
        }
        guard let interval, interval > 0 else {
            throw .illegalArgument("Invalid interval specified, must be non-null and non-empty")
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

    /// The results of several aggregations over the same documents, a JSON object.
    static func json(_ aggregations: [Aggregation], _ selections: [any DocumentSelection]) throws(RequestError)
        -> String
    {
        var members: [String] = []
        for aggregation in aggregations {
            members.append("\(JSONWriter.quoted(aggregation.name)):\(try aggregation.json(selections))")
        }
        return "{\(members.joined(separator: ","))}"
    }

    private func json(_ selections: [any DocumentSelection]) throws(RequestError) -> String {
        switch kind {
        case .filter(let query, let inner):
            let narrowed = selections.map { $0.narrowed(to: query) }
            let count = narrowed.reduce(0) { $0 + $1.count }
            let further = inner.isEmpty ? "" : "," + (try Self.json(inner, narrowed)).dropFirst().dropLast()
            return "{\"doc_count\":\(count)\(further)}"
        case .dateHistogram(let field, let interval, let minimum):
            let buckets = try Self.buckets(selections, field, interval, minimum)
            let shown = buckets.map {
                "{\"key_as_string\":\"\(DateText.text($0.start))\",\"key\":\($0.start),\"doc_count\":\($0.count)}"
            }
            return "{\"buckets\":[\(shown.joined(separator: ","))]}"
        }
    }

    private static func buckets(
        _ selections: [any DocumentSelection], _ field: String, _ interval: Int64, _ minimum: Int
    ) throws(RequestError) -> [(start: Int64, count: Int)] {
        var counts: [Int64: Int] = [:]
        for selection in selections {
            for bucket in selection.histogram(of: field, interval: interval) {
                counts[bucket.start, default: 0] += bucket.count
            }
        }
        guard let first = counts.keys.min(), let last = counts.keys.max() else { return [] }
        let number = minimum > 0 ? counts.count : Int((last - first) / interval) + 1
        guard number <= mostBuckets else {
            throw RequestError(
                status: 503, type: "too_many_buckets_exception",
                reason: "Trying to create too many buckets. Must be less than or equal to: [\(mostBuckets)] but was "
                    + "[\(number)]. This limit can be set by changing the [search.max_buckets] cluster level setting.",
                shape: .causeOnly(phase: "fetch"), details: ",\"max_buckets\":\(mostBuckets)")
        }
        if minimum > 0 {
            return counts.filter { $0.value >= minimum }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
        return stride(from: first, through: last, by: Int64.Stride(interval)).map { ($0, counts[$0] ?? 0) }
    }
}
