import Testing

@testable import LogGenerator

/// Properties of the logs as a sequence.
struct SequenceTests {
    @Test func aLogDependsOnSeedAndIndexAlone() {
        let generator = LogGenerator(seed: 5)
        let forwards = (0..<500 as Range<UInt64>).map { generator.log(at: $0) }
        let again = LogGenerator(seed: 5)
        for index in stride(from: 499, through: 0, by: -1) {
            #expect(again.log(at: UInt64(index)) == forwards[index])
        }
    }

    /// The very texts, so that a change of the generator is noticed: figures of earlier runs would no longer compare.
    @Test func knownLogs() {
        let generator = LogGenerator(seed: 0)
        let trace = """
            2026-11-24T10:00:00.000Z ERROR [consumer-271] o.a.elector: encoded compressed transaction during conflict of pod
            java.lang.IllegalStateException: conflict
            \tat org.acme.elector.apply(Worker.java:480)
            \tat java.lang.Thread.run(Thread.java:597)
            """
        #expect(generator.log(at: 0) == trace)
        let watch =
            "I1124 10:00:00.003543       1 reflector.go:30] informers/factory.go:966: Watch close - *v1.ConfigMap "
            + "total 104292 items received"
        #expect(generator.log(at: 3) == watch)
    }

    @Test func seedsAreDifferentSamples() {
        let (one, other) = (LogGenerator(seed: 1), LogGenerator(seed: 2))
        let same = (0..<2000 as Range<UInt64>).count { one.log(at: $0) == other.log(at: $0) }
        #expect(same == 0)
    }

    @Test func appendsWithoutTouchingWhatIsThere() {
        var buffer = Array("before".utf8)
        LogGenerator().append(at: 9, to: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self) == "before" + LogGenerator().log(at: 9))
    }

    @Test func anyIndexGivesALog() {
        let generator = LogGenerator(seed: .max)
        for index in [0, 1, 1 << 32, 999_999_999_999, UInt64.max] {
            #expect(generator.log(at: index).utf8.count > 20)
        }
    }

    @Test func someLogsHoldNewlinesAndNoneEndsInOne() {
        let logs = (0..<5000 as Range<UInt64>).map { LogGenerator().log(at: $0) }
        let several = logs.count { $0.contains("\n") }
        #expect(several > 150 && several < 750)
        #expect(!logs.contains { $0.hasSuffix("\n") })
        #expect(logs.allSatisfy { log in log.utf8.allSatisfy { $0 >= 32 && $0 < 127 || $0 == 10 || $0 == 9 } })
    }

    @Test(arguments: [
        "I1124 ", "W1124 ", "E1124 ", "{\"level\":\"", "time=\"2026-", "10.", "2026-11-24T", "level=info", "[INFO] ",
    ])
    func allKindsOccur(start: String) {
        #expect((0..<5000 as Range<UInt64>).contains { LogGenerator().log(at: $0).hasPrefix(start) })
    }

    @Test func aThirdIsTail() {
        var random = RandomBits(state: 1)
        let tail = (0..<100_000).count { _ in
            UInt32(truncatingIfNeeded: random.next()) < LogGenerator.tailThreshold
        }
        // Five standard deviations about a third.
        #expect(abs(tail - 33_333) < 750)
    }

    /// Dates roll over months and years as the calendar does.
    @Test(
        arguments: [
            (0, 0, "2026-11-24T10:00:00.000Z"), (7, 0, "2026-12-01T10:00:00.000Z"), (38, 0, "2027-01-01T10:00:00.000Z"),
            (462, 1, "2028-02-29T10:00:00.001Z"),
        ] as [(UInt64, UInt64, String)])
    func dates(days: UInt64, milliseconds: UInt64, text: String) {
        var buffer: [UInt8] = []
        LogFields(index: days * 86_400_000 + milliseconds).appendISOTime(to: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self) == text)
    }
}
