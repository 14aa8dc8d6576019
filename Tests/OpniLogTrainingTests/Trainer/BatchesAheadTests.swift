import LogDataset
import Synchronization
import Testing

@testable import OpniLogTraining

@Suite(.timeLimit(.minutes(30)))
struct BatchesAheadTests {
    /// Makes batches, and says so.
    private final class Factory: Sendable {
        private let made = Mutex(0)
        private let stream = AsyncStream.makeStream(of: Int.self)

        var count: Int { made.withLock { $0 } }
        var events: AsyncStream<Int> { stream.stream }

        func make() -> Batch {
            let number = made.withLock { made in
                made += 1
                return made
            }
            stream.continuation.yield(number)
            return Samples.batch(lengths: [3], words: 24, seed: UInt64(number))
        }
    }

    private func batch(_ number: Int) -> Batch { Samples.batch(lengths: [3], words: 24, seed: UInt64(number)) }

    @Test func theNextOneIsMadeUnaskedAndNoneBeyondIt() async throws {
        let factory = Factory()
        let ahead = BatchesAhead { () async throws(DatasetError) in factory.make() }
        var events = factory.events.makeAsyncIterator()
        for number in 1...20 {
            #expect(try await ahead.next() == batch(number))
            // Ends only if the next one is made without being asked for.
            while await events.next() != number + 1 {}
            #expect(factory.count == number + 1)
        }
    }

    @Test func theFirstOneIsMadeBeforeItIsAskedFor() async throws {
        let factory = Factory()
        let ahead = BatchesAhead { () async throws(DatasetError) in factory.make() }
        var events = factory.events.makeAsyncIterator()
        #expect(await events.next() == 1)
        #expect(factory.count == 1)
        #expect(try await ahead.next() == batch(1))
    }

    @Test func theyComeInOrderAndEnd() async throws {
        let all = (0..<100).map { batch($0) }
        let ahead = BatchesAhead(Samples.batches(all))
        var taken: [Batch] = []
        while let batch = try await ahead.next() { taken.append(batch) }
        #expect(taken == all)
        #expect(try await ahead.next() == nil)
    }

    @Test func anErrorIsThrownInItsTurn() async throws {
        let made = Mutex(0)
        let ahead = BatchesAhead { () async throws(DatasetError) in
            let number = made.withLock { made in
                made += 1
                return made
            }
            if number == 2 { throw DatasetError(.corruptFile, "odd") }
            return Samples.batch(lengths: [3], words: 24)
        }
        _ = try await ahead.next()
        let error = await #expect(throws: DatasetError.self) { _ = try await ahead.next() }
        #expect(error?.code == .corruptFile)
    }

    @Test func aTaskThatIsCancelledWaitsNoLonger() async throws {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            let ahead = BatchesAhead { () async throws(DatasetError) in
                begin.yield()
                // Ends by cancellation alone.
                for await _ in AsyncStream<Never>(unfolding: { await Self.never() }) {}
                throw DatasetError(.cancelled, "cancelled")
            }
            return try await ahead.next()
        }
        for await _ in begun { break }
        task.cancel()
        await #expect(throws: DatasetError.self) { _ = try await task.value }
    }

    /// Waits until its task is cancelled.
    private static func never() async -> Never? {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        defer { continuation.finish() }
        for await _ in stream {}
        return nil
    }
}
