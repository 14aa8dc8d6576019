import FoundationEssentials
import Testing

@testable import OpenSearchScroll

@Suite("Stretches of windows")
struct StretchSetTests {
    static let hour: Int64 = 3_600_000

    static func plan(_ windows: [ScrollWindow]) -> ScrollPlan {
        ScrollPlan(windows: windows, indices: [:], shards: 3, holes: [])
    }

    static func window(_ hour: Int64?, shard: Int? = nil) -> ScrollWindow {
        ScrollWindow(
            times: hour.map { $0 * Self.hour..<($0 + 1) * Self.hour }, shard: shard, expectedDocuments: 10)
    }

    static func report(_ window: ScrollWindow, delivered: Int = 10, earlier: Int = 0) -> WindowReport {
        var digest = IDDigest()
        digest.add(DocumentID(high: 1, low: UInt64(delivered)))
        return WindowReport(
            window: window, total: delivered, delivered: delivered, deliveredEarlier: earlier, digest: digest,
            indices: ["logs": delivered], scrolls: 1, retries: 2)
    }

    private func set(_ plan: [ScrollWindow], read: [ScrollWindow]) -> StretchSet {
        var set = StretchSet(Self.plan(plan))
        for window in read { set.insert(ScrollStretch(Self.report(window))) }
        return set
    }

    @Test("Where a plan could not see all, windows are not put together over a time of which it knows nothing")
    func partialPlan() {
        for holes in [[], [ScrollHole(reason: "a shard is missing")]] {
            var plan = Self.plan([Self.window(0), Self.window(1), Self.window(3)])
            plan.holes = holes
            var set = StretchSet(plan)
            for window in plan.windows { set.insert(ScrollStretch(Self.report(window))) }
            #expect(set.stretches.count == (holes.isEmpty ? 1 : 2))
        }
    }

    @Test("However the windows of a plan are read, in the end they are one stretch, and never overlap")
    func anyOrder() {
        var random = SeededRandom(state: 3)
        for _ in 0..<50 {
            var windows = (Int64(0)..<40).flatMap { hour -> [ScrollWindow] in
                if Int.random(in: 0..<4, using: &random) == 0 { return [] }
                let isSplit = Int.random(in: 0..<3, using: &random) == 0
                return isSplit ? (0..<3).map { Self.window(hour, shard: $0) } : [Self.window(hour)]
            }
            let count = windows.count
            let plan = windows
            windows.shuffle(using: &random)
            var set = StretchSet(Self.plan(plan))
            for (number, window) in windows.enumerated() {
                set.insert(ScrollStretch(Self.report(window)))
                #expect(set.stretches.reduce(0) { $0 + $1.windows } == number + 1)
                // What is not among the stretches is what remains.
                let left = Self.plan(plan).remaining(after: set.stretches.flatMap(\.asWindows)).windows
                #expect(left.count == count - number - 1)
            }
            #expect(set.stretches.count == 1)
            #expect(set.stretches.first?.delivered == count * 10 && set.stretches.first?.retries == count * 2)
        }
    }

    @Test("Neighbours with a window between them that is to be read stay apart; with an empty time they do not")
    func gaps() {
        let plan = [0, 1, 2, 5].map { Self.window($0) }
        #expect(set(plan, read: [plan[0], plan[2]]).stretches.count == 2)
        #expect(set(plan, read: [plan[2], plan[3]]).stretches.map(\.times) == [2 * Self.hour..<6 * Self.hour])
        #expect(set(plan, read: [plan[0], plan[2], plan[1]]).stretches.count == 1)
    }

    @Test("Shards become the whole window when all of them have been read; the documents without a time stay apart")
    func shards() {
        let plan =
            [Self.window(0)] + (0..<3).map { Self.window(1, shard: $0) } + (0..<3).map { Self.window(nil, shard: $0) }
        let two = set(plan, read: [plan[0], plan[2], plan[3]]).stretches
        #expect(two.map(\.shards) == [nil, 1..<3])
        #expect(two.last?.asWindows.compactMap(\.shard) == [1, 2])
        let all = set(plan, read: plan.reversed()).stretches
        #expect(all.map(\.shards) == [nil, nil])
        #expect(all.map(\.times) == [0..<2 * Self.hour, nil])
        #expect(all.map(\.windows) == [4, 3])
    }

    @Test("A stretch reads back as it was written")
    func coding() throws {
        let plan = [Self.window(3), Self.window(nil, shard: 2)]
        for window in plan {
            let stretch = ScrollStretch(Self.report(window), start: 77)
            #expect(try JSONDecoder().decode(ScrollStretch.self, from: JSONEncoder().encode(stretch)) == stretch)
        }
        let bad = Data(#"[5,4,null,null,1,1,1,"00000000000000000000000000000000",1,0,0]"#.utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(ScrollStretch.self, from: bad) }
    }
}
