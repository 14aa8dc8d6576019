import Glibc
import Synchronization
import Testing

@testable import OpniLogTraining

/// The queue on libtorch's thread, without libtorch.
@Suite(.timeLimit(.minutes(30)))
struct ScoringQueueTests {
    private final class Log: Sendable {
        let batches = Mutex<[Int]>([])
    }

    private func items(_ names: [String]) -> [ScoringItem] {
        names.map { ScoringItem(text: MaskedText($0), tokens: [1] + $0.utf8.map { Int32($0) }) }
    }

    private func queue(_ log: Log) -> ScoringQueue {
        ScoringQueue(limit: 1 << 20) { items throws(TrainingError) in
            log.batches.withLock { $0.append(items.count) }
            if items.contains(where: { $0.text == MaskedText("bad") }) { throw TrainingError(.failed, "odd") }
            return items.map { Judgement(score: 0.5, ranks: Array($0.tokens.dropFirst())) }
        }
    }

    @Test func manyCallsComputeEachTextOnce() async throws {
        let log = Log()
        let queue = queue(log)
        let names = (0..<1000).map { "t\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in 0..<20 {
                group.addTask {
                    let own = (0..<500).map { names[(start * 37 + $0) % 1000] }
                    let judged = try await queue.judge(items(own))
                    #expect(judged.map(\.ranks) == own.map { $0.utf8.map { Int32($0) } })
                }
            }
            try await group.waitForAll()
        }
        let batches = log.batches.withLock { $0 }
        #expect(batches.reduce(0, +) == 1000)
        #expect(batches.allSatisfy { $0 <= ScoringQueue.batch })
    }

    @Test func anErrorIsThrownAndTheQueueGoesOn() async throws {
        let queue = queue(Log())
        let error = await #expect(throws: TrainingError.self) { try await queue.judge(items(["bad", "x"])) }
        #expect(error?.code == .failed)
        #expect(try await queue.judge(items(["x"])).count == 1)
    }

    @Test func aCancelledTaskThrows() async throws {
        let queue = queue(Log())
        let error = await #expect(throws: TrainingError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask { _ = try await queue.judge(items(["a"])) }
                try await group.waitForAll()
            }
        }
        #expect(error?.code == .cancelled)
    }

    @Test func aCallThatWaitsIsCancelledAloneAndAtOnce() async throws {
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        var door: [CInt] = [0, 0]
        try #require(pipe(&door) == 0)
        let (waits, opens) = (door[0], door[1])
        defer { for end in [waits, opens] { close(end) } }
        let queue = ScoringQueue(limit: 1 << 20) { items throws(TrainingError) in
            begins.yield()
            var byte: UInt8 = 0
            _ = read(waits, &byte, 1)
            return items.map { _ in Judgement(score: 0.5, ranks: []) }
        }
        let hasty = Task { try await queue.judge(items(["b", "c"])) }
        for await _ in begun { break }
        let patient = Task { try await queue.judge(items(["a", "b"])) }
        hasty.cancel()
        // While the computation still goes on.
        let error = await #expect(throws: TrainingError.self) { try await hasty.value }
        #expect(error?.code == .cancelled)
        // One for each batch that there may be.
        #expect(write(opens, [0, 0, 0], 3) == 3)
        #expect(try await patient.value.count == 2)
    }
}
