/// The `_shards` block of an answer.
struct ShardCounts {
    var total: Int
    var successful: Int
    /// Missing shards are listed as failures (under a scroll) or only missing from the count (at an opening).
    var namesFailures = false
    /// Why the node of a missing shard cannot be asked.
    var cause = RequestError.nodeLeft(isVersion3: false)

    init(_ total: Int) {
        self.total = total
        successful = total
    }

    var json: String {
        let missing = total - successful
        guard namesFailures, missing > 0 else {
            return "{\"total\":\(total),\"successful\":\(successful),\"skipped\":0,\"failed\":0}"
        }
        return "{\"total\":\(total),\"successful\":\(successful),\"skipped\":0,\"failed\":\(missing),\"failures\":"
            + "[{\"shard\":-1,\"index\":null,\"reason\":{\"type\":\"\(cause.type)\","
            + "\"reason\":\(JSONWriter.quoted(cause.reason ?? ""))}}]}"
    }
}

/// Writes the answer of a search: the envelope, then one document after another straight from the contents.
struct SearchAnswer {
    var scrollID: String?
    var timedOut = false
    var terminatedEarly = false
    var shards: ShardCounts
    /// `hits.total`, nil when it is not tracked.
    var total: (value: Int, relation: String)?
    /// `_score` and `max_score`: null when sorted.
    var score: String?
    /// `sort` values are given: the number of the document inside its shard.
    var showsSort = false
    var filter = SourceFilter()
    /// One document has a further member with bytes that are no UTF-8, where the filter lets it through.
    var hasBadUTF8 = false
    /// A JSON object.
    var aggregations: String?

    func json(_ indices: [SearchedIndex], _ page: [DocumentPlace]) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(512 + page.count * 320)
        JSONWriter.append("{", to: &buffer)
        if let scrollID { JSONWriter.append("\"_scroll_id\":\"\(scrollID)\",", to: &buffer) }
        JSONWriter.append("\"took\":1,\"timed_out\":\(timedOut),", to: &buffer)
        if terminatedEarly { JSONWriter.append("\"terminated_early\":true,", to: &buffer) }
        JSONWriter.append("\"_shards\":\(shards.json),\"hits\":{", to: &buffer)
        if let total {
            JSONWriter.append("\"total\":{\"value\":\(total.value),\"relation\":\"\(total.relation)\"},", to: &buffer)
        }
        let best = page.isEmpty && score != nil && shards.total > 0 ? "null" : score ?? "null"
        JSONWriter.append("\"max_score\":\(best),\"hits\":[", to: &buffer)
        appendHits(indices, page, to: &buffer)
        JSONWriter.append("]}", to: &buffer)
        if let aggregations { JSONWriter.append(",\"aggregations\":\(aggregations)", to: &buffer) }
        JSONWriter.append("}", to: &buffer)
        return buffer
    }

    private func appendHits(_ indices: [SearchedIndex], _ page: [DocumentPlace], to buffer: inout [UInt8]) {
        let heads = indices.map { Array("{\"_index\":\(JSONWriter.quoted($0.name)),\"_id\":\"".utf8) }
        let middle = Array("\",\"_score\":\(score ?? "null")".utf8)
        let source = Array(",\"_source\":".utf8)
        let sort = Array(",\"sort\":[".utf8)
        var isFirst = true
        for place in page {
            if !isFirst { buffer.append(UInt8(ascii: ",")) }
            let index = indices[place.index]
            buffer.append(contentsOf: heads[place.index])
            index.contents.appendID(at: place.position, to: &buffer)
            buffer.append(contentsOf: middle)
            if !filter.isDisabled {
                buffer.append(contentsOf: source)
                let start = buffer.count
                index.contents.appendSource(at: place.position, filter, to: &buffer)
                if hasBadUTF8, isFirst { spoil(from: start, of: &buffer) }
            }
            if showsSort {
                buffer.append(contentsOf: sort)
                DecimalWriter.append(Int64(index.number(at: place.position)), to: &buffer)
                buffer.append(UInt8(ascii: "]"))
            }
            buffer.append(UInt8(ascii: "}"))
            isFirst = false
        }
    }

    /// Gives the source that begins at `start` a first member with an overlong slash, which a server lets through in a
    /// whole source and writes anew, as what it stands for, in a filtered one.
    private func spoil(from start: Int, of buffer: inout [UInt8]) {
        guard filter.isWhole || filter.keeps("bytes") else { return }
        let value: [UInt8] = filter.isWhole ? [0xC0, 0xAF] : [0x2F]
        let isEmpty = buffer.count - start == 2
        let member = Array("\"bytes\":\"".utf8) + value + Array((isEmpty ? "\"" : "\",").utf8)
        buffer.insert(contentsOf: member, at: start + 1)
    }
}
