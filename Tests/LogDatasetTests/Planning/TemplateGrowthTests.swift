import Glibc
import LogGenerator
import LogMasking
import Testing

@testable import LogDataset

@Suite struct TemplateGrowthTests {
    @Test func fewerLinesLeaveOutWhatWasSeenSeldom() {
        let growth = TemplateGrowth(frequencies: [1: 4, 3: 2])
        #expect(growth.lines == 10)
        #expect(growth.distinct(among: 0) == 0)
        #expect(growth.distinct(among: 10) == 6)
        // Each line is taken with one half: 4 · ½ + 2 · (1 − ⅛).
        #expect(abs(growth.distinct(among: 5) - 3.75) < 1e-12)
    }

    @Test func withoutATextSeenOnceNothingIsToCome() {
        let growth = TemplateGrowth(frequencies: [7: 3, 100: 1])
        #expect(growth.distinct(among: 1e9) == 4)
        #expect(TemplateGrowth(frequencies: [:]).distinct(among: 100) == 0)
    }

    @Test func linesThatAreAllDifferentStaySo() {
        let growth = TemplateGrowth(frequencies: [1: 1_000])
        #expect(growth.exponent > 0.99)
        #expect(growth.distinct(among: 2_000) <= 2_000 && growth.distinct(among: 2_000) > 1_980)
    }

    @Test(arguments: [0.2, 0.5, 0.8]) func theExponentOfAPowerLawIsFound(exponent: Double) {
        var frequencies: [UInt64: UInt64] = [1_000: 300]
        var count = 1e6 * exponent
        for times in 1...UInt64(40) {
            frequencies[times] = UInt64(count)
            count *= (Double(times) - exponent) / Double(times + 1)
        }
        let growth = TemplateGrowth(frequencies: frequencies)
        #expect(abs(growth.exponent - exponent) < 0.01)
        let seen = Double(frequencies.values.reduce(0, +))
        let expected = seen + 1e6 * (pow(16, exponent) - 1)
        #expect(abs(growth.distinct(among: 16 * growth.lines) / expected - 1) < 0.02)
    }

    /// The generator says how its distinct texts grow; a fortieth of the lines is enough to tell.
    @Test(arguments: 0..<5) func theGeneratorsLawIsToldFromAFewLines(seed: UInt64) {
        let generator = LogGenerator(seed: seed)
        func frequencies(_ lines: Range<UInt64>) -> (counts: [UInt64: UInt64], distinct: Int) {
            let table = CountTable()
            var buffer: [UInt8] = []
            let pool = WorkerPool.Worker(MaskSettings())
            for line in lines {
                buffer.removeAll(keepingCapacity: true)
                generator.append(at: line, to: &buffer)
                buffer.withUnsafeBytes { pool.masker.withMasked($0) { _ = table.add($0, hour: .none) } }
            }
            var counts: [UInt64: UInt64] = [:]
            table.forEachSorted { counts[$1.count, default: 0] += 1 }
            return (counts, table.count)
        }
        let growth = TemplateGrowth(frequencies: frequencies(0..<5_000).counts)
        let truth = Double(frequencies(0..<40_000).distinct)
        #expect(abs(growth.distinct(among: 40_000) / truth - 1) < 0.15, "\(growth.exponent)")
    }
}
