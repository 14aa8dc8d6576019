import Testing

@testable import LogDataset

@Suite struct PageReductionTests {
    @Test func theQuotaIsRoundedDownAPage() {
        let reduction = PageReduction(samples: 48_000, total: 100_000_000, seed: 0, epoch: 0)
        #expect(reduction.quota(lines: 10_000) == 4)
        #expect(reduction.quota(lines: 2_083) == 0)
        #expect(reduction.quota(lines: 2_084) == 1)
        #expect(PageReduction(samples: 10, total: 0, seed: 0, epoch: 0).quota(lines: 0) == 0)
    }

    @Test func drawsFollowTheWeightsOfTheirPage() {
        var reduction = PageReduction(samples: 400, total: 1_000, seed: 1, epoch: 0)
        let counts: [UInt64] = [900, 64, 36]
        var drawn = [0, 0, 0]
        let pages = 200
        for _ in 0..<pages { drawn = zip(drawn, reduction.reduce(counts)).map(+) }
        let wanted = [30.0, 8, 6].map { $0 / 44 * Double(400 * pages) }
        // χ² with two degrees of freedom exceeds 18.4 once in 10,000 times.
        let chiSquare = zip(drawn, wanted).reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) / $1.1 }
        #expect(drawn.reduce(0, +) == 400 * pages)
        #expect(chiSquare < 18.4)
    }

    @Test func eachPageSeedAndEpochDrawsAnew() {
        let counts = [UInt64](repeating: 1, count: 1_000)
        var results: [[Int]] = []
        for (seed, epoch) in [(0, 0), (1, 0), (0, 1)] as [(UInt64, UInt64)] {
            var reduction = PageReduction(samples: 100, total: 1_000, seed: seed, epoch: epoch)
            results += [reduction.reduce(counts), reduction.reduce(counts)]
        }
        #expect(Set(results).count == 6)
        #expect(results.allSatisfy { $0.reduce(0, +) == 100 })
        var again = PageReduction(samples: 100, total: 1_000, seed: 1, epoch: 0)
        #expect(again.reduce(counts) == results[2])
    }
}
