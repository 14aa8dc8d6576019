/// Adjoining windows that were read whole, together: what a checkpoint keeps of them.
public struct ScrollStretch: Sendable, Hashable {
    /// Milliseconds since 1970; nil: the documents without a time.
    public var times: Range<Int64>?
    /// Shards of each index; nil: all of them.
    public var shards: Range<Int>?
    /// Windows that it is made of.
    public var windows = 1
    /// Documents in the snapshots of the scrolls that ended whole.
    public var total: Int
    /// Documents handed out.
    public var delivered: Int
    /// Over the documents handed out.
    public var digest: IDDigest
    /// Scrolls opened.
    public var scrolls: Int
    /// Requests sent again.
    public var retries: Int
    /// No document of it stands before this byte of the output.
    public var start: Int
    /// Documents handed out that the last snapshots no longer held.
    public var drift: Int { delivered - total }

    /// One window.
    ///
    /// - Parameter start: no document of it stands before this byte of the output.
    public init(_ report: WindowReport, start: Int = 0) {
        times = report.window.times
        shards = report.window.shard.map { $0..<($0 + 1) }
        total = report.total
        delivered = report.delivered
        digest = report.digest
        scrolls = report.scrolls
        retries = report.retries
        self.start = start
    }

    /// What ``ScrollPlan/remaining(after:)`` takes.
    public var asWindows: [ScrollWindow] {
        guard let shards else { return [ScrollWindow(times: times, expectedDocuments: total)] }
        return shards.map { ScrollWindow(times: times, shard: $0, expectedDocuments: total / shards.count) }
    }

    fileprivate mutating func take(_ other: ScrollStretch) {
        windows += other.windows
        total += other.total
        delivered += other.delivered
        digest.add(other.digest)
        scrolls += other.scrolls
        retries += other.retries
        start = min(start, other.start)
    }
}

extension ScrollStretch: Codable {
    /// Reads what `encode` wrote.
    public init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        let since = try values.decode(Int64?.self)
        let until = try values.decode(Int64?.self)
        let first = try values.decode(Int?.self)
        let last = try values.decode(Int?.self)
        if let since, let until {
            guard since < until else { throw Self.corrupt(values) }
            times = since..<until
        }
        if let first, let last {
            guard first < last else { throw Self.corrupt(values) }
            shards = first..<last
        }
        windows = try values.decode(Int.self)
        total = try values.decode(Int.self)
        delivered = try values.decode(Int.self)
        digest = try values.decode(IDDigest.self)
        scrolls = try values.decode(Int.self)
        retries = try values.decode(Int.self)
        start = try values.decode(Int.self)
    }

    private static func corrupt(_ values: any UnkeyedDecodingContainer) -> DecodingError {
        .dataCorruptedError(in: values, debugDescription: "a stretch of windows that ends before it begins")
    }

    /// A short form: an array, without names.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        try values.encode(times?.lowerBound)
        try values.encode(times?.upperBound)
        try values.encode(shards?.lowerBound)
        try values.encode(shards?.upperBound)
        try values.encode(windows)
        try values.encode(total)
        try values.encode(delivered)
        try values.encode(digest)
        try values.encode(scrolls)
        try values.encode(retries)
        try values.encode(start)
    }
}

/// The stretches of a plan that have been read, in order, neighbours put together: few, however many windows there are.
public struct StretchSet: Sendable {
    /// In the order of time, then of shards; last those without a time.
    public private(set) var stretches: [ScrollStretch] = []
    /// When the windows of the plan begin, ascending.
    private let starts: [Int64]
    /// Whether nothing is between two windows of the plan. Of what was out of its reach nobody knows when it is.
    private let isWhole: Bool
    /// Shards that a time is split into, where it is.
    private var shards: [Range<Int64>?: Int] = [:]

    /// - Parameters:
    ///   - plan: all that is still to be read.
    ///   - read: what has been read before, by windows that are not in the plan.
    public init(_ plan: ScrollPlan, read: [ScrollStretch] = []) {
        starts = plan.windows.compactMap { $0.times?.lowerBound }.sorted()
        isWhole = plan.holes.isEmpty
        for window in plan.windows { note(window.times, shard: window.shard) }
        for stretch in read { note(stretch.times, shard: stretch.shards.map { $0.upperBound - 1 }) }
        for stretch in read { insert(stretch) }
    }

    private mutating func note(_ times: Range<Int64>?, shard: Int?) {
        guard let shard else { return }
        shards[times] = max(shards[times] ?? 0, shard + 1)
    }

    /// Adds a window, or windows, that were read whole.
    public mutating func insert(_ stretch: ScrollStretch) {
        var low = 0
        var high = stretches.count
        while low < high {
            let middle = (low + high) / 2
            if Self.isBefore(stretches[middle], stretch) { low = middle + 1 } else { high = middle }
        }
        stretches.insert(stretch, at: low)
        // Shards become whole windows, and those meet their neighbours; each step leaves one stretch fewer.
        while let merged = mergeBefore(low + 1) ?? mergeBefore(low) { low = merged }
    }

    /// Puts the stretch at a place together with the one before it, if nothing lies between them.
    private mutating func mergeBefore(_ place: Int) -> Int? {
        guard place > 0, place < stretches.count else { return nil }
        let (before, after) = (stretches[place - 1], stretches[place])
        var merged = before
        if before.times == after.times, let first = before.shards, let second = after.shards,
            first.upperBound == second.lowerBound
        {
            let all = first.lowerBound..<second.upperBound
            merged.shards = all == 0..<(shards[before.times] ?? 0) ? nil : all
        } else if before.shards == nil, after.shards == nil, let early = before.times, let late = after.times,
            early.upperBound == late.lowerBound || isGap(from: early.upperBound, to: late.lowerBound)
        {
            merged.times = early.lowerBound..<late.upperBound
        } else {
            return nil
        }
        merged.take(after)
        stretches[place - 1] = merged
        stretches.remove(at: place)
        return place - 1
    }

    /// Whether nothing is to be read in a time between two windows.
    private func isGap(from first: Int64, to end: Int64) -> Bool {
        isWhole && first < end && !hasStart(from: first, to: end)
    }

    /// Whether a window of the plan begins in a time.
    private func hasStart(from first: Int64, to end: Int64) -> Bool {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] < first { low = middle + 1 } else { high = middle }
        }
        return low < starts.count && starts[low] < end
    }

    private static func isBefore(_ one: ScrollStretch, _ other: ScrollStretch) -> Bool {
        guard let first = one.times else {
            return other.times == nil && (one.shards?.lowerBound ?? 0) < (other.shards?.lowerBound ?? 0)
        }
        guard let second = other.times else { return true }
        if first != second { return (first.lowerBound, first.upperBound) < (second.lowerBound, second.upperBound) }
        return (one.shards?.lowerBound ?? 0) < (other.shards?.lowerBound ?? 0)
    }
}
