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
            let upper = min(start + hour, until ?? start + hour)
            if lower < upper { windows.append(ScrollWindow(times: lower..<upper, expectedDocuments: count)) }
        }
        if untimed > 0 { windows.append(ScrollWindow(times: nil, expectedDocuments: untimed)) }
        return windows
    }

    /// The whole hours around two times.
    static func hours(around first: Int64, _ last: Int64) -> Range<Int64> {
        floor(first)..<(floor(last) + hour)
    }

    /// Two halves at the edge of an hour, or nil when it is one hour already.
    static func halves(of times: Range<Int64>) -> (Range<Int64>, Range<Int64>)? {
        let count = (times.upperBound - times.lowerBound) / hour
        guard count >= 2 else { return nil }
        let middle = times.lowerBound + count / 2 * hour
        return (times.lowerBound..<middle, middle..<times.upperBound)
    }

    private static func floor(_ time: Int64) -> Int64 {
        let rest = time % hour
        return time - (rest < 0 ? rest + hour : rest)
    }
}
