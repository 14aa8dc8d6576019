/// The points of `parity`: each drawn evenly and by itself, so a template may be drawn any number of times.
struct IndependentPoints: DrawPoints {
    /// Ascending.
    private let points: [UInt128]

    init(settings: DrawSettings, total: UInt128) {
        let generator = settings.generator(.parityPoints)
        points = (0..<settings.samples).map { generator.uniform(below: total, index: UInt64($0)) }.sorted()
    }

    func count(
        inShard shard: Int, range: Range<UInt128>, of draw: WeightedDraw, _ cancellation: CancellationFlag?
    ) throws(DatasetError) -> [DrawnOrdinal] {
        var rest = points[firstIndex(notBelow: range.lowerBound)..<firstIndex(notBelow: range.upperBound)]
        if rest.isEmpty { return [] }
        var drawn: [DrawnOrdinal] = []
        var end = range.lowerBound
        try draw.forEachWeight(inShard: shard, cancellation) { ordinal, _, weight in
            end += UInt128(weight)
            let count = rest.prefix { $0 < end }.count
            if count == 0 { return }
            rest.removeFirst(count)
            drawn.append(DrawnOrdinal(ordinal: ordinal, count: UInt32(count)))
        }
        return drawn
    }

    private func firstIndex(notBelow bound: UInt128) -> Int {
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low + high) / 2
            if points[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
