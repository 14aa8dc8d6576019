/// Generated documents that match a query.
struct GeneratedSelection: DocumentSelection {
    let contents: GeneratedContents
    let pieces: PositionPieces

    var count: Int {
        pieces.pieces.reduce(0) { $0 + count(in: $1.range, $1.classes) }
    }

    func positions(from position: Int, limit: Int, into positions: inout [Int]) {
        var wanted = limit
        for piece in pieces.pieces where piece.range.upperBound > position && wanted > 0 {
            var next = max(position, piece.range.lowerBound)
            let step = stride(of: piece.classes)
            if step > 1 { next = (next / step + 1) * step - 1 }
            while next < piece.range.upperBound && wanted > 0 {
                if piece.classes == PositionPieces.allClasses || piece.classes >> classOf(next) & 1 == 1 {
                    positions.append(next)
                    wanted -= 1
                }
                next += step
            }
        }
    }

    func histogram(of field: String, interval: Int64) -> [(start: Int64, count: Int)] {
        guard field == "time" else { return [] }
        var buckets: [(start: Int64, count: Int)] = []
        for piece in pieces.pieces {
            var position = piece.range.lowerBound
            while position < piece.range.upperBound {
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

    func narrowed(to query: SearchQuery) -> any DocumentSelection {
        let matching = PositionPieces.matching(query, in: contents)
        return GeneratedSelection(
            contents: contents, pieces: pieces.intersection(matching, in: 0..<contents.documentCount))
    }

    private func classOf(_ position: Int) -> UInt8 {
        (contents.hasTime(position) ? 0 : 1) + (contents.hasLog(position) ? 0 : 2)
    }

    /// Where only documents without a field are wanted, the others need not be looked at.
    private func stride(of classes: PositionPieces.Classes) -> Int {
        if classes & PositionPieces.timedClasses == 0 { return max(1, contents.untimedEvery) }
        if classes & PositionPieces.loggedClasses == 0 { return max(1, contents.unloggedEvery) }
        return 1
    }

    private func count(in range: Range<Int>, _ classes: PositionPieces.Classes) -> Int {
        count(below: range.upperBound, classes) - count(below: range.lowerBound, classes)
    }

    /// How many documents of `classes` stand below `end`: rows of one length each, and of their common multiple.
    private func count(below end: Int, _ classes: PositionPieces.Classes) -> Int {
        let untimed = contents.untimedEvery == 0 ? 0 : end / contents.untimedEvery
        let unlogged = contents.unloggedEvery == 0 ? 0 : end / contents.unloggedEvery
        let multiple = leastCommonMultiple(contents.untimedEvery, contents.unloggedEvery)
        let neither = multiple == 0 ? 0 : end / multiple
        let sizes = [end - untimed - unlogged + neither, untimed - neither, unlogged - neither, neither]
        return (0..<4).reduce(0) { $0 + (classes >> UInt8($1) & 1 == 1 ? sizes[$1] : 0) }
    }

    private func leastCommonMultiple(_ one: Int, _ other: Int) -> Int {
        guard one > 0, other > 0 else { return 0 }
        var (larger, smaller) = (one, other)
        while smaller > 0 { (larger, smaller) = (smaller, larger % smaller) }
        return one / larger * other
    }
}

enum HistogramInterval {
    /// The start of the interval that `milliseconds` lies in, intervals being aligned to the epoch.
    static func floor(_ milliseconds: Int64, _ interval: Int64) -> Int64 {
        let remainder = milliseconds % interval
        return milliseconds - (remainder < 0 ? remainder + interval : remainder)
    }
}
