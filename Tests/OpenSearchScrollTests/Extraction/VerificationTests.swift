import Testing

@testable import OpenSearchScroll

@Suite("Comparing a delivery with a server")
struct VerificationTests {
    private func digest(_ numbers: Int...) -> IDDigest {
        numbers.reduce(into: IDDigest()) { $0.add(DocumentID(high: UInt64($1), low: 1)) }
    }

    private func record(_ times: Range<Int64>?, _ numbers: Int...) -> DeliveryRecord {
        DeliveryRecord(
            times: times, documents: numbers.count,
            digest: numbers.reduce(into: IDDigest()) { $0.add(DocumentID(high: UInt64($1), low: 1)) })
    }

    @Test("Parts of a record add up, wherever the server's windows are cut now")
    func equal() {
        let comparison = DeliveryComparison([record(0..<100, 1, 2, 3), record(nil, 4), record(200..<300)])
        let found = [record(50..<100, 3), record(0..<50, 2, 1), record(nil, 4)]
        #expect(comparison.differences(found) == [])
    }

    @Test("More, fewer, others, outside of all records, without a time: each is told")
    func differences() {
        let comparison = DeliveryComparison([
            record(0..<100, 1), record(100..<200, 2, 3), record(300..<400, 4, 5), record(nil, 6),
        ])
        let found = [record(0..<100, 1, 9), record(100..<200, 2), record(210..<220, 7), record(300..<400, 4, 8)]
        #expect(
            comparison.differences(found) == [
                DeliveryDifference(times: 0..<100, delivered: 1, found: 2),
                DeliveryDifference(times: 100..<200, delivered: 2, found: 1),
                DeliveryDifference(times: 210..<220, delivered: 0, found: 1),
                DeliveryDifference(times: 300..<400, delivered: 2, found: 2),
                DeliveryDifference(times: nil, delivered: 1, found: 0),
            ])
    }

    @Test("Records that overlap, as shards of one time do, are compared together")
    func overlapping() {
        let comparison = DeliveryComparison([
            record(0..<100, 1), record(0..<50, 2), record(50..<100, 3), record(100..<150, 4),
        ])
        #expect(comparison.records.map(\.times) == [0..<100, 100..<150])
        #expect(comparison.differences([record(0..<100, 1, 2, 3), record(100..<150, 4)]) == [])
    }

    @Test("Counts alone see no exchange")
    func counts() {
        let comparison = DeliveryComparison([record(0..<100, 1)])
        let found = DeliveryRecord(times: 0..<100, documents: 1, digest: nil)
        #expect(comparison.differences([found]) == [])
        #expect(digest(1) != digest(2))
    }

    @Test("Windows are cut where records begin and end")
    func cutting() {
        let comparison = DeliveryComparison([record(10..<20, 1), record(20..<30, 2), record(40..<50, 3)])
        let windows = [
            ScrollWindow(times: 0..<45, shard: 2, expectedDocuments: 45),
            ScrollWindow(times: nil, expectedDocuments: 1),
        ]
        let cut = comparison.cut(windows)
        #expect(cut.map(\.times) == [0..<10, 10..<20, 20..<30, 30..<40, 40..<45, nil])
        #expect(cut.dropLast().allSatisfy { $0.shard == 2 })
        #expect(comparison.cut([ScrollWindow(times: 20..<30, expectedDocuments: 1)]).map(\.times) == [20..<30])
    }
}
