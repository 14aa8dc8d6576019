import Testing

@testable import OpenSearchScroll

@Suite("Extraction ledger")
struct ExtractionLedgerTests {
    private typealias Windows = StretchSetTests

    private let windows = (0..<6).map { StretchSetTests.window($0) }
    private var plan: ScrollPlan { StretchSetTests.plan(windows) }

    private func extent(_ documents: Int) -> ExtractionLedger.Extent {
        var extent = ExtractionLedger.Extent()
        extent.add(bytes: documents * 100, documents: documents, digest: IDDigest())
        return extent
    }

    @Test("A window is committed when it was read whole and all of it is written, whichever comes last")
    func commits() {
        var ledger = ExtractionLedger(plan)
        var steps = [
            ledger.wrote(windows[0], extent(4), indices: ["logs": 4]), ledger.finished(Windows.report(windows[0])),
        ]
        #expect(steps == [false, false] && ledger.stretches.isEmpty && ledger.scanFrom == 0)
        steps = [
            ledger.wrote(windows[0], extent(6), indices: ["logs": 6]),
            ledger.wrote(windows[1], extent(10), indices: ["logs": 10]),
        ]
        #expect(steps == [true, false] && ledger.scanFrom == 1000)
        steps = [ledger.finished(Windows.report(windows[1]))]
        #expect(steps == [true])
        #expect(ledger.stretches.count == 1 && ledger.scanFrom == 2000 && ledger.end.documents == 20)
        #expect(ledger.indices == ["logs": 20])
        steps = [ledger.finished(Windows.report(windows[2], delivered: 0))]
        #expect(steps == [true], "an empty window has nothing to wait for")
    }

    @Test("The place to look from is where the first window that is not committed began")
    func place() {
        var ledger = ExtractionLedger(plan)
        _ = ledger.wrote(windows[0], extent(5), indices: ["logs": 5])
        _ = ledger.wrote(windows[1], extent(10), indices: ["logs": 10])
        _ = ledger.finished(Windows.report(windows[1]))
        #expect(ledger.scanFrom == 0 && ledger.stretches.first?.start == 500)
        _ = ledger.wrote(windows[0], extent(5), indices: ["logs": 5])
        _ = ledger.finished(Windows.report(windows[0]))
        #expect(ledger.scanFrom == 2000)
    }

    @Test("After a crash the old place counts until all that an earlier run left has been found again")
    func goesOn() {
        var end = extent(25)
        end.add(bytes: 50, documents: 0, digest: IDDigest())
        let read = [ScrollStretch(Windows.report(windows[0]))]
        var ledger = ExtractionLedger(
            StretchSetTests.plan(Array(windows[1...])), end: end, read: read, indices: ["logs": 25], scanFrom: 700)
        #expect(ledger.scanFrom == 700)
        // 7 of 10 stand in the file already.
        let steps = [
            ledger.finished(Windows.report(windows[2], earlier: 7)),
            ledger.wrote(windows[2], extent(3), indices: ["logs": 3]),
        ]
        #expect(steps == [false, true])
        #expect(ledger.scanFrom == 700 && ledger.stretches.last?.start == 700)
        _ = ledger.finished(Windows.report(windows[1], delivered: 8, earlier: 8))
        #expect(ledger.scanFrom == ledger.end.bytes, "all 15 have been found")
        #expect(ledger.stretches.count == 1 && ledger.stretches.first?.delivered == 28)
        #expect(ledger.indices == ["logs": 28])
    }

    @Test("Of too many stretches those begun last are left out, and are looked for again")
    func bounded() {
        var ledger = ExtractionLedger(plan)
        for number in [0, 2, 4] {
            _ = ledger.wrote(windows[number], extent(10), indices: ["logs": 10])
            _ = ledger.finished(Windows.report(windows[number]))
        }
        #expect(ledger.bounded(to: 3).stretches.count == 3 && ledger.bounded(to: 3).scanFrom == 3000)
        let two = ledger.bounded(to: 2)
        #expect(two.stretches.map(\.times) == [windows[0].times, windows[2].times] && two.scanFrom == 2000)
    }
}
