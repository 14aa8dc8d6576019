/// Documents that are held in memory byte for byte as they were given.
public struct StoredContents: IndexContents {
    /// One document.
    public struct Document: Sendable {
        /// Its `_id`.
        public let id: String
        /// Its `_source`, as indexed; what a test gives is kept even where it is no valid UTF-8.
        public let source: [UInt8]
        let leaves: [DocumentLeaf]

        /// - Parameters:
        ///   - id: its `_id`.
        ///   - source: a JSON object. Bad UTF-8 inside strings is let through, as OpenSearch 2.x lets it through.
        public init(id: String, source: [UInt8]) {
            self.id = id
            self.source = source
            leaves = DocumentLeaf.leaves(of: (try? JSONParser.parse(source)) ?? .object([]))
        }

        /// The same from text.
        public init(id: String, source: String) {
            self.init(id: id, source: Array(source.utf8))
        }
    }

    private(set) var documents: [Document] = []
    /// Where an id stands; documents overwritten or deleted leave a hole (nil) at their old place.
    private var live: [Bool] = []
    private var places: [String: Int] = [:]

    /// - Parameter documents: in order; a later one replaces an earlier one of the same id and stands at the end.
    public init(_ documents: [Document] = []) {
        for document in documents { put(document) }
    }

    /// Sources with ids `d0000000`, `d0000001`, ….
    public init(sources: [String]) {
        self.init(
            sources.enumerated().map { position, source in
                let digits = String(position)
                let id = "d" + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
                return Document(id: id, source: source)
            })
    }

    /// All positions ever taken, those of replaced and deleted documents included.
    public var documentCount: Int { documents.count }

    /// Whether a document has this id.
    public func contains(id: String) -> Bool { places[id] != nil }

    /// Adds or replaces a document.
    ///
    /// - Returns: whether the id is new.
    @discardableResult
    public mutating func put(_ document: Document) -> Bool {
        let isNew = !remove(id: document.id)
        places[document.id] = documents.count
        documents.append(document)
        live.append(true)
        return isNew
    }

    /// Removes a document.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public mutating func remove(id: String) -> Bool {
        guard let place = places.removeValue(forKey: id) else { return false }
        live[place] = false
        return true
    }

    /// Adds a document, changes another and removes a third, as far as there are so many, as `draw` chooses.
    mutating func mutate(_ draw: UInt64) {
        let changed = document(near: draw, butNot: [])
        let removed = document(near: draw >> 20, butNot: [changed?.id])
        if let removed { remove(id: removed.id) }
        if let changed, changed.source.count > 2 {
            let mark = Array("{\"anomaly_level\":\"Normal\",".utf8)
            put(Document(id: changed.id, source: mark + changed.source.dropFirst()))
            put(Document(id: "added-" + String(draw, radix: 36), source: changed.source))
        }
    }

    /// Some document that is there, the first from a place on that `draw` gives.
    private func document(near draw: UInt64, butNot ids: [String?]) -> Document? {
        guard !documents.isEmpty else { return nil }
        let start = Int(draw % UInt64(documents.count))
        func isFit(_ place: Int) -> Bool { live[place] && !ids.contains(documents[place].id) }
        let place = (start..<documents.count).first(where: isFit) ?? (0..<start).first(where: isFit)
        return place.map { documents[$0] }
    }

    /// Looks at every document.
    public func select(_ query: SearchQuery) -> any DocumentSelection {
        let matching = documents.indices.filter { live[$0] && DocumentMatcher.matches(documents[$0], query) }
        return StoredSelection(documents: documents, matching: matching)
    }

    /// A hash of the id gives the shard. The position is the number there: numbers of other shards are left out, as a
    /// real shard leaves out those of deleted documents.
    public func place(at position: Int, of shards: Int) -> (shard: Int, number: Int) {
        (ShardSubset.shard(ofID: documents[position].id, of: shards), position)
    }

    /// Appends the id, escaped.
    public func appendID(at position: Int, to buffer: inout [UInt8]) {
        var id = documents[position].id
        id.withUTF8 { JSONWriter.appendEscaped($0, to: &buffer) }
    }

    /// Appends the source: whole, as it was indexed; cut down, written anew.
    public func appendSource(at position: Int, _ filter: SourceFilter, to buffer: inout [UInt8]) {
        let source = documents[position].source
        if filter.isWhole {
            buffer.append(contentsOf: source)
        } else if let value = try? JSONParser.parse(source) {
            JSONWriter.append(filter.cut(value), escapingAstral: filter.escapesAstral, to: &buffer)
        } else {
            JSONWriter.append("{}", to: &buffer)
        }
    }
}

/// Stored documents that match a query.
struct StoredSelection: DocumentSelection {
    let documents: [StoredContents.Document]
    /// Their positions, ascending.
    let matching: [Int]

    var count: Int { matching.count }

    func positions(from position: Int, limit: Int, into positions: inout [Int]) {
        var low = 0
        var high = matching.count
        while low < high {
            let middle = (low + high) / 2
            if matching[middle] < position { low = middle + 1 } else { high = middle }
        }
        positions.append(contentsOf: matching[low..<min(matching.count, low + limit)])
    }

    /// A document with several dates counts once in each interval that holds one of them.
    func histogram(of field: String, interval: Int64, limit: Int) -> [(start: Int64, count: Int)] {
        var counts: [Int64: Int] = [:]
        for position in matching {
            let values = documents[position].leaves.filter { $0.path == field }.compactMap(\.number)
            for start in Set(values.map { HistogramInterval.floor(Int64($0.rounded(.down)), interval) }) {
                counts[start, default: 0] += 1
            }
        }
        return counts.sorted { $0.key < $1.key }.map { (start: $0.key, count: $0.value) }
    }

    func extremes(of field: String) -> (least: Double, greatest: Double)? {
        let values = matching.lazy.flatMap { documents[$0].leaves }.filter { $0.path == field }.compactMap(\.number)
        guard let least = values.min(), let greatest = values.max() else { return nil }
        return (least, greatest)
    }

    func narrowed(toShards kept: [Int], of shards: Int) -> any DocumentSelection {
        StoredSelection(
            documents: documents,
            matching: matching.filter { kept.contains(ShardSubset.shard(ofID: documents[$0].id, of: shards)) })
    }

    func narrowed(to query: SearchQuery) -> any DocumentSelection {
        StoredSelection(
            documents: documents, matching: matching.filter { DocumentMatcher.matches(documents[$0], query) })
    }
}
