/// One named aggregation of a request, and its result.
struct Aggregation {
    indirect enum Kind {
        /// A count for each interval that holds a value of the field.
        case dateHistogram(field: String, interval: Int64, minimum: Int)
        /// The documents that match, and what further aggregations make of them.
        case filter(SearchQuery, [Aggregation])
        /// `terms` of `_index`: the documents of each index, the fullest `size` of them, with further aggregations.
        case indices(size: Int, [Aggregation])
        /// `min` or `max` of a date, shown as epoch milliseconds too where `isRaw`, else as ISO 8601.
        case extreme(field: String, isLeast: Bool, isRaw: Bool)
    }

    /// The documents of one index that are aggregated.
    struct Group {
        let index: String
        let selection: any DocumentSelection
    }

    /// What `search.max_buckets` is unless set.
    private static let mostBuckets = 65_535

    let name: String
    let kind: Kind

    /// The results of several aggregations over the same documents, a JSON object.
    static func json(_ aggregations: [Aggregation], _ groups: [Group]) throws(RequestError) -> String {
        var members: [String] = []
        for aggregation in aggregations {
            members.append("\(JSONWriter.quoted(aggregation.name)):\(try aggregation.json(groups))")
        }
        return "{\(members.joined(separator: ","))}"
    }

    private func json(_ groups: [Group]) throws(RequestError) -> String {
        switch kind {
        case .filter(let query, let inner):
            let narrowed = groups.map { Group(index: $0.index, selection: $0.selection.narrowed(to: query)) }
            let count = narrowed.reduce(0) { $0 + $1.selection.count }
            return "{\"doc_count\":\(count)\(try Self.further(inner, narrowed))}"
        case .indices(let size, let inner):
            return try Self.indices(groups, size, inner)
        case .extreme(let field, let isLeast, let isRaw):
            let values = groups.compactMap { $0.selection.extremes(of: field) }
            let value = isLeast ? values.map(\.least).min() : values.map(\.greatest).max()
            guard let value else { return "{\"value\":null}" }
            let whole = Int64(value.rounded(.down))
            let text = isRaw ? String(whole) : DateText.text(whole)
            return "{\"value\":\(JavaNumber.text(value)),\"value_as_string\":\"\(text)\"}"
        case .dateHistogram(let field, let interval, let minimum):
            let buckets = try Self.buckets(groups, field, interval, minimum)
            let shown = buckets.map {
                "{\"key_as_string\":\"\(DateText.text($0.start))\",\"key\":\($0.start),\"doc_count\":\($0.count)}"
            }
            return "{\"buckets\":[\(shown.joined(separator: ","))]}"
        }
    }

    /// The members that aggregations inside a bucket add to it.
    private static func further(_ inner: [Aggregation], _ groups: [Group]) throws(RequestError) -> String {
        inner.isEmpty ? "" : "," + (try json(inner, groups)).dropFirst().dropLast()
    }

    private static func indices(
        _ groups: [Group], _ size: Int, _ inner: [Aggregation]
    ) throws(RequestError) -> String {
        let counted = groups.map { (group: $0, count: $0.selection.count) }.filter { $0.count > 0 }
        let sorted = counted.sorted { ($1.count, $0.group.index) < ($0.count, $1.group.index) }
        var buckets: [String] = []
        for (group, count) in sorted.prefix(size) {
            let key = JSONWriter.quoted(group.index)
            buckets.append("{\"key\":\(key),\"doc_count\":\(count)\(try further(inner, [group]))}")
        }
        let others = sorted.dropFirst(size).reduce(0) { $0 + $1.count }
        return "{\"doc_count_error_upper_bound\":0,\"sum_other_doc_count\":\(others),"
            + "\"buckets\":[\(buckets.joined(separator: ","))]}"
    }

    private static func buckets(
        _ groups: [Group], _ field: String, _ interval: Int64, _ minimum: Int
    ) throws(RequestError) -> [(start: Int64, count: Int)] {
        let edges = groups.compactMap { $0.selection.extremes(of: field) }
        guard let least = edges.map(\.least).min(), let greatest = edges.map(\.greatest).max() else { return [] }
        let first = HistogramInterval.floor(Int64(least.rounded(.down)), interval)
        let last = HistogramInterval.floor(Int64(greatest.rounded(.down)), interval)
        if minimum <= 0 { try check(Int((last - first) / interval) + 1) }
        var counts: [Int64: Int] = [:]
        for group in groups {
            for bucket in group.selection.histogram(of: field, interval: interval, limit: mostBuckets) {
                counts[bucket.start, default: 0] += bucket.count
            }
        }
        try check(counts.count)
        if minimum > 0 {
            return counts.filter { $0.value >= minimum }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
        return stride(from: first, through: last, by: Int64.Stride(interval)).map { ($0, counts[$0] ?? 0) }
    }

    /// Refuses more buckets than the server's limit allows.
    private static func check(_ buckets: Int) throws(RequestError) {
        guard buckets > mostBuckets else { return }
        throw RequestError(
            status: 503, type: "too_many_buckets_exception",
            reason: "Trying to create too many buckets. Must be less than or equal to: [\(mostBuckets)] but was "
                + "[\(buckets)]. This limit can be set by changing the [search.max_buckets] cluster level setting.",
            shape: .causeOnly(phase: "fetch"), details: ",\"max_buckets\":\(mostBuckets)")
    }
}
