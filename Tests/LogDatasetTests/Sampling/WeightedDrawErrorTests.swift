import Synchronization
import Testing

@testable import LogDataset

@Suite struct WeightedDrawErrorTests {
    private func draw(_ table: ArrayTable, lines: DrawnLines = .all, samples: Int = 10) async throws -> WeightedDraw {
        try await WeightedDraw(
            from: table, weights: TableWeights(of: table, workers: 1),
            settings: DrawSettings(law: .coverage, lines: lines, samples: samples, seed: 0, epoch: 0))
    }

    @Test(arguments: [
        (DrawnLines.all, "There is no log to draw; check the query, the time range and the field."),
        (.fit, "No log is left to train on; read more logs."),
        (.heldOut, "No log is held out to take figures on; read more logs."),
    ])
    func anEmptyTableIsAnError(_ lines: DrawnLines, _ message: String) async {
        let error = await #expect(throws: DatasetError.self) { try await draw(ArrayTable([:]), lines: lines) }
        #expect(error?.code == .unusableSource)
        #expect(error?.message == message)
    }

    @Test(arguments: [0, -1, Int.max])
    func aNumberOfSamplesOutOfRangeIsAnError(_ samples: Int) async {
        let error = await #expect(throws: DatasetError.self) { try await draw(ArrayTable(["a": 1]), samples: samples) }
        #expect(error?.code == .invalidSetting)
        #expect(
            error?.message == "\(samples) samples cannot be drawn; give --samples a number from 1 to 2147483647.")
    }

    @Test(arguments: [((1 << 48) + 1, 0), (3, 4)] as [(UInt64, UInt64)])
    func impossibleCountsAreAnError(_ count: UInt64, _ heldOut: UInt64) async {
        let table = ArrayTable([("a", count, heldOut)])
        let error = await #expect(throws: DatasetError.self) { try await TableWeights(of: table, workers: 1) }
        #expect(error?.code == .corruptFile)
        #expect(
            error?.message
                == "The template table holds impossible counts (\(count) lines, \(heldOut) held out); collect it again."
        )
    }

    @Test func whatTheBodyThrowsComesOutAsItIs() async throws {
        struct Stop: Error {}
        let draw = try await draw(ArrayTable(["a": 1]))
        #expect(throws: Stop.self) { try draw.walk(undrawn: true) { _, _ in throw Stop() } }
    }

    @Test func aCancelledDrawSaysSo() async throws {
        let draw = try await draw(ArrayTable(["a": 1]))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await draw.templates(workers: 2)
        }
        let error = await #expect(throws: DatasetError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }
}

@Suite struct BoundedGroupTests {
    @Test(arguments: [1, 2])
    func neverMoreThanTheWorkersRunAtOnce(_ workers: Int) async throws {
        let running = Mutex((now: 0, most: 0))
        let results = try await BoundedGroup.map(200, workers: workers) { index, _ throws(DatasetError) in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            var key = UInt64(index)
            for _ in 0..<300 { key = Philox(key: key).bits64(1) }
            running.withLock { $0.now -= 1 }
            return (index, key)
        }
        #expect(results.map(\.0) == Array(0..<200))
        #expect(running.withLock { $0.most } <= workers)
    }

    @Test func theFirstFailureEndsTheWork() async {
        let started = Mutex(0)
        let error = await #expect(throws: DatasetError.self) {
            try await BoundedGroup.map(1_000, workers: 1) { index, _ throws(DatasetError) in
                started.withLock { $0 += 1 }
                if index == 3 { throw DatasetError(.corruptFile, "Broken at \(index).") }
            }
        }
        #expect(error?.message == "Broken at 3.")
        #expect(started.withLock { $0 } == 4)
    }

    @Test func noWorkAndNoWorkersAreAllowed() async throws {
        #expect(try await BoundedGroup.map(0, workers: 4) { index, _ throws(DatasetError) in index } == [])
        #expect(try await BoundedGroup.map(3, workers: 0) { index, _ throws(DatasetError) in index } == [0, 1, 2])
    }
}
