import Testing

@testable import LogDataset

@Suite("The order of hours")
struct ReadingOrderTests {
    private let windows = (0..<200).map { (part: "\($0 / 2)", documents: UInt64($0)) }

    @Test("holds every hour once, with the documents of all its windows, and is the seed's")
    func order() {
        let order = ReadingOrder(windows, seed: 1)
        #expect(order.parts.count == 100 && Set(order.parts) == Set((0..<100).map { "\($0)" }))
        for (part, documents) in zip(order.parts, order.documents) {
            let hour = UInt64(part) ?? 0
            #expect(documents == 4 * hour + 1)
        }
        #expect(ReadingOrder(windows.reversed(), seed: 1) == order)
        #expect(ReadingOrder(windows, seed: 2).parts != order.parts)
        #expect(order.parts != order.parts.sorted { $0.count == $1.count ? $0 < $1 : $0.count < $1.count })
    }

    @Test("hours that are known later come last, whatever they hold")
    func adds() {
        var order = ReadingOrder(windows, seed: 1)
        let before = order
        order.add(windows.map { ($0.part, 1_000) } + [("500", 3), ("window a", 4), ("500", 3)], seed: 1)
        #expect(Array(order.parts.prefix(100)) == before.parts && Set(order.parts.suffix(2)) == ["500", "window a"])
        #expect(order.documents(from: 100) == 10 && order.documents(from: 0) == before.documents(from: 0) + 10)
    }

    @Test("the first hours that hold a share are as few as can be")
    func share() {
        let order = ReadingOrder(windows, seed: 7)
        let all = order.documents(from: 0)
        for share in [0, 0.01, 0.1, 0.5, 0.999, 1] {
            let count = order.count(holding: share)
            #expect(Double(all - order.documents(from: count)) >= share * Double(all))
            if count > 1 { #expect(Double(all - order.documents(from: count - 1)) < share * Double(all)) }
        }
        #expect(order.count(holding: 0) == 1 && order.count(holding: 1) <= 100)
        #expect(ReadingOrder([], seed: 1).count(holding: 1) == 0)
    }

    @Test("first hours are a fair sample: over the seeds each comes first as often")
    func fair() {
        var first = [String: Int]()
        let ten = (0..<10).map { (part: "\($0)", documents: UInt64(1)) }
        for seed in 0..<2_000 { first[ReadingOrder(ten, seed: UInt64(seed)).parts[0], default: 0] += 1 }
        // Four standard deviations of a tenth of 2,000.
        for (_, count) in first { #expect(abs(count - 200) < 54) }
        #expect(first.count == 10)
    }

    @Test("looks are spread by a quarter each, the last at the end")
    func looks() {
        #expect(ReadingOrder.looks(upTo: 5) == [5])
        #expect(ReadingOrder.looks(upTo: 8) == [8])
        #expect(ReadingOrder.looks(upTo: 24) == [8, 10, 12, 15, 18, 22, 24])
    }
}

extension ReadingOrder {
    fileprivate func documents(from place: Int) -> UInt64 { documents[place...].reduce(0, +) }
}
