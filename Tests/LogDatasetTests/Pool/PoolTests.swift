import Synchronization
import Testing

@testable import LogDataset

@Suite struct WorkerPoolTests {
    /// Counts how many jobs run at once.
    private final class Gauge: Sendable {
        private let running = Atomic<Int>(0)
        private let highest = Atomic<Int>(0)

        var most: Int { highest.load(ordering: .relaxed) }

        func measure<R>(_ body: () -> R) -> R {
            highest.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
            defer { running.subtract(1, ordering: .relaxed) }
            return body()
        }
    }

    @Test(.timeLimit(.minutes(30)), arguments: [1, 3, 8])
    func neverMoreJobsAtOnceThanWorkersAndAllOfThemRun(count: Int) async throws {
        let gauge = Gauge()
        let sum = try await withWorkerPool(count: count) { pool throws(DatasetError) in
            await withTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        (try? await pool.run { _ throws(DatasetError) in gauge.measure { number } }) ?? -1_000_000
                    }
                }
                return await group.reduce(0, +)
            }
        }
        #expect(sum == 199 * 200 / 2)
        #expect((1...count).contains(gauge.most))
    }

    @Test func aJobsErrorReachesTheCallerAndTheWorkerGoesOn() async throws {
        let value = try await withWorkerPool(count: 1) { pool throws(DatasetError) in
            await #expect(throws: DatasetError.self) {
                try await pool.run { _ throws(DatasetError) in throw .cancelled() }
            }
            return try await pool.run { _ throws(DatasetError) in 42 }
        }
        #expect(value == 42)
    }
}

@Suite struct ByteGateTests {
    @Test func theGateLetsInWhatFitsAndWakesInOrder() {
        var gate = ByteGateState<String>(limit: 10)
        #expect(gate.enter(6, id: gate.makeID(), waiter: "a") == true)
        #expect(gate.enter(4, id: gate.makeID(), waiter: "b") == true)
        #expect(gate.enter(1, id: gate.makeID(), waiter: "c") == nil)
        #expect(gate.enter(9, id: gate.makeID(), waiter: "d") == nil)
        #expect(gate.leave(4) == ["c"])
        #expect(gate.leave(6) == ["d"])
        #expect(gate.leave(1) == [])
    }

    @Test func aFullGateOpensAtTheLowWatermark() {
        var gate = ByteGateState<String>(limit: 100, low: 50)
        #expect(gate.enter(60, id: gate.makeID(), waiter: "a") == true)
        #expect(gate.enter(40, id: gate.makeID(), waiter: "b") == true)
        #expect(gate.enter(10, id: gate.makeID(), waiter: "c") == nil)
        #expect(gate.enter(20, id: gate.makeID(), waiter: "d") == nil)
        #expect(gate.enter(90, id: gate.makeID(), waiter: "e") == nil)
        #expect(gate.leave(20) == [])
        #expect(gate.leave(20) == [])
        #expect(gate.leave(10) == ["c", "d"])
        #expect(gate.leave(80) == ["e"])
        // Not full: whoever fits comes in at once, above the low watermark too.
        #expect(gate.leave(90) == [])
        #expect(gate.enter(70, id: gate.makeID(), waiter: "f") == true)
        #expect(gate.enter(30, id: gate.makeID(), waiter: "g") == true)
    }

    /// Whatever comes, goes and is cancelled in whatever order: never more than the limit is inside unless it is one
    /// alone, nobody is forgotten, and the order is kept.
    @Test(arguments: 0..<20) func watermarksHoldInAnyOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let limit = 100
        var gate = ByteGateState<Int>(limit: limit, low: Int.random(in: 0...limit, using: &generator))
        var bytes: [Int] = []
        var inside: Set<Int> = []
        var waiting: [Int] = []
        func admit(_ numbers: [Int]) {
            #expect(Array(waiting.prefix(numbers.count)) == numbers)
            waiting.removeFirst(numbers.count)
            inside.formUnion(numbers)
        }
        for _ in 0..<2_000 {
            if Bool.random(using: &generator) || inside.isEmpty && waiting.isEmpty {
                let number = bytes.count
                bytes.append(Int.random(in: 1...130, using: &generator))
                if gate.enter(bytes[number], id: gate.makeID(), waiter: number) == true {
                    #expect(waiting.isEmpty)
                    inside.insert(number)
                } else {
                    waiting.append(number)
                }
            } else if let leaving = inside.min() {
                inside.remove(leaving)
                admit(gate.leave(bytes[leaving]))
            }
            let used = inside.reduce(0) { $0 + bytes[$1] }
            #expect(used <= limit || inside.count == 1)
            #expect(waiting.isEmpty || !inside.isEmpty)
        }
    }

    @Test func whatIsLargerThanTheBudgetGoesThroughAlone() {
        var gate = ByteGateState<String>(limit: 10)
        #expect(gate.enter(25, id: gate.makeID(), waiter: "large") == true)
        #expect(gate.enter(1, id: gate.makeID(), waiter: "small") == nil)
        #expect(gate.leave(25) == ["small"])
    }

    @Test func aCancelledWaiterIsHandedBackOnceAndBlocksNobody() {
        var gate = ByteGateState<String>(limit: 10)
        #expect(gate.enter(10, id: gate.makeID(), waiter: "a") == true)
        let second = gate.makeID()
        #expect(gate.enter(10, id: second, waiter: "b") == nil)
        #expect(gate.enter(3, id: gate.makeID(), waiter: "c") == nil)
        #expect(gate.cancel(second) == "b")
        #expect(gate.leave(10) == ["c"])
        let early = gate.makeID()
        #expect(gate.cancel(early) == nil)
        #expect(gate.enter(1, id: early, waiter: "late") == false)
    }
}

@Suite struct MemoryBudgetTests {
    @Test func thePartsFitTogether() {
        for total in [64 << 20, 384 << 20, 2 << 30, 64 << 30] {
            let budget = MemoryBudget(total: total)
            #expect(budget.pages + budget.tables <= budget.total * 3 / 4)
            #expect(budget.mergeFanIn >= 2)
            #expect(budget.mergeFanIn * 4 * RecordBlock.target <= budget.total / 2)
        }
        #expect(MemoryBudget(total: 1).total == MemoryBudget.minimum)
    }
}
