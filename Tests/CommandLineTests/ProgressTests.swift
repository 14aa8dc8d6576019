import LogDataset
import Testing

@testable import opnilog_train

@Suite("Progress")
struct ProgressTests {
    private var state: ProgressState {
        var state = ProgressState(stage: "reading", unit: "documents", done: 1_200_000, total: 10_000_000)
        state.bytes = 3 << 30
        state.seconds = 60
        state.resident = 300 << 20
        return state
    }

    @Test("a line for people")
    func plain() {
        #expect(
            ProgressLine.plain(state)
                == "reading  1,200,000 of 10,000,000 documents  12%  3.0 GiB  20,000 documents/s  7 min 20 s left  "
                + "memory 300 MiB")
        var other = state
        other.total = nil
        other.stalls = [
            .init(stall: .readingForMasking, seconds: 3.2), .init(stall: .maskingForReading, seconds: 0.2),
            .init(stall: .trainingForBatches, seconds: 61),
        ]
        other.notes = [.init(name: "loss", value: 1.2345, places: 3)]
        #expect(
            ProgressLine.plain(other)
                == "reading  1,200,000 documents  3.0 GiB  20,000 documents/s  loss 1.235  "
                + "waited: reading for masking 3 s, training for batches 1 min 01 s  memory 300 MiB")
    }

    @Test("what an earlier run did is no part of the rate")
    func before() {
        var state = state
        state.doneBefore = 600_000
        #expect(state.rate == 10_000)
        #expect(state.remaining == 880)
    }

    @Test("a stage that goes on begins with what was done, without a rate")
    func goesOn() {
        var state = ProgressState(stage: "training", unit: "steps", done: 46, doneBefore: 46, total: 60)
        state.seconds = 0.5
        #expect(ProgressLine.plain(state) == "training  46 of 60 steps  76%  memory 0 B")
        #expect(state.remaining == nil)
    }

    @Test("at the start nothing is divided by zero")
    func start() {
        let state = ProgressState(stage: "training", unit: "steps", total: 100)
        #expect(ProgressLine.plain(state) == "training  0 of 100 steps  0%  memory 0 B")
        #expect(state.remaining == nil)
    }

    @Test("more than was expected is no more than the whole")
    func beyond() {
        var state = state
        state.done = 11_000_000
        #expect(ProgressLine.plain(state).contains("  100%  "))
        #expect(state.remaining == nil)
    }

    @Test("a live line is cut to the terminal", arguments: [30, 80, 200])
    func live(columns: Int) {
        let text = ProgressLine.live(state, columns: columns)
        #expect(text.hasPrefix("\r\u{1B}[Kreading"))
        #expect(text.count - 4 < columns)
    }

    @Test("a line for machines")
    func json() {
        var state = state
        state.notes = [.init(name: "loss", value: 0.5, places: 4)]
        state.stalls = [.init(stall: .maskingForReading, seconds: 0.25)]
        #expect(
            ProgressLine.json(state)
                == #"{"event":"progress","stage":"reading","unit":"documents","done":1200000,"total":10000000,"#
                + #""bytes":3221225472,"seconds":60.0,"remainingSeconds":440.0,"loss":0.5000,"stalls":{"maskingForReading":0.3},"#
                + #""residentBytes":314572800}"#)
    }

    @Test("JSON strings")
    func strings() {
        #expect(JSONText.string("a\"b\\c\n\t\r\u{1}\u{7F}é\u{1F600}") == #""a\"b\\c\n\t\r\u0001\u007fé😀""#)
    }

    @Test("resident memory is read")
    func memory() {
        #expect(ProcessMemory.residentPages("5210 1234 800 10 0 300 0\n") == 1234)
        #expect(ProcessMemory.residentPages("") == 0)
        #expect(ProcessMemory.resident() > 1_000_000)
        #expect(ProcessMemory.peakKibibytes("Name:\tx\nVmHWM:\t   13824 kB\nVmRSS:\t 12 kB\n") == 13_824)
        #expect(ProcessMemory.peakKibibytes("") == 0)
        #expect(ProcessMemory.peak() >= ProcessMemory.resident() / 2)
    }
}
