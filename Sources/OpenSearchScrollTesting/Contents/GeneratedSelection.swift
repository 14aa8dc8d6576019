/// Generated documents that match a query, in some or all shards. Document `p` lives in shard `p mod shards`.
struct GeneratedSelection: DocumentSelection {
    let contents: GeneratedContents
    let pieces: PositionPieces
    private let shards: ShardSubset
    private let rows: [ClassRows]

    init(contents: GeneratedContents, pieces: PositionPieces, shards: ShardSubset = .all) {
        self.contents = contents
        self.pieces = pieces
        self.shards = shards
        rows = shards.kept.map { ClassRows(contents, Residue(remainder: $0, modulus: shards.count)) }
    }

    var count: Int {
        pieces.pieces.reduce(0) { $0 + count(in: $1.range, $1.classes) }
    }

    func positions(from position: Int, limit: Int, into positions: inout [Int]) {
        var wanted = limit
        for piece in pieces.pieces where piece.range.upperBound > position && wanted > 0 {
            guard let row = walked(piece.classes) else { continue }
            let isWhole = piece.classes == PositionPieces.allClasses && rows.count <= 1
            var next = row.first(from: max(position, piece.range.lowerBound)) ?? Int.max
            while next < piece.range.upperBound && wanted > 0 {
                if isWhole || belongs(next, piece.classes) {
                    positions.append(next)
                    wanted -= 1
                }
                let (sum, overflows) = next.addingReportingOverflow(row.modulus)
                next = overflows ? Int.max : sum
            }
        }
    }

    func histogram(of field: String, interval: Int64, limit: Int) -> [(start: Int64, count: Int)] {
        guard field == "time" else { return [] }
        var buckets: [(start: Int64, count: Int)] = []
        for piece in pieces.pieces {
            var position = piece.range.lowerBound
            while position < piece.range.upperBound, buckets.count <= limit {
                let start = HistogramInterval.floor(contents.milliseconds(at: position), interval)
                let end = min(piece.range.upperBound, contents.firstPosition(from: Double(start + interval)))
                let found = count(in: position..<end, piece.classes & PositionPieces.timedClasses)
                if buckets.last?.start == start {
                    buckets[buckets.count - 1].count += found
                } else if found > 0 {
                    buckets.append((start, found))
                }
                position = end
            }
        }
        return buckets
    }

    func extremes(of field: String) -> (least: Double, greatest: Double)? {
        guard field == "time" else { return nil }
        let timed = pieces.pieces.filter { count(in: $0.range, $0.classes & PositionPieces.timedClasses) > 0 }
        guard let first = timed.first, let last = timed.last else { return nil }
        // There is one in each of these ranges, no further from its edge than the rows of one period.
        let classes = (first.classes & PositionPieces.timedClasses, last.classes & PositionPieces.timedClasses)
        let least = first.range.first(where: { belongs($0, classes.0) }) ?? first.range.lowerBound
        let greatest = last.range.last(where: { belongs($0, classes.1) }) ?? last.range.upperBound - 1
        return (Double(contents.milliseconds(at: least)), Double(contents.milliseconds(at: greatest)))
    }

    func narrowed(to query: SearchQuery) -> any DocumentSelection {
        let matching = PositionPieces.matching(query, in: contents)
        return GeneratedSelection(
            contents: contents, pieces: pieces.intersection(matching, in: 0..<contents.documentCount), shards: shards)
    }

    func narrowed(toShards kept: [Int], of count: Int) -> any DocumentSelection {
        let inner = shards == .all ? kept : kept.filter(shards.contains)
        return GeneratedSelection(
            contents: contents, pieces: pieces, shards: ShardSubset(count: count, kept: inner.sorted()))
    }

    private func belongs(_ position: Int, _ classes: PositionPieces.Classes) -> Bool {
        classes >> classOf(position) & 1 == 1 && (shards.count == 1 || shards.contains(position % shards.count))
    }

    private func classOf(_ position: Int) -> UInt8 {
        (contents.hasTime(position) ? 0 : 1) + (contents.hasLog(position) ? 0 : 2)
    }

    /// The positions that have to be looked at for documents of `classes`: where only those without a field are wanted,
    /// or those of one shard, the others need not be. Nil: there are none.
    private func walked(_ classes: PositionPieces.Classes) -> Residue? {
        guard let first = rows.first else { return nil }
        let all = rows.count == 1 ? first.all : Residue.all
        if classes & PositionPieces.timedClasses == 0 {
            return contents.untimedRow.flatMap(all.intersection)
        }
        if classes & PositionPieces.loggedClasses == 0 {
            return contents.unloggedRow.flatMap(all.intersection)
        }
        return all
    }

    private func count(in range: Range<Int>, _ classes: PositionPieces.Classes) -> Int {
        rows.reduce(0) { $0 + $1.count(below: range.upperBound, classes) - $1.count(below: range.lowerBound, classes) }
    }
}

/// The documents of one shard that lack fields, as rows of equal steps.
private struct ClassRows: Sendable {
    let all: Residue
    let untimed: Residue?
    let unlogged: Residue?
    let neither: Residue?

    init(_ contents: GeneratedContents, _ shard: Residue) {
        all = shard
        untimed = contents.untimedRow.flatMap(shard.intersection)
        unlogged = contents.unloggedRow.flatMap(shard.intersection)
        neither = untimed.flatMap { row in contents.unloggedRow.flatMap(row.intersection) }
    }

    /// How many documents of `classes` stand below `end`.
    func count(below end: Int, _ classes: PositionPieces.Classes) -> Int {
        let bare = neither?.count(below: end) ?? 0
        let noTime = (untimed?.count(below: end) ?? 0) - bare
        let noLog = (unlogged?.count(below: end) ?? 0) - bare
        let sizes = (all.count(below: end) - noTime - noLog - bare, noTime, noLog, bare)
        return (classes & 1 == 0 ? 0 : sizes.0) + (classes & 2 == 0 ? 0 : sizes.1) + (classes & 4 == 0 ? 0 : sizes.2)
            + (classes & 8 == 0 ? 0 : sizes.3)
    }
}

enum HistogramInterval {
    /// The start of the interval that `milliseconds` lies in, intervals being aligned to the epoch.
    static func floor(_ milliseconds: Int64, _ interval: Int64) -> Int64 {
        let remainder = milliseconds % interval
        return milliseconds - (remainder < 0 ? remainder + interval : remainder)
    }
}
