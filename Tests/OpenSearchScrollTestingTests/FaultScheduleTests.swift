import Testing

@testable import OpenSearchScrollTesting

/// Schedules as pure values, and as texts.
struct FaultScheduleTests {
    @Test func aSeedIsOneSchedule() {
        let schedule = FaultSchedule(seed: 7, rate: 0.3, kinds: FaultKind.allCases)
        let first = (0..<500).map { schedule.strike(.continueScroll, number: $0) }
        let again = (0..<500).reversed().map { schedule.strike(.continueScroll, number: $0) }
        #expect(first == Array(again.reversed()))
        let shuffled = FaultSchedule(seed: 7, rate: 0.3, kinds: FaultKind.allCases.reversed() + [.breaker])
        #expect(shuffled == schedule)
        let other = FaultSchedule(seed: 8, rate: 0.3, kinds: FaultKind.allCases)
        #expect((0..<500).map { other.strike(.continueScroll, number: $0) } != first)
        #expect((0..<500).map { schedule.strike(.openScroll, number: $0) } != first)
    }

    /// What a seed deals out today it deals out tomorrow, of the same kinds: runs are repeated by their seed.
    @Test func schedulesNeverChange() {
        let kinds: [FaultKind] = [.closeAfter, .cutBody, .lostContext, .breaker, .nodeLeft, .timedOut, .html]
        let schedule = FaultSchedule(seed: 7, rate: 0.5, kinds: kinds)
        let names = (0..<12).map { schedule.strike(.continueScroll, number: $0)?.kind.rawValue ?? "-" }
        #expect(names == Self.dealt, "\(names)")
    }

    static let dealt = [
        "close-after", "timed-out", "-", "html", "-", "node-left", "-", "-", "breaker", "close-after", "-", "-",
    ]

    @Test(arguments: [0, 0.01, 0.5, 1])
    func theRateIsTheShareOfRequests(_ rate: Double) {
        let schedule = FaultSchedule(seed: 3, rate: rate)
        let strikes = (0..<20_000).count { schedule.strike(.openScroll, number: $0) != nil }
        // Five standard deviations of a binomial count.
        #expect(abs(Double(strikes) - 20_000 * rate) <= 5 * (20_000 * rate * (1 - rate)).squareRoot())
    }

    @Test(arguments: RequestKind.allCases)
    func kindsStrikeOnlyWhatTheyCan(_ request: RequestKind) {
        let schedule = FaultSchedule(seed: 1, rate: 1, kinds: FaultKind.allCases)
        let dealt = Set((0..<2000).compactMap { schedule.strike(request, number: $0)?.kind })
        #expect(dealt == Set(FaultKind.allCases.filter { $0.requests.contains(request) }))
    }

    @Test func everyKindCanStrike() {
        for kind in FaultKind.allCases { #expect(!kind.requests.isEmpty) }
        let left = Set(FaultKind.allCases).subtracting(FaultSchedule(rate: 1).kinds)
        #expect(left == [.mutate, .unauthorized])
    }

    @Test func textsAndBack() throws {
        let schedule = try FaultSchedule("rate=0.01,seed=7,kinds=lost-context+cut-body")
        #expect(schedule == FaultSchedule(seed: 7, rate: 0.01, kinds: [.cutBody, .lostContext]))
        #expect(schedule.description == "rate=0.01,seed=7,kinds=cut-body+lost-context")
        #expect(try FaultSchedule("rate=1") == FaultSchedule(rate: 1))
        let all = FaultSchedule(seed: .max, rate: 0.125, kinds: FaultKind.allCases)
        #expect(try FaultSchedule(all.description) == all)
    }

    @Test(
        arguments: [
            ("", " is none of rate=SHARE, seed=N and kinds=KIND+KIND…"),
            ("seed=7", "rate=SHARE is missing, the share of requests that go wrong"),
            ("rate=2", "rate=2 is no share of requests from 0 to 1"),
            ("rate=nan", "rate=nan is no share of requests from 0 to 1"),
            ("rate=0.1,seed=-1", "seed=-1 is no whole number from 0 to 18446744073709551615"),
            ("rate=0.1,speed=3", "speed=3 is none of rate=SHARE, seed=N and kinds=KIND+KIND…"),
            ("rate=0.1,", " is none of rate=SHARE, seed=N and kinds=KIND+KIND…"),
            (
                "rate=0.1,kinds=cut",
                "cut is no kind of fault; the kinds are "
                    + FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
            ),
        ])
    func whatIsNoSchedule(_ text: String, _ message: String) {
        let error = #expect(throws: OpenSearchServerError.self) { try FaultSchedule(text) }
        #expect(error?.code == .badFaults)
        #expect(error?.message == message)
    }
}
