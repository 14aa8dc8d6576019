/// A set of positions of generated documents: disjoint ascending ranges, each with the classes of documents in it that
/// belong to the set. A document's class says which of its two fields it has.
///
/// The algebra of queries stays in this form, whatever is nested in what, and never looks at a document.
struct PositionPieces: Sendable, Equatable {
    /// Bit `c` stands for class `c`: 0 has both fields, 1 no time, 2 no log, 3 neither.
    typealias Classes = UInt8

    static let allClasses: Classes = 0b1111
    static let timedClasses: Classes = 0b0101
    static let loggedClasses: Classes = 0b0011

    struct Piece: Sendable, Equatable {
        var range: Range<Int>
        var classes: Classes
    }

    private(set) var pieces: [Piece]

    init(_ range: Range<Int>, _ classes: Classes = allClasses) {
        pieces = range.isEmpty || classes == 0 ? [] : [Piece(range: range, classes: classes)]
    }

    private init(merging pieces: [Piece]) {
        self.pieces = []
        for piece in pieces where !piece.range.isEmpty && piece.classes != 0 {
            if let last = self.pieces.last, last.classes == piece.classes,
                last.range.upperBound == piece.range.lowerBound
            {
                self.pieces[self.pieces.count - 1].range = last.range.lowerBound..<piece.range.upperBound
            } else {
                self.pieces.append(piece)
            }
        }
    }

    /// The classes at every position of both sets, joined by `operation`, cut at every edge of either.
    private func combined(
        _ other: PositionPieces, _ whole: Range<Int>, _ operation: (Classes, Classes) -> Classes
    ) -> PositionPieces {
        let inner = (pieces + other.pieces).flatMap { [$0.range.lowerBound, $0.range.upperBound] }
        let edges = Set(inner + [whole.lowerBound, whole.upperBound]).sorted()
        return PositionPieces(
            merging: zip(edges, edges.dropFirst()).map { lower, upper in
                Piece(range: lower..<upper, classes: operation(classes(at: lower), other.classes(at: lower)))
            })
    }

    private func classes(at position: Int) -> Classes {
        var low = 0
        var high = pieces.count
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].range.upperBound <= position { low = middle + 1 } else { high = middle }
        }
        return low < pieces.count && pieces[low].range.contains(position) ? pieces[low].classes : 0
    }

    func intersection(_ other: PositionPieces, in whole: Range<Int>) -> PositionPieces {
        combined(other, whole) { $0 & $1 }
    }

    func union(_ other: PositionPieces, in whole: Range<Int>) -> PositionPieces {
        combined(other, whole) { $0 | $1 }
    }

    func subtracting(_ other: PositionPieces, in whole: Range<Int>) -> PositionPieces {
        combined(other, whole) { $0 & ~$1 }
    }

    /// The documents of `contents` that match `query`.
    static func matching(_ query: SearchQuery, in contents: GeneratedContents) -> PositionPieces {
        let whole = 0..<contents.documentCount
        switch query {
        case .matchAll: return PositionPieces(whole)
        case .matchNone, .terms, .match: return PositionPieces(0..<0)
        case .exists(let field): return PositionPieces(whole, classes(having: field))
        case .range(let field, let bounds):
            guard field == "time" else { return PositionPieces(0..<0) }
            let lower = contents.firstPosition(from: bounds.firstInside)
            let upper = contents.firstPosition(from: bounds.firstBeyond)
            return PositionPieces(lower..<max(lower, upper), timedClasses)
        case .ids(let ids):
            let found = Set(ids.compactMap(contents.position(ofID:))).sorted()
            return PositionPieces(merging: found.map { Piece(range: $0..<$0 + 1, classes: allClasses) })
        case .bool(let must, let should, let minimum, let mustNot):
            var result = must.reduce(PositionPieces(whole)) { $0.intersection(matching($1, in: contents), in: whole) }
            result = mustNot.reduce(result) { $0.subtracting(matching($1, in: contents), in: whole) }
            let least = atLeast(minimum, of: should.map { matching($0, in: contents) }, in: whole)
            return result.intersection(least, in: whole)
        }
    }

    private static func classes(having field: String) -> Classes {
        field == "time" ? timedClasses : field == "log" ? loggedClasses : field == "_id" ? allClasses : 0
    }

    /// What belongs to at least `minimum` of `sets`.
    private static func atLeast(
        _ minimum: Int, of sets: [PositionPieces], in whole: Range<Int>
    ) -> PositionPieces {
        guard minimum > 0 else { return PositionPieces(whole) }
        guard minimum <= sets.count else { return PositionPieces(0..<0) }
        // reached[k]: in at least k + 1 of the sets seen so far.
        var reached = [PositionPieces](repeating: PositionPieces(0..<0), count: minimum)
        for set in sets {
            for level in stride(from: minimum - 1, through: 0, by: -1) {
                let more = level == 0 ? set : reached[level - 1].intersection(set, in: whole)
                reached[level] = reached[level].union(more, in: whole)
            }
        }
        return reached[minimum - 1]
    }
}

extension ValueBounds {
    /// The least whole number inside, as far as the lower bound goes.
    fileprivate var firstInside: Double { lower.included ? lower.value.rounded(.up) : lower.value.rounded(.down) + 1 }

    /// The least whole number beyond the upper bound.
    fileprivate var firstBeyond: Double { upper.included ? upper.value.rounded(.down) + 1 : upper.value.rounded(.up) }
}
