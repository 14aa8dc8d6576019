/// A `_search` request, read from its body and its parameters.
struct SearchRequest {
    var query = SearchQuery.matchAll
    var size = 10
    var from = 0
    /// `sort` was given as `_doc`; there is no other order.
    var isSorted = false
    var filter = SourceFilter()
    var aggregations: [Aggregation] = []
    /// How many hits are counted exactly; nil: all.
    var countedHits: Int? = 10_000
    /// `track_total_hits: false`: no total at all.
    var showsTotal = true
    var terminateAfter: Int?
    /// The scroll's keep-alive, as sent.
    var scroll: String?

    private var isScroll: Bool { scroll != nil }

    init(_ info: RequestInfo) throws(RequestError) {
        scroll = info.parameters["scroll"]
        let body = try RequestBody.parse(info.body)
        guard case .object(let members) = body else {
            throw .parsing("Expected [START_OBJECT] but found [\(body.tokenName)]")
        }
        for member in members { try take(member, info.body) }
        if let size = info.parameters["size"].flatMap(Int.init) { self.size = size }
        if let from = info.parameters["from"].flatMap(Int.init) { self.from = from }
        if info.parameters["sort"] == "_doc" { isSorted = true }
        if info.parameters["track_total_hits"] == "true" { countedHits = nil }
        try takeSourceParameters(info.parameters)
        try checkLimits(info)
    }

    private mutating func take(_ member: JSONMember, _ body: [UInt8]) throws(RequestError) {
        let value = member.value
        switch member.name {
        case "query": query = try QueryParser.parse(value)
        case "size": size = try Self.integer(value, "size")
        case "from": from = try Self.integer(value, "from")
        case "sort": try takeSort(value)
        case "_source": filter = try SourceFilter(value)
        case "aggs", "aggregations": aggregations = try AggregationParser.parse(value)
        case "track_total_hits": try takeTracking(value)
        case "terminate_after": terminateAfter = try Self.integer(value, "terminate_after")
        case "timeout": _ = try KeepAlive.parse(value.text ?? "", setting: "timeout")
        case "search_after" where isScroll: throw Self.refusal("`search_after` cannot be used in a scroll context.")
        case "collapse" where isScroll: throw Self.refusal("cannot use `collapse` in a scroll context")
        case "rescore" where isScroll: throw .validation("using [rescore] is not allowed in a scroll context")
        case "pit": throw .validation("[indices] cannot be used with point in time")
        default:
            let column = RequestBody.column(ofValueOf: member.name, in: body)
            throw .parsing("Unknown key for a \(value.tokenName) in [\(member.name)].", column: column)
        }
    }

    /// Two options fail only in the shards, as a 500.
    private static func refusal(_ reason: String) -> RequestError {
        RequestError(status: 500, type: "search_exception", reason: reason)
    }

    private static func integer(_ value: JSONValue, _ name: String) throws(RequestError) -> Int {
        guard let integer = value.integer else { throw .parsing("[\(name)] must be a whole number") }
        guard integer >= 0 else { throw .illegalArgument("[\(name)] parameter cannot be negative, found [\(integer)]") }
        return integer
    }

    private mutating func takeSort(_ value: JSONValue) throws(RequestError) {
        for element in value.list {
            let field: String
            if case .object(let members) = element {
                field = members.first?.name ?? ""
            } else {
                field = element.text ?? ""
            }
            guard field == "_doc" || field == "_score" else {
                throw RequestError(
                    status: 400, type: "query_shard_exception",
                    reason: "No mapping found for [\(field)] in order to sort on")
            }
            isSorted = isSorted || field == "_doc"
        }
    }

    private mutating func takeTracking(_ value: JSONValue) throws(RequestError) {
        if isScroll, value != .bool(true) {
            throw .validation("disabling [track_total_hits] is not allowed in a scroll context")
        }
        showsTotal = value != .bool(false)
        countedHits = value == .bool(true) ? nil : value.integer ?? 0
    }

    private mutating func takeSourceParameters(_ parameters: [String: String]) throws(RequestError) {
        func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }
        switch parameters["_source"] {
        case nil, "true"?: break
        case "false"?: filter.isDisabled = true
        case let fields?: filter.includes = list(fields)
        }
        if let fields = parameters["_source_includes"] { filter.includes = list(fields) }
        if let fields = parameters["_source_excludes"] { filter.excludes = list(fields) }
    }

    private func checkLimits(_ info: RequestInfo) throws(RequestError) {
        let advice = "by changing the [index.max_result_window] index level setting."
        guard isScroll else {
            guard from + size > 10_000 else { return }
            throw RequestError(
                status: 400, type: "illegal_argument_exception",
                reason: "Result window is too large, from + size must be less than or equal to: [10000] but was "
                    + "[\(from + size)]. See the scroll api for a more efficient way to request large data sets. "
                    + "This limit can be set \(advice)",
                shape: .allShards(index: nil))
        }
        if from > 0 { throw .validation("using [from] is not allowed in a scroll context") }
        if info.parameters["request_cache"] == "true" {
            throw .validation("[request_cache] cannot be used in a scroll context")
        }
        if size == 0 { throw .validation("[size] cannot be [0] in a scroll context") }
        if size > 10_000 {
            throw RequestError(
                status: 400, type: "illegal_argument_exception",
                reason: "Batch size is too large, size must be less than or equal to: [10000] but was [\(size)]. "
                    + "Scroll batch sizes cost as much memory as result windows so they are controlled by the "
                    + "[index.max_result_window] index level setting.",
                shape: .allShards(index: nil))
        }
    }
}

/// Bodies of requests.
enum RequestBody {
    /// The value that a body holds; an empty body is an empty object.
    static func parse(_ bytes: [UInt8]) throws(RequestError) -> JSONValue {
        guard !bytes.isEmpty else { return .object([]) }
        do throws(JSONParser.Failure) {
            return try JSONParser.parse(bytes)
        } catch {
            throw RequestError(
                status: 400, type: error.endOfInput ? "json_e_o_f_exception" : "json_parse_exception",
                reason: "\(error.reason)\n at \(place(error))")
        }
    }

    static func place(_ failure: JSONParser.Failure) -> String {
        "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
            + "line: 1, column: \(failure.offset + 1)]"
    }

    /// The column (from 1) of a member's value in a body of one line.
    static func column(ofValueOf name: String, in body: [UInt8]) -> Int {
        let key = Array(JSONWriter.quoted(name).utf8)
        guard body.count > key.count,
            let found = (0...body.count - key.count).first(where: { body[$0...].starts(with: key) })
        else { return 1 }
        var position = found + key.count
        while position < body.count, body[position] <= 32 || body[position] == UInt8(ascii: ":") { position += 1 }
        return position + 1
    }
}
