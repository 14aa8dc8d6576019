/// From the buckets of a histogram to windows.
enum WindowPlan {
    static let hour: Int64 = 3_600_000

    /// The hours between two times, cut at both, in order, and the window of documents without a time.
    ///
    /// - Parameters:
    ///   - hours: documents by the start of their hour, in milliseconds since 1970.
    ///   - untimed: documents without the time field; no window if 0.
    ///   - since: nothing before it is wanted. A bucket there holds only later dates of documents, or none.
    ///   - until: nothing from it on is wanted. A bucket there holds only later dates of documents.
    static func windows(hours: [Int64: Int], untimed: Int, since: Int64?, until: Int64?) -> [ScrollWindow] {
        var windows: [ScrollWindow] = []
        for (start, count) in hours.sorted(by: { $0.key < $1.key }) where count > 0 {
            let lower = max(start, since ?? start)
            let end = sum(start, hour)
            let upper = min(end, until ?? end)
            if lower < upper { windows.append(ScrollWindow(times: lower..<upper, expectedDocuments: count)) }
        }
        if untimed > 0 { windows.append(ScrollWindow(times: nil, expectedDocuments: untimed)) }
        return windows
    }

    /// Whole hours around two times, one more on either side than would be needed if numbers of this type were exact.
    static func hours(around first: Double, _ last: Double) -> Range<Int64> {
        let (lower, upper) = (sum(floor(clamped(first)), -hour), sum(floor(clamped(last)), 2 * hour))
        return lower..<max(lower, upper)
    }

    private static func clamped(_ time: Double) -> Int64 {
        Int64(exactly: time.rounded()) ?? (time < 0 ? .min : .max)
    }

    /// The first or the last time there is where the sum is beyond. A window that ends with the last one holds that,
    /// too.
    static func sum(_ time: Int64, _ length: Int64) -> Int64 {
        let (sum, isBeyond) = time.addingReportingOverflow(length)
        return isBeyond ? (length < 0 ? .min : .max) : sum
    }

    /// Two halves at the edge of an hour, or nil when it is one hour already.
    static func halves(of times: Range<Int64>) -> (Range<Int64>, Range<Int64>)? {
        let count = times.upperBound / hour - times.lowerBound / hour
        guard count >= 2 else { return nil }
        let middle = times.lowerBound + count / 2 * hour
        return (times.lowerBound..<middle, middle..<times.upperBound)
    }

    static func floor(_ time: Int64) -> Int64 {
        let rest = time % hour
        return sum(time, -(rest < 0 ? rest + hour : rest))
    }
}

/// How a window with too many documents is split by time: pure.
enum WindowSplit {
    /// The interval of a histogram fine enough for parts of at most `limit` documents, if they come evenly: a divisor
    /// of an hour, in milliseconds; nil when time cannot split further.
    static func interval(of window: ScrollWindow, limit: Int) -> Int64? {
        guard let times = window.times, window.expectedDocuments > limit else { return nil }
        let length = times.upperBound - times.lowerBound
        guard length > 1 else { return nil }
        // Quarters of a part, so that neighbours can be put together to nearly full ones.
        let wanted = max(1, Double(length) * Double(limit) / Double(window.expectedDocuments) / 4)
        let steps: [Int64] = [600_000, 60_000, 10_000, 1_000, 100, 10, 1]
        // Not more buckets than a cluster allows by default, by far.
        let finest = length / 20_000
        let possible = steps.filter { $0 < length && $0 >= finest }
        return possible.first { Double($0) <= wanted } ?? possible.last
    }

    /// Neighbouring buckets put together to windows of at most `limit` documents, which together hold all times of
    /// `window`, so that documents that have come since are in one of them.
    ///
    /// - Parameter buckets: documents by the start of their interval.
    static func windows(of window: ScrollWindow, buckets: [Int64: Int], interval: Int64, limit: Int) -> [ScrollWindow] {
        guard let times = window.times else { return [window] }
        var parts: [ScrollWindow] = []
        var start = times.lowerBound
        var count = 0
        for (bucket, documents) in buckets.sorted(by: { $0.key < $1.key }) where bucket < times.upperBound {
            let edge = max(bucket, times.lowerBound)
            // Also before a bucket that is too large by itself: it could not be split further with what it stands in.
            if count > 0 || documents > limit, count + documents > limit, edge > start {
                parts.append(ScrollWindow(times: start..<edge, shard: window.shard, expectedDocuments: count))
                (start, count) = (edge, 0)
            }
            count += documents
            // A bucket that is too large by itself stands alone, to be split further.
            let end = min(WindowPlan.sum(bucket, interval), times.upperBound)
            if count > limit, end < times.upperBound {
                parts.append(ScrollWindow(times: start..<end, shard: window.shard, expectedDocuments: count))
                (start, count) = (end, 0)
            }
        }
        if start < times.upperBound {
            parts.append(
                ScrollWindow(times: start..<times.upperBound, shard: window.shard, expectedDocuments: count))
        }
        return parts
    }

    /// Windows without documents put together with their neighbours of the same hour: where a hot moment was cut out,
    /// much is left that holds nothing yet, and each window costs a scroll.
    static func joined(_ parts: [ScrollWindow], limit: Int) -> [ScrollWindow] {
        var joined: [ScrollWindow] = []
        for part in parts {
            guard let last = joined.last, let before = last.times, let times = part.times,
                before.upperBound == times.lowerBound,
                WindowPlan.floor(before.lowerBound) == WindowPlan.floor(times.lowerBound),
                last.shard == nil, part.shard == nil, last.expectedDocuments == 0 || part.expectedDocuments == 0,
                last.expectedDocuments + part.expectedDocuments <= limit
            else {
                joined.append(part)
                continue
            }
            joined[joined.count - 1] = ScrollWindow(
                times: before.lowerBound..<times.upperBound,
                expectedDocuments: last.expectedDocuments + part.expectedDocuments)
        }
        return joined
    }
}
