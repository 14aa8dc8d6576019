import Testing

@testable import OpenSearchScroll

@Suite("Splitting windows")
struct WindowSplitTests {
    private let hour: Int64 = 3_600_000

    @Test(
        "The interval follows from the number of documents",
        arguments: [
            (100_000, nil), (200_000, 60_000), (1_000_000, 60_000), (50_000_000, 1_000), (2_000_000_000, 1_000),
        ] as [(Int, Int64?)])
    func interval(documents: Int, interval: Int64?) {
        let window = ScrollWindow(times: 0..<hour, expectedDocuments: documents)
        #expect(WindowSplit.interval(of: window, limit: 128_000) == interval)
    }

    @Test("Time ends at a millisecond")
    func finest() {
        let window = ScrollWindow(times: 5..<6, expectedDocuments: 1_000)
        #expect(WindowSplit.interval(of: window, limit: 10) == nil)
        #expect(WindowSplit.interval(of: ScrollWindow(times: 5..<7, expectedDocuments: 1_000), limit: 10) == 1)
        #expect(WindowSplit.interval(of: ScrollWindow(times: nil, expectedDocuments: 1_000), limit: 10) == nil)
    }

    @Test("Parts hold all times of the window once, and not more documents than they may, but for single buckets")
    func parts() {
        var random = SeededRandom(state: 3)
        for _ in 0..<300 {
            let start = Int64.random(in: 0..<100, using: &random) * 1_000
            let times = start..<(start + Int64.random(in: 1...60, using: &random) * 1_000)
            var buckets: [Int64: Int] = [:]
            for _ in 0..<Int.random(in: 0..<50, using: &random) {
                let bucket = Int64.random(in: times.lowerBound / 1_000..<times.upperBound / 1_000, using: &random)
                buckets[bucket * 1_000] = Int.random(in: 1..<200, using: &random)
            }
            let window = ScrollWindow(times: times, expectedDocuments: buckets.values.reduce(0, +))
            let parts = WindowSplit.windows(of: window, buckets: buckets, interval: 1_000, limit: 250)
            #expect(parts.first?.times?.lowerBound == times.lowerBound)
            #expect(parts.last?.times?.upperBound == times.upperBound)
            for (part, next) in zip(parts, parts.dropFirst()) {
                #expect(part.times?.upperBound == next.times?.lowerBound)
            }
            for part in parts {
                let held = buckets.filter { part.times?.contains($0.key) ?? false }
                #expect(held.values.reduce(0, +) == part.expectedDocuments)
                #expect(part.expectedDocuments <= 250 || held.count == 1)
            }
        }
    }

    @Test("A moment with too many documents ends up alone, wherever in its hour it is")
    func hotMoment() {
        for moment in [Int64(0), 1, 1_234, 60_000, 1_799_999, 3_599_998, 3_599_999] {
            var window = ScrollWindow(times: 0..<hour, expectedDocuments: 5_000)
            while let interval = WindowSplit.interval(of: window, limit: 1_000) {
                let bucket = moment / interval * interval
                let parts = WindowSplit.windows(of: window, buckets: [bucket: 5_000], interval: interval, limit: 1_000)
                #expect(parts.count > 1, "\(moment) ms: nothing is split by \(interval) ms")
                guard parts.count > 1, let hot = parts.first(where: { $0.expectedDocuments > 0 }) else { break }
                window = hot
            }
            #expect(window.times == moment..<moment + 1)
        }
    }

    @Test("Windows without documents go to their neighbours, but not over an hour's edge or into what is cut by shard")
    func joined() {
        func window(_ times: Range<Int64>, _ documents: Int, shard: Int? = nil) -> ScrollWindow {
            ScrollWindow(times: times, shard: shard, expectedDocuments: documents)
        }
        let parts = [
            window(0..<10, 0), window(10..<20, 0), window(20..<21, 700, shard: 0), window(20..<21, 800, shard: 1),
            window(21..<30, 0), window(30..<40, 90), window(40..<50, 0), window(50..<60, 90), window(60..<61, 500),
            window(61..<hour, 0), window(hour..<2 * hour, 7), ScrollWindow(times: nil, expectedDocuments: 3),
        ]
        #expect(
            WindowSplit.joined(parts, limit: 100) == [
                window(0..<20, 0), parts[2], parts[3], window(21..<50, 90), parts[7], parts[8], parts[9], parts[10],
                parts[11],
            ])
    }

    @Test("What remains and what was read are everything, once, however either was cut")
    func remaining() {
        var random = SeededRandom(state: 11)
        for _ in 0..<500 {
            let read = cut(0..<100, using: &random).filter { _ in Bool.random(using: &random) }.flatMap {
                window -> [ScrollWindow] in
                // A single millisecond may have been read by shard, some of them.
                guard window.times.map({ $0.count == 1 }) ?? false, Bool.random(using: &random) else { return [window] }
                return (0..<3).filter { _ in Bool.random(using: &random) }.map {
                    ScrollWindow(times: window.times, shard: $0, expectedDocuments: 1)
                }
            }
            let plan = ScrollPlan(
                windows: cut(0..<100, using: &random), indices: [:], shards: 3, holes: [])
            let rest = plan.remaining(after: read).windows
            for time in Int64(0)..<100 {
                for shard in 0..<3 {
                    let holders = (read + rest).count { window in
                        (window.times?.contains(time) ?? false) && (window.shard ?? shard) == shard
                    }
                    #expect(holders == 1, "\(time) ms, shard \(shard)")
                }
            }
        }
    }

    private func cut(_ times: Range<Int64>, using random: inout SeededRandom) -> [ScrollWindow] {
        var windows: [ScrollWindow] = []
        var start = times.lowerBound
        while start < times.upperBound {
            let end = min(times.upperBound, start + Int64.random(in: 1...12, using: &random))
            windows.append(ScrollWindow(times: start..<end, expectedDocuments: Int(end - start)))
            start = end
        }
        return windows
    }

    @Test("Documents without a time: read, read by shard, not read")
    func untimed() {
        let untimed = ScrollWindow(times: nil, expectedDocuments: 9)
        let plan = ScrollPlan(windows: [untimed], indices: [:], shards: 3, holes: [])
        #expect(plan.remaining(after: []).windows == [untimed])
        #expect(plan.remaining(after: [ScrollWindow(times: 0..<5, expectedDocuments: 1)]).windows == [untimed])
        #expect(plan.remaining(after: [untimed]).windows == [])
        let one = ScrollWindow(times: nil, shard: 1, expectedDocuments: 3)
        #expect(plan.remaining(after: [one]).windows.map(\.shard) == [0, 2])
    }
}
