/// The points of `coverage`: evenly spaced from a seeded start (systematic sampling: Madow, "On the theory of
/// systematic sampling II", 1949). A template of weight share p takes ⌊K·p⌋ or ⌈K·p⌉ of them.
///
/// In exact integers: the line is stretched K times, the total weight W is the distance of two points, and the first
/// lies at an offset drawn evenly from 0..<W. So K points fall on it, whatever K and W are.
///
/// The shards stand on the line in a seeded order, and so do the templates of a shard: otherwise the templates of a
/// small table would have the same neighbours in every epoch, and neighbours are seldom drawn together.
struct SystematicPoints: DrawPoints {
    /// A template of the shard being worked on.
    private struct Candidate {
        var key: UInt64
        var weight: UInt64
        var ordinal: UInt32
    }

    private let samples: UInt128
    private let distance: UInt128
    private let offset: UInt128
    private let order: Philox
    /// Where each shard's weights lie on the line.
    private let ranges: [Range<UInt128>]

    init(settings: DrawSettings, weights: TableWeights) {
        samples = UInt128(settings.samples)
        distance = weights.total(settings.lines)
        offset = settings.generator(.coverageOffset).uniform(below: distance, index: 0)
        order = settings.generator(.coverageOrder)
        ranges = SystematicPoints.ranges(weights, settings)
    }

    func count(
        inShard shard: Int, of draw: WeightedDraw, _ cancellation: CancellationFlag?
    ) throws(DatasetError) -> [DrawnOrdinal] {
        let range = ranges[shard]
        var next = firstPoint(notBefore: samples * range.lowerBound)
        if next >= samples * range.upperBound { return [] }
        var drawn: [DrawnOrdinal] = []
        var end = samples * range.lowerBound
        for candidate in try candidates(inShard: shard, of: draw, cancellation) {
            end += samples * UInt128(candidate.weight)
            if next >= end { continue }
            let count = (end - next - 1) / distance + 1
            next += count * distance
            drawn.append(DrawnOrdinal(ordinal: candidate.ordinal, count: UInt32(count)))
        }
        drawn.sort { $0.ordinal < $1.ordinal }
        return drawn
    }

    /// The shards one behind the other in the order of this epoch.
    private static func ranges(_ weights: TableWeights, _ settings: DrawSettings) -> [Range<UInt128>] {
        let generator = settings.generator(.coverageShards)
        let keys = (0..<TemplateShard.count).map { (key: generator.block(UInt128($0)), shard: $0) }
        var ranges = [Range<UInt128>](repeating: 0..<0, count: TemplateShard.count)
        var start: UInt128 = 0
        for (_, shard) in keys.sorted(by: { $0.key < $1.key }) {
            let end = start + weights.weight(ofShard: shard, settings.lines)
            ranges[shard] = start..<end
            start = end
        }
        return ranges
    }

    /// The shard's templates in the order of this epoch, so that no two templates are neighbours in every subset.
    private func candidates(
        inShard shard: Int, of draw: WeightedDraw, _ cancellation: CancellationFlag?
    ) throws(DatasetError) -> [Candidate] {
        var candidates: [Candidate] = []
        try draw.forEachWeight(inShard: shard, cancellation) { ordinal, hash, weight in
            candidates.append(Candidate(key: order.bits64(hash), weight: weight, ordinal: ordinal))
        }
        candidates.sort { $0.key != $1.key ? $0.key < $1.key : $0.ordinal < $1.ordinal }
        return candidates
    }

    private func firstPoint(notBefore position: UInt128) -> UInt128 {
        if position <= offset { return offset }
        return offset + (position - offset + distance - 1) / distance * distance
    }
}
