import Testing

@testable import LogDataset

@Suite struct PhiloxTests {
    /// The vectors that Random123 publishes for philox4x32 with 10 rounds: counter, key, output, words in order.
    static let vectors: [(counter: [UInt32], key: [UInt32], output: [UInt32])] = [
        ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        (
            [.max, .max, .max, .max], [.max, .max],
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        ),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        ),
    ]

    private func joined(_ words: [UInt32]) -> UInt128 {
        words.reversed().reduce(0) { $0 << 32 | UInt128($1) }
    }

    @Test(arguments: vectors.indices)
    func equalsThePublishedVectors(_ index: Int) {
        let vector = PhiloxTests.vectors[index]
        let philox = Philox(key: UInt64(joined(vector.key)))
        #expect(philox.block(joined(vector.counter)) == joined(vector.output))
        #expect(philox.bits64(joined(vector.counter)) == UInt64(joined(Array(vector.output.prefix(2)))))
    }

    @Test(arguments: [1, 2, 3, 10, 1 << 64, (1 << 64) + 1, .max] as [UInt128])
    func uniformStaysBelowItsBound(_ bound: UInt128) {
        let philox = Philox(key: 7)
        let numbers = (0..<200).map { philox.uniform(below: bound, index: $0) }
        #expect(numbers.allSatisfy { $0 < bound })
        #expect(bound < 4 ? Set(numbers).count == Int(bound) : Set(numbers).count > 9)
    }

    @Test func uniformIsEven() {
        let philox = Philox(key: 99)
        var counts = [Int](repeating: 0, count: 10)
        for index in 0..<20_000 { counts[Int(philox.uniform(below: 10, index: UInt64(index)))] += 1 }
        // χ² with 9 degrees of freedom exceeds 33.7 once in 10,000 times.
        let chiSquare = counts.reduce(0.0) { $0 + (Double($1) - 2_000) * (Double($1) - 2_000) / 2_000 }
        #expect(chiSquare < 33.7)
    }

    @Test func everyPurposeSeedEpochAndKindOfLinesHasAKeyOfItsOwn() {
        var keys: Set<UInt64> = []
        for purpose in SamplingPurpose.allCases {
            for seed in [0, 1, UInt64.max] {
                for epoch in [0, 1, 1 << 32, UInt64.max] {
                    for lines in DrawnLines.allCases {
                        keys.insert(purpose.generator(seed: seed, epoch: epoch, lines: lines).key)
                    }
                }
            }
        }
        #expect(keys.count == SamplingPurpose.allCases.count * 3 * 4 * 3)
    }

    /// Keys that must never change, or a run could not be repeated with a later version.
    @Test func keysAreFixed() {
        #expect(SamplingPurpose.allCases.map(\.rawValue) == Array(1...6) + Array(10...12))
        #expect(SamplingPurpose.coverageOffset.generator(seed: 0).key == Philox(key: 0).bits64(1))
        #expect(
            SamplingPurpose.drawOrder.generator(seed: 5, epoch: 3, lines: .all).key
                == Philox(key: 5).bits64(2 << 96 | 3 << 32 | 4))
    }
}
