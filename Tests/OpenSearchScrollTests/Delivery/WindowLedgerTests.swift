import Testing

@testable import OpenSearchScroll

@Suite("What of a window has been delivered")
struct WindowLedgerTests {
    private func page(_ ids: [String]) throws -> ScrollPage { try decodePage(Answer.page(ids, total: ids.count)).1 }

    @Test("Each document once over several scrolls; the digest knows no order")
    func once() throws {
        let ledger = WindowLedger(expecting: 4)
        ledger.beginScroll()
        #expect(ledger.sift(try page(["a", "b"])).page?.ids == ["a", "b"])
        ledger.beginScroll()
        #expect(ledger.sift(try page(["b", "c"])).page?.ids == ["c"])
        #expect(ledger.sift(try page(["a"])).page == nil)
        #expect(ledger.delivered == 3 && ledger.indices == ["logs": 3])
        let other = WindowLedger(expecting: 4)
        other.beginScroll()
        _ = other.sift(try page(["c", "b", "a"]))
        #expect(other.digest == ledger.digest)
        _ = other.sift(try page(["d"]))
        #expect(other.digest != ledger.digest)
    }

    @Test("A document shown twice by one scroll is noticed; what is new beside it is delivered")
    func twice() throws {
        let ledger = WindowLedger(expecting: 4)
        ledger.beginScroll()
        #expect(!ledger.sift(try page(["a", "b"])).hasRepeats)
        let sifted = ledger.sift(try page(["b", "c"]))
        #expect(sifted.hasRepeats && sifted.page?.ids == ["c"])
        ledger.beginScroll()
        #expect(!ledger.sift(try page(["a", "b", "c"])).hasRepeats)
    }

    @Test("What an earlier run delivered is counted when it is shown, and left out")
    func earlier() throws {
        var ids: [DocumentID] = []
        try page(["b", "elsewhere"]).forEachID { _, id in ids.append(id) }
        let ledger = WindowLedger(expecting: 4, earlier: DeliveredDocuments(ids))
        let sifted = ledger.sift(try page(["a", "b"]))
        #expect(sifted.page?.ids == ["a"] && !sifted.hasRepeats)
        #expect(ledger.delivered == 2 && ledger.deliveredEarlier == 1)
        #expect(ledger.indices == ["logs": 2])
        let alone = WindowLedger(expecting: 4)
        _ = alone.sift(try page(["a", "b"]))
        #expect(ledger.digest == alone.digest)
        ledger.beginScroll()
        #expect(ledger.sift(try page(["a", "b"])).page == nil)
        #expect(ledger.delivered == 2 && ledger.deliveredEarlier == 1)
    }

    @Test("The same id in another index, or with another routing, is another document")
    func identity() throws {
        let text =
            #"{"_scroll_id":"s","timed_out":false,"_shards":{"total":1,"successful":1},"hits":{"total":{"value":4,"relation":"eq"},"#
            + #""hits":[{"_index":"x","_id":"1"},{"_index":"y","_id":"1"},{"_index":"y","_id":"1","_routing":"r\u0041"},"#
            + #"{"_index":"x","_id":"1","_routing":"q"}]}}"#
        let (_, page) = try decodePage(text)
        var ids: Set<DocumentID> = []
        page.forEachID { _, id in ids.insert(id) }
        #expect(ids.count == 4)
        var routings: [String] = []
        page.forEachDocument { routings.append(String(decoding: $0.routing, as: UTF8.self)) }
        #expect(routings == ["", "", "rA", "q"])
        var counts: [String: Int] = [:]
        page.countIndices(into: &counts)
        #expect(counts == ["x": 2, "y": 2])
    }

    @Test("The set of ids agrees with a plain one, whatever it grows to", arguments: [1, 100, 4_000])
    func set(count: Int) {
        var random = SeededRandom(state: 7)
        let set = IDSet(expecting: 10)
        var plain: [DocumentID: UInt16] = [:]
        for step in 0..<count * 2 {
            let scroll = UInt16(1 + step / max(1, count / 2))
            // Few different low bits, so that runs of taken slots are long.
            let id = DocumentID(
                high: UInt64(step % count) & ~3, low: UInt64.random(in: 0..<64, using: &random) << 16)
            let expected: IDSet.Insertion = plain[id].map { $0 == scroll ? .repeated : .known } ?? .new
            #expect(set.insert(id, scroll: scroll) == expected)
            plain[id] = scroll
        }
        #expect(set.count == plain.count)
    }

    @Test("A digest is 32 digits and comes back from them")
    func text() throws {
        var digest = IDDigest()
        #expect(digest.description == String(repeating: "0", count: 32))
        digest.add(DocumentID(high: 1, low: 0xAB))
        #expect(digest.description == "000000000000000100000000000000ab")
        var twice = digest
        twice.add(digest)
        #expect(twice.description == "00000000000000020000000000000156")
    }
}
