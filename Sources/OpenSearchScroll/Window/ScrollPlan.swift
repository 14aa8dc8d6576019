/// What there is to read of a query: its windows, and what is known about it beforehand.
public struct ScrollPlan: Sendable, Hashable, Codable {
    /// In the order of time, last the documents without one.
    public var windows: [ScrollWindow]
    /// Documents by the name of the index that holds them.
    public var indices: [String: Int]
    /// Shards that take part, over all indices.
    public var shards: Int
    /// What is known already to be out of reach: remote clusters that were skipped, shards that are missing.
    public var holes: [ScrollHole]

    /// Remote clusters among them.
    var skippedClusters: Int { holes.reduce(0) { $0 + ($1.skippedClusters ?? 0) } }

    /// Documents that are expected over all windows.
    public var expectedDocuments: Int { windows.reduce(0) { $0 + $1.expectedDocuments } }

    /// The windows without what has been read already. A window that was read partly is cut; what has come since then
    /// into a part that was read is not looked for.
    ///
    /// - Parameter windows: read whole by an earlier run, of the same query, perhaps cut otherwise.
    public func remaining(after read: [ScrollWindow]) -> ScrollPlan {
        var plan = self
        plan.windows = windows.flatMap { WindowSubtraction.rest(of: $0, without: read, shards: shards) }
        return plan
    }
}

/// Windows less what has been read: pure.
enum WindowSubtraction {
    static func rest(of window: ScrollWindow, without read: [ScrollWindow], shards: Int) -> [ScrollWindow] {
        guard let times = window.times else {
            let parts = read.filter { $0.times == nil }
            return byShard(window, read: parts, shards: shards)
        }
        let touching = read.filter { $0.times.map { $0.overlaps(times) } ?? false }
        var rest: [ScrollWindow] = []
        for piece in pieces(of: times, cutBy: touching.compactMap(\.times)) {
            let share = Double(piece.upperBound - piece.lowerBound) / Double(times.upperBound - times.lowerBound)
            let part = ScrollWindow(
                times: piece, shard: window.shard,
                expectedDocuments: Int((Double(window.expectedDocuments) * share).rounded(.up)))
            rest += byShard(
                part, read: touching.filter { $0.times?.contains(piece.lowerBound) ?? false }, shards: shards)
        }
        return merged(rest)
    }

    /// Cut so that each piece lies wholly inside or outside of each of the others.
    private static func pieces(of times: Range<Int64>, cutBy others: [Range<Int64>]) -> [Range<Int64>] {
        var edges: Set<Int64> = [times.lowerBound, times.upperBound]
        for other in others {
            edges.formUnion([other.lowerBound, other.upperBound].filter { times.contains($0) })
        }
        let sorted = edges.sorted()
        return zip(sorted, sorted.dropFirst()).map { $0..<$1 }
    }

    /// What is left of a window when others over all of its time have been read, for some shards or for all.
    private static func byShard(_ window: ScrollWindow, read: [ScrollWindow], shards: Int) -> [ScrollWindow] {
        if read.isEmpty { return [window] }
        if read.contains(where: { $0.shard == nil }) { return [] }
        let done = Set(read.compactMap(\.shard))
        if let shard = window.shard { return done.contains(shard) ? [] : [window] }
        let left = (0..<max(shards, 1)).filter { !done.contains($0) }
        return left.map { shard in
            ScrollWindow(
                times: window.times, shard: shard, expectedDocuments: window.expectedDocuments / max(1, left.count))
        }
    }

    /// Neighbours become one again.
    private static func merged(_ windows: [ScrollWindow]) -> [ScrollWindow] {
        var merged: [ScrollWindow] = []
        for window in windows {
            if let last = merged.last, let before = last.times, let times = window.times, last.shard == window.shard,
                before.upperBound == times.lowerBound
            {
                merged[merged.count - 1] = ScrollWindow(
                    times: before.lowerBound..<times.upperBound, shard: last.shard,
                    expectedDocuments: last.expectedDocuments + window.expectedDocuments)
            } else {
                merged.append(window)
            }
        }
        return merged
    }
}
