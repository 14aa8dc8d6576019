import Synchronization
import Testing

@testable import OpenSearchScroll

@Suite("How many scrolls are open", .timeLimit(.minutes(30)))
struct OpeningGateTests {
    private final class Arrivals: Sendable {
        private let names = Mutex<[String]>([])
        var all: [String] { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    /// Long enough for whoever may go on.
    private func settle() async { for _ in 0..<200 { await Task.yield() } }

    @Test("Who waits goes on when a scroll is at its end, not again when that is cleared")
    func early() async {
        let gate = OpeningGate()
        gate.allow(1)
        let arrivals = Arrivals()
        let first = await gate.enter()
        async let second: Void = {
            let place = await gate.enter()
            arrivals.add("second")
            await settle()
            #expect(arrivals.all == ["second"])
            place.leave()
        }()
        async let third: Void = {
            while arrivals.all.isEmpty { await Task.yield() }
            let place = await gate.enter()
            arrivals.add("third")
            place.leave()
        }()
        await settle()
        #expect(arrivals.all.isEmpty)
        #expect(first.leaveEarly() && !first.leaveEarly())
        while arrivals.all.isEmpty { await Task.yield() }
        first.leave()
        first.leave()
        _ = await (second, third)
        #expect(arrivals.all == ["second", "third"])
    }

    @Test("Only one scroll at a time is open beyond what is allowed")
    func onlyOneLingers() async {
        let gate = OpeningGate()
        gate.allow(2)
        let (first, second) = (await gate.enter(), await gate.enter())
        #expect(first.leaveEarly() && !second.leaveEarly())
        first.leave()
        #expect(second.leaveEarly())
        second.leave()
    }

    @Test("Where the server has refused a scroll none is left early, and those that had been count as open")
    func refused() async {
        let gate = OpeningGate()
        gate.allow(2)
        let (first, second) = (await gate.enter(), await gate.enter())
        #expect(first.leaveEarly())
        let third = await gate.enter()
        // Three are open, so there is room for two.
        gate.refused()
        #expect(!second.leaveEarly())
        second.leave()
        let fourth = await gate.enter()
        for place in [first, third, fourth] { place.leave() }
    }

    @Test("Where one only is allowed, a refusal ends leaving early for good")
    func refusedTheOnlyOne() async {
        let gate = OpeningGate()
        gate.allow(1)
        let place = await gate.enter()
        gate.refused()
        for _ in 0..<20 { gate.succeeded() }
        #expect(!place.leaveEarly())
        place.leave()
    }

    @Test("A wait that is limited ends, above what is allowed; a cancelled one at once")
    func limited() async {
        let gate = OpeningGate()
        gate.allow(1)
        let places = [await gate.enter(), await gate.enter(waitingAtMost: .milliseconds(1))]
        for place in places { place.leave() }
        let patient = OpeningGate()
        patient.allow(1)
        let held = await patient.enter()
        let waiting = Task { await patient.enter().leave() }
        waiting.cancel()
        await waiting.value
        held.leave()
    }
}
