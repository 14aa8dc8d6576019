/// The bodies of our requests: which documents a window holds, said in OpenSearch's language.
///
/// A document belongs to the moment of its **smallest** date, whatever `since` and `until` are: so two queries over
/// adjoining times never share a document, and an hour holds the same documents however much is read around it.
struct SearchBody: Sendable {
    private let clause: JSONValue
    private let query: ScrollQuery

    init(_ query: ScrollQuery) throws(OpenSearchError) {
        guard query.pageSize >= 1 else {
            throw OpenSearchError(
                .invalidConfiguration, "a page of \(query.pageSize) documents cannot be; give at least 1")
        }
        guard !query.index.isEmpty else {
            throw OpenSearchError(.invalidConfiguration, "the index has no name; name one with --index")
        }
        if let since = query.since, let until = query.until, since >= until {
            throw OpenSearchError(
                .invalidConfiguration, "no time lies between \(since) and \(until); put --since before --until")
        }
        self.query = query
        clause = try Self.clause(query.body)
    }

    /// The clause in a query's text, which is the whole of it or what stands under `query`.
    private static func clause(_ text: String?) throws(OpenSearchError) -> JSONValue {
        guard let text else { return ["match_all": [:]] }
        guard let value = JSONValue(parsing: text), case .object(let members) = value else {
            throw OpenSearchError(.invalidQuery, "the query is no JSON object; correct --query")
        }
        guard let inner = members["query"] else {
            return members.isEmpty ? ["match_all": [:]] : value
        }
        if let other = members.keys.sorted().first(where: { $0 != "query" }) {
            throw OpenSearchError(
                .invalidQuery, "beside \"query\" the query holds \"\(other)\", which a scroll cannot take; leave it out"
            )
        }
        return inner
    }

    // MARK: Whole bodies

    func open(_ window: ScrollWindow?) -> JSONValue {
        ["size": .integer(Int64(query.pageSize)), "sort": ["_doc"], "query": documents(window)]
    }

    func count() -> JSONValue { ["query": documents(nil)] }

    /// The hours that hold documents, as far as they have dates in `times`.
    func hours(in times: Range<Int64>? = nil) -> JSONValue {
        var filter = [documents(nil)]
        if let times { filter.append(range(from: times.lowerBound, to: times.upperBound)) }
        return [
            "size": 0, "track_total_hits": true, "query": ["bool": ["filter": .array(filter)]],
            "aggs": [
                "hours": [
                    "date_histogram": [
                        "field": .string(query.timeField), "fixed_interval": "1h", "min_doc_count": 1,
                    ]
                ],
                "untimed": untimedFilter,
                // Numbers have histograms, too. Only a date can be compared to one, so this fails for all else.
                "dates": [
                    "filter": ["range": [query.timeField: ["gte": "1970-01-01", "format": "strict_date"]]]
                ],
            ],
        ]
    }

    /// How many documents have no time.
    func untimed() -> JSONValue {
        ["size": 0, "query": documents(nil), "aggs": ["untimed": untimedFilter]]
    }

    /// The first and the last date of all.
    func bounds() -> JSONValue {
        let field: JSONValue = ["field": .string(query.timeField)]
        return [
            "size": 0, "query": documents(nil), "aggs": ["first": ["min": field], "last": ["max": field]],
        ]
    }

    // MARK: Parts

    private var exists: JSONValue { ["exists": ["field": .string(query.timeField)]] }

    private var untimedFilter: JSONValue { ["filter": ["bool": ["must_not": [exists]]]] }

    private func range(from start: Int64?, to end: Int64?) -> JSONValue {
        var limits: [String: JSONValue] = ["format": "epoch_millis"]
        if let start { limits["gte"] = .integer(start) }
        if let end { limits["lt"] = .integer(end) }
        return ["range": [query.timeField: .object(limits)]]
    }

    /// The documents of a window, or of the whole query.
    private func documents(_ window: ScrollWindow?) -> JSONValue {
        guard let window else { return documents(from: query.since, to: query.until) }
        guard let times = window.times else {
            return ["bool": ["filter": [clause], "must_not": [exists]]]
        }
        return documents(from: times.lowerBound, to: times.upperBound)
    }

    private func documents(from start: Int64?, to end: Int64?) -> JSONValue {
        var parts: [String: JSONValue] = ["filter": [clause]]
        if start != nil || end != nil { parts["filter"] = [clause, range(from: start, to: end)] }
        if start != nil { parts["must_not"] = [range(from: nil, to: start)] }
        return ["bool": .object(parts)]
    }
}
