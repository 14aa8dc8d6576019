/// The documents of one index under one search: the snapshot, and what of it matches.
struct SearchedIndex: Sendable {
    let name: String
    let shards: Int
    let contents: any IndexContents
    let selection: any DocumentSelection
}

/// Where a document stands: which of the searched indices, and at which position of it.
struct DocumentPlace: Sendable {
    let index: Int
    let position: Int
}

/// An open scroll: what it was opened on, and how far it was read.
struct ScrollContext: Sendable {
    let indices: [SearchedIndex]
    let size: Int
    let filter: SourceFilter
    /// Context numbers, one a shard.
    let numbers: [UInt64]
    let total: Int
    /// `terminate_after` cut the scroll short.
    let isTerminatedEarly: Bool
    /// `sort` was `_doc`, so hits have sort values and no score.
    let isSorted: Bool
    var deadline: ContinuousClock.Instant
    private var index = 0
    private var position = 0
    private var remaining: Int

    /// - Parameter most: no more documents than this are handed out (`terminate_after`); nil: all.
    init(
        indices: [SearchedIndex], size: Int, filter: SourceFilter, isSorted: Bool, numbers: [UInt64],
        deadline: ContinuousClock.Instant, most: Int? = nil
    ) {
        self.indices = indices
        self.size = size
        self.filter = filter
        self.numbers = numbers
        self.deadline = deadline
        self.isSorted = isSorted
        let found = indices.reduce(0) { $0 + $1.selection.count }
        total = min(found, most ?? found)
        isTerminatedEarly = most.map { $0 <= found } ?? false
        remaining = total
    }

    /// The next page; empty past the end, however often it is asked for.
    mutating func nextPage() -> [DocumentPlace] {
        var page: [DocumentPlace] = []
        let wanted = min(size, remaining)
        while index < indices.count && page.count < wanted {
            var found: [Int] = []
            indices[index].selection.positions(from: position, limit: wanted - page.count, into: &found)
            page.append(contentsOf: found.map { DocumentPlace(index: index, position: $0) })
            if let last = found.last, page.count == wanted {
                position = last + 1
            } else {
                index += 1
                position = 0
            }
        }
        remaining -= page.count
        return page
    }
}
