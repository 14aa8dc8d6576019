/// The points of `coverage`: evenly spaced from a seeded start (systematic sampling: Madow, "On the theory of
/// systematic sampling II", 1949). A template of weight share p takes ⌊K·p⌋ or ⌈K·p⌉ of them.
///
/// In exact integers: the line is stretched K times, the total weight W is the distance of two points, and the first
/// lies at an offset drawn evenly from 0..<W. So K points fall on it, whatever K and W are.
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

    init(settings: DrawSettings, total: UInt128) {
        samples = UInt128(settings.samples)
        distance = total
        offset = settings.generator(.coverageOffset).uniform(below: total, index: 0)
        order = settings.generator(.coverageOrder)
    }

    func count(
        inShard shard: Int, range: Range<UInt128>, of draw: WeightedDraw, _ cancellation: CancellationFlag?
    ) throws(DatasetError) -> [DrawnOrdinal] {
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
