/// The documents of one index under one search: the snapshot, and what of it matches.
struct SearchedIndex: Sendable {
    let name: String
    /// How many shards the index has.
    let shardCount: Int
    /// Those of them that take part, ascending.
    private(set) var shards: [Int]
    let contents: any IndexContents
    private(set) var selection: any DocumentSelection

    /// - Parameter shards: those that take part; nil: all.
    init(_ named: (name: String, index: ServerState.Index), _ query: SearchQuery, shards: [Int]? = nil) {
        name = named.name
        shardCount = named.index.shards
        contents = named.index.contents
        selection = contents.select(query)
        self.shards = Array(0..<shardCount)
        if let shards { keep(shards) }
    }

    /// The number that a sort by `_doc` shows for a document.
    func number(at position: Int) -> Int { contents.place(at: position, of: shardCount).number }

    /// The last of the shards is gone, and its documents with it.
    mutating func loseShard() { keep(shards.dropLast()) }

    private mutating func keep(_ kept: [Int]) {
        guard kept != shards else { return }
        shards = kept
        selection = selection.narrowed(toShards: kept, of: shardCount)
    }
}

/// Where a document stands: which of the searched indices, and at which position of it.
struct DocumentPlace: Sendable {
    let index: Int
    let position: Int
}

/// An open scroll: what it was opened on, and how far it was read.
struct ScrollContext: Sendable {
    private(set) var indices: [SearchedIndex]
    let size: Int
    let filter: SourceFilter
    /// Context numbers, one a shard.
    let numbers: [UInt64]
    private(set) var total: Int
    /// Shards that are gone since the scroll was opened.
    private(set) var lostShards = 0
    /// `terminate_after` cut the scroll short.
    let isTerminatedEarly: Bool
    /// `sort` was `_doc`, so hits have sort values and no score.
    let isSorted: Bool
    var deadline: ContinuousClock.Instant
    private var cursor: Cursor
    /// Where the last page began.
    private var pageStart: Cursor
    private let most: Int?

    private struct Cursor {
        var index = 0
        var position = 0
        var remaining: Int
    }

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
        self.most = most
        let found = Self.count(indices)
        total = min(found, most ?? found)
        isTerminatedEarly = most.map { $0 <= found } ?? false
        cursor = Cursor(remaining: most ?? .max)
        pageStart = cursor
    }

    private static func count(_ indices: [SearchedIndex]) -> Int { indices.reduce(0) { $0 + $1.selection.count } }

    /// A shard is gone: its documents leave what is still to come and the total.
    ///
    /// - Returns: whether shards are left.
    mutating func loseShard() -> Bool {
        guard let place = indices.lastIndex(where: { !$0.shards.isEmpty }) else { return false }
        indices[place].loseShard()
        lostShards += 1
        let found = Self.count(indices)
        total = min(found, most ?? found)
        return lostShards < numbers.count
    }

    /// The page before once more, without moving on.
    func lastPage() -> [DocumentPlace] {
        var copy = self
        copy.cursor = pageStart
        return copy.nextPage()
    }

    /// The next page; empty past the end, however often it is asked for.
    mutating func nextPage() -> [DocumentPlace] {
        pageStart = cursor
        var page: [DocumentPlace] = []
        let wanted = min(size, cursor.remaining)
        page.reserveCapacity(min(wanted, total))
        var found: [Int] = []
        while cursor.index < indices.count && page.count < wanted {
            found.removeAll(keepingCapacity: true)
            indices[cursor.index].selection.positions(
                from: cursor.position, limit: wanted - page.count, into: &found)
            for position in found { page.append(DocumentPlace(index: cursor.index, position: position)) }
            if let last = found.last, page.count == wanted {
                cursor.position = last + 1
            } else {
                cursor.index += 1
                cursor.position = 0
            }
        }
        cursor.remaining -= page.count
        return page
    }
}
