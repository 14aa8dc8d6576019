import Testing

@testable import LogDataset
@testable import OpenSearchScroll

@Suite("Hours of an earlier run")
struct HourComparisonTests {
    private func planned(_ windows: ScrollWindow...) -> HourComparison.Planned { .init(names: [], windows: windows) }

    private func read(_ windows: ScrollWindow..., delivered: Int, drift: Int = 0) -> HourComparison.Earlier {
        .init(names: [], windows: windows, delivered: delivered, drift: drift)
    }

    private func window(_ times: Range<Int64>?, _ documents: Int = 0, shard: Int? = nil) -> ScrollWindow {
        ScrollWindow(times: times, shard: shard, expectedDocuments: documents)
    }

    @Test("are the same where times and documents are, however they were cut")
    func same() {
        let hour = planned(window(0..<100, 7))
        #expect(HourComparison.compare(read(window(0..<100), delivered: 7), hour) == .same)
        #expect(HourComparison.compare(read(window(40..<100), window(0..<40), delivered: 7), hour) == .same)
        let shards = read(window(0..<40), window(40..<100, shard: 0), window(40..<100, shard: 1), delivered: 7)
        #expect(HourComparison.compare(shards, planned(window(0..<60, 3), window(60..<100, 4))) == .same)
        #expect(HourComparison.compare(read(window(nil), delivered: 2), planned(window(nil, 2))) == .same)
    }

    @Test("are others where a part was not read, where documents went, and where the count was in doubt")
    func other() {
        let hour = planned(window(0..<100, 7))
        #expect(HourComparison.compare(read(window(0..<99), delivered: 7), hour) == .other)
        #expect(HourComparison.compare(read(window(0..<40), window(50..<100), delivered: 7), hour) == .other)
        #expect(HourComparison.compare(read(window(0..<100), delivered: 8), hour) == .other)
        #expect(HourComparison.compare(read(window(0..<100), delivered: 7, drift: 1), hour) == .other)
        #expect(HourComparison.compare(read(window(nil), delivered: 7), hour) == .other)
        #expect(HourComparison.compare(read(delivered: 7), hour) == .other)
    }

    @Test("have to be counted where more are planned than were read")
    func uncertain() {
        #expect(HourComparison.compare(read(window(0..<100), delivered: 6), planned(window(0..<100, 7))) == .uncertain)
    }
}
