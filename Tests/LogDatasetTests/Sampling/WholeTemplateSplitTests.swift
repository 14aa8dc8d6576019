import Testing

@testable import LogDataset

@Suite struct WholeTemplateSplitTests {
    private let table = ArrayTable((0..<2000).map { ("text \($0)", UInt64(1 + $0 % 7), 0) })

    private func records(_ table: any TemplateShards) throws -> [(hash: UInt128, count: UInt64, heldOut: UInt64)] {
        var records: [(UInt128, UInt64, UInt64)] = []
        for shard in 0..<TemplateShard.count {
            try table.forEachRecord(inShard: shard) { records.append(($0.hash, $0.count, $0.heldOut)) }
        }
        return records
    }

    @Test func aTemplateIsHeldOutWholeOrNotAtAll() async throws {
        let split = WholeTemplateSplit(table, seed: 3)
        let all = try records(split)
        #expect(all.map(\.hash) == (try records(table)).map(\.hash))
        #expect(all.allSatisfy { $0.heldOut == 0 || $0.heldOut == $0.count })
        let held = all.filter { $0.heldOut > 0 }
        // A tenth of 2,000, five standard deviations of 13 to either side.
        #expect((133...267).contains(held.count))
        let rest = try records(split.rest)
        #expect(rest.count == all.count - held.count)
        #expect(Set(rest.map(\.hash)).isDisjoint(with: held.map(\.hash)))
        let counts = try await split.counts(workers: 3)
        #expect(counts.templates == 2000 && counts.heldOutTemplates == held.count)
        #expect(counts.lines == all.reduce(0) { $0 + $1.count })
        #expect(counts.heldOutLines == held.reduce(0) { $0 + $1.count })
    }

    @Test func theSeedAndTheTextChoose() throws {
        func held(_ seed: UInt64) throws -> [UInt128] {
            try records(WholeTemplateSplit(table, seed: seed)).filter { $0.heldOut > 0 }.map(\.hash)
        }
        #expect(try held(1) == held(1))
        #expect(try held(1) != held(2))
    }
}
