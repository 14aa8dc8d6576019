/// The bodies of our requests: which documents a window holds, said in OpenSearch's language.
///
/// A document belongs to the moment of its **smallest** date, whatever `since` and `until` are: so two queries over
/// adjoining times never share a document, and an hour holds the same documents however much is read around it.
struct SearchBody: Sendable {
    private let clause: JSONValue
    private let query: ScrollQuery

    init(_ query: ScrollQuery) throws(OpenSearchError) {
        if let size = query.pageSize, size < 1 {
            throw OpenSearchError(.invalidConfiguration, "a page of \(size) documents cannot be; give at least 1")
        }
        guard query.windowDocuments >= 1 else {
            throw OpenSearchError(
                .invalidConfiguration, "a window of \(query.windowDocuments) documents cannot be; give at least 1")
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

    /// What is sent of a document.
    enum SourceFilter: Sendable { case whole, field, nothing }

    func open(_ window: ScrollWindow, size: Int, filter: SourceFilter) -> JSONValue {
        var members: [String: JSONValue] = [
            "size": .integer(Int64(size)), "sort": ["_doc"], "query": documents(window),
        ]
        switch filter {
        case .whole: break
        case .field: members["_source"] = [.string(query.field)]
        case .nothing: members["_source"] = false
        }
        return .object(members)
    }

    func count(_ window: ScrollWindow? = nil) -> JSONValue { ["query": documents(window)] }

    /// The hours that hold documents, as far as they have dates in `times`; with how many have no time, and the
    /// indices.
    func hours(in times: Range<Int64>? = nil) -> JSONValue {
        var filter = [everything]
        if let times { filter.append(range(from: times.lowerBound, to: times.upperBound)) }
        return [
            "size": 0, "track_total_hits": true, "query": ["bool": ["filter": .array(filter)]],
            "aggs": [
                "hours": histogram("1h"),
                "untimed": untimedFilter,
                "indices": ["terms": ["field": "_index", "size": 10_000]],
                // Numbers have histograms, too. Only a date can be compared to one, so this fails for all else.
                "dates": [
                    "filter": ["range": [query.timeField: ["gte": "1970-01-01", "format": "strict_date"]]]
                ],
            ],
        ]
    }

    /// The documents of a window by parts of its time.
    func parts(of window: ScrollWindow, interval: Int64) -> JSONValue {
        ["size": 0, "query": documents(window), "aggs": ["hours": histogram("\(interval)ms")]]
    }

    /// How many documents have no time, and which indices there are.
    func untimed() -> JSONValue {
        [
            "size": 0, "query": everything,
            "aggs": ["untimed": untimedFilter, "indices": ["terms": ["field": "_index", "size": 10_000]]],
        ]
    }

    /// Which indices there are that hold anything at all.
    func names() -> JSONValue {
        ["size": 0, "aggs": ["indices": ["terms": ["field": "_index", "size": 10_000]]]]
    }

    /// The first and the last date of all.
    func bounds() -> JSONValue {
        let field: JSONValue = ["field": .string(query.timeField)]
        return [
            "size": 0, "query": everything, "aggs": ["first": ["min": field], "last": ["max": field]],
        ]
    }

    // MARK: Parts

    private func histogram(_ interval: String) -> JSONValue {
        [
            "date_histogram": [
                "field": .string(query.timeField), "fixed_interval": .string(interval), "min_doc_count": 1,
            ]
        ]
    }

    /// All documents of the query, those without a time included if they are wanted.
    private var everything: JSONValue {
        let timed = documents(nil)
        guard query.wantsUntimed, query.since != nil || query.until != nil else { return timed }
        let untimed: JSONValue = ["bool": ["filter": [clause], "must_not": [exists]]]
        return ["bool": ["should": [timed, untimed], "minimum_should_match": 1]]
    }

    private var exists: JSONValue { ["exists": ["field": .string(query.timeField)]] }

    private var untimedFilter: JSONValue { ["filter": ["bool": ["must_not": [exists]]]] }

    private func range(from start: Int64?, to end: Int64?) -> JSONValue {
        var limits: [String: JSONValue] = ["format": "epoch_millis"]
        if let start { limits["gte"] = .integer(start) }
        if let end { limits["lt"] = .integer(end) }
        return ["range": [query.timeField: .object(limits)]]
    }

    /// The documents of a window, or of the whole query.
    func documents(_ window: ScrollWindow?) -> JSONValue {
        guard let window else { return documents(from: query.since, to: query.until) }
        guard let times = window.times else {
            return ["bool": ["filter": [clause], "must_not": [exists]]]
        }
        // Nothing is after the last time there is, and "before it" would leave out that itself.
        return documents(from: times.lowerBound, to: times.upperBound == .max ? nil : times.upperBound)
    }

    private func documents(from start: Int64?, to end: Int64?) -> JSONValue {
        var parts: [String: JSONValue] = ["filter": [clause]]
        if start != nil || end != nil { parts["filter"] = [clause, range(from: start, to: end)] }
        if start != nil { parts["must_not"] = [range(from: nil, to: start)] }
        return ["bool": .object(parts)]
    }
}
