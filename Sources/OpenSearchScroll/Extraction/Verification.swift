/// What a manifest says of a stretch of time: what was delivered of it.
public struct DeliveryRecord: Sendable, Hashable {
    /// Milliseconds since 1970; nil: the documents without a time.
    public var times: Range<Int64>?
    /// Documents.
    public var documents: Int
    /// Over their ids; nil where only counts are known.
    public var digest: IDDigest?

    /// A stretch and what was delivered of it.
    public init(times: Range<Int64>?, documents: Int, digest: IDDigest?) {
        self.times = times
        self.documents = documents
        self.digest = digest
    }
}

/// A stretch of time of which a server holds something else than was delivered.
public struct DeliveryDifference: Sendable, Hashable {
    /// Milliseconds since 1970; nil: the documents without a time.
    public var times: Range<Int64>?
    /// Documents that were delivered.
    public var delivered: Int
    /// Documents that the server holds now. As many as were delivered where they are not the same ones.
    public var found: Int
}

/// Comparing what was delivered with what is there: pure.
struct DeliveryComparison {
    /// In the order of time, without overlap; what lies between them was without documents.
    let records: [DeliveryRecord]
    let untimed: DeliveryRecord?

    init(_ records: [DeliveryRecord]) {
        var untimed: DeliveryRecord?
        var merged: [DeliveryRecord] = []
        for record in records.sorted(by: Self.isBefore) {
            guard let times = record.times else {
                untimed = untimed?.joined(record) ?? record
                continue
            }
            // Shards of the same time, perhaps cut otherwise by a run that went on.
            if let last = merged.last, let before = last.times, before.upperBound > times.lowerBound {
                merged[merged.count - 1] = last.joined(record)
            } else {
                merged.append(record)
            }
        }
        self.records = merged
        self.untimed = untimed
    }

    private static func isBefore(_ one: DeliveryRecord, _ other: DeliveryRecord) -> Bool {
        guard let first = one.times, let second = other.times else { return one.times != nil && other.times == nil }
        return first.lowerBound < second.lowerBound
    }

    /// The windows of a plan, cut where records begin and end, so that each lies in one of them or in none.
    func cut(_ windows: [ScrollWindow]) -> [ScrollWindow] {
        let edges = records.compactMap(\.times).flatMap { [$0.lowerBound, $0.upperBound] }
        return windows.flatMap { window -> [ScrollWindow] in
            guard let times = window.times else { return [window] }
            var inside: [Int64] = []
            var place = Self.firstPlace(in: edges, after: times.lowerBound)
            while place < edges.count, edges[place] < times.upperBound {
                if edges[place] != inside.last { inside.append(edges[place]) }
                place += 1
            }
            let all = [times.lowerBound] + inside + [times.upperBound]
            return zip(all, all.dropFirst()).map { start, end in
                let share = Double(end - start) / Double(times.upperBound - times.lowerBound)
                let expected = Int((Double(window.expectedDocuments) * share).rounded(.up))
                return ScrollWindow(times: start..<end, shard: window.shard, expectedDocuments: expected)
            }
        }
    }

    private static func firstPlace(in edges: [Int64], after time: Int64) -> Int {
        var low = 0
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Where records and what was found differ, in order; what was found outside of all records, too.
    func differences(_ found: [DeliveryRecord]) -> [DeliveryDifference] {
        var sums: [Int: DeliveryRecord] = [:]
        var outside: [DeliveryDifference] = []
        var withoutTime: DeliveryRecord?
        for part in found {
            guard let times = part.times else {
                withoutTime = withoutTime?.joined(part) ?? part
                continue
            }
            if let place = place(of: times) {
                sums[place] = sums[place]?.joined(part) ?? part
            } else if part.documents > 0 {
                outside.append(DeliveryDifference(times: times, delivered: 0, found: part.documents))
            }
        }
        var differences = records.enumerated().compactMap { Self.difference($1, sums[$0]) } + outside
        differences.sort { ($0.times?.lowerBound ?? .max) < ($1.times?.lowerBound ?? .max) }
        if let last = Self.difference(untimed, withoutTime) { differences.append(last) }
        return differences
    }

    private static func difference(_ record: DeliveryRecord?, _ found: DeliveryRecord?) -> DeliveryDifference? {
        let (before, now) = (record?.documents ?? 0, found?.documents ?? 0)
        // A digest of nothing is as good as none.
        let isOther =
            before == now && before > 0 && record?.digest != nil && found?.digest != nil
            && record?.digest != found?.digest
        guard before != now || isOther else { return nil }
        return DeliveryDifference(times: record?.times ?? found?.times, delivered: before, found: now)
    }

    private func place(of times: Range<Int64>) -> Int? {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if let end = records[middle].times?.upperBound, end <= times.lowerBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < records.count, let record = records[low].times, record.overlaps(times) else { return nil }
        return low
    }
}

extension DeliveryRecord {
    fileprivate func joined(_ other: DeliveryRecord) -> DeliveryRecord {
        var joined = self
        if let times, let others = other.times {
            joined.times = min(times.lowerBound, others.lowerBound)..<max(times.upperBound, others.upperBound)
        }
        joined.documents += other.documents
        joined.digest = digest.flatMap { one in
            other.digest.map { two in
                var sum = one
                sum.add(two)
                return sum
            }
        }
        return joined
    }
}

extension OpenSearchClient {
    /// Compares what was delivered of a query with what the server holds now, by the ids of all documents.
    ///
    /// A difference is drift or loss; which of them cannot be told afterwards.
    ///
    /// - Parameters:
    ///   - records: of the whole query, with digests.
    ///   - progress: told how many documents have been seen.
    /// - Throws: an ``OpenSearchError`` when the server cannot be asked.
    public func differences(
        from records: [DeliveryRecord], of query: ScrollQuery, progress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> [DeliveryDifference] {
        var query = query
        query.content = .identifiers
        query.toleratesHoles = false
        let comparison = DeliveryComparison(records)
        var plan = try await plan(query)
        plan.windows = comparison.cut(plan.windows)
        let proof = try await withScroll(plan, of: query) { pages in
            var seen = 0
            for try await page in pages {
                seen += page.count
                progress(seen)
            }
            return pages.proof
        }
        return comparison.differences(
            proof.windows.map {
                DeliveryRecord(times: $0.window.times, documents: $0.delivered, digest: $0.digest)
            })
    }

    /// Compares counts alone, by a request for each record.
    ///
    /// - Parameters:
    ///   - records: of the whole query.
    ///   - progress: told how many documents have been counted.
    /// - Throws: an ``OpenSearchError`` when the server cannot be asked.
    public func countDifferences(
        from records: [DeliveryRecord], of query: ScrollQuery, progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(OpenSearchError) -> [DeliveryDifference] {
        let comparison = DeliveryComparison(records)
        var found: [DeliveryRecord] = []
        var sum = 0
        for record in comparison.records + (comparison.untimed.map { [$0] } ?? []) {
            let window = ScrollWindow(times: record.times, expectedDocuments: record.documents)
            let count = try await count(query, window: window)
            sum += count
            progress(sum)
            found.append(DeliveryRecord(times: record.times, documents: count, digest: nil))
        }
        var differences = comparison.differences(found)
        // What lies between the records.
        let more = try await countAll(query) - sum
        if more > 0 { differences.append(DeliveryDifference(times: nil, delivered: 0, found: more)) }
        return differences
    }

    /// Documents of a query, those without a time included where they are wanted.
    private func countAll(_ query: ScrollQuery) async throws(OpenSearchError) -> Int {
        let plan = try await plan(query)
        return plan.indices.values.reduce(0, +)
    }
}
