/// The points of `parity`: each drawn evenly and by itself, so a template may be drawn any number of times.
struct IndependentPoints: DrawPoints {
    /// Ascending.
    private let points: [UInt128]
    /// Where each shard's weights begin, and where the last one ends.
    private let starts: [UInt128]

    init(settings: DrawSettings, weights: TableWeights) {
        let generator = settings.generator(.parityPoints)
        let total = weights.total(settings.lines)
        starts = (0..<TemplateShard.count).reduce(into: [0]) { starts, shard in
            starts.append(starts[shard] + weights.weight(ofShard: shard, settings.lines))
        }
        points = (0..<settings.samples).map { generator.uniform(below: total, index: UInt64($0)) }.sorted()
    }

    func count(
        inShard shard: Int, of draw: WeightedDraw, _ cancellation: CancellationFlag?
    ) throws(DatasetError) -> [DrawnOrdinal] {
        var rest = points[firstIndex(notBelow: starts[shard])..<firstIndex(notBelow: starts[shard + 1])]
        if rest.isEmpty { return [] }
        var drawn: [DrawnOrdinal] = []
        var end = starts[shard]
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
