import Glibc
import LogMasking
import Testing

@testable import LogGenerator

/// What survives masking, by the masker itself.
struct MaskedTests {
    private func distinct(_ lines: Range<UInt64>, _ generator: LogGenerator = LogGenerator()) -> Set<String> {
        let masker = LogMasker()
        return Set(lines.map { masker.mask(generator.log(at: $0)) })
    }

    /// Every head template masks to one text of its own, whatever its fields are.
    @Test func headTemplatesMaskToOneTextEach() {
        let masker = LogMasker()
        var random = RandomBits(state: 11)
        var texts: Set<String> = []
        for template in 0..<LogGenerator.headTemplateCount {
            var ofThis: Set<String> = []
            for index in 0..<60 as Range<UInt64> {
                var buffer: [UInt8] = []
                let fields = LogFields(index: index &* 98_765_432_109)
                HeadTemplates.all.library.append(template, fields, TailWords(rank: 1), &random, to: &buffer)
                ofThis.insert(masker.mask(String(decoding: buffer, as: UTF8.self)))
            }
            #expect(ofThis.count == 1, "\(ofThis)")
            texts.formUnion(ofThis)
        }
        #expect(texts.count == LogGenerator.headTemplateCount)
    }

    /// Every tail rank masks to one text of its own: the same for other fields, another for another rank.
    @Test func tailRanksMaskToOneTextEach() {
        let masker = LogMasker()
        var random = RandomBits(state: 12)
        var texts: Set<String> = []
        for rank in 1...1500 as ClosedRange<UInt64> {
            let words = TailWords(rank: rank)
            var ofThis: Set<String> = []
            for index in [1, 5_000_000_000] as [UInt64] {
                var buffer: [UInt8] = []
                TailTemplates.all.append(words.shape, LogFields(index: index), words, &random, to: &buffer)
                ofThis.insert(masker.mask(String(decoding: buffer, as: UTF8.self)))
            }
            #expect(ofThis.count == 1, "\(ofThis)")
            texts.formUnion(ofThis)
        }
        #expect(texts.count == 1500)
    }

    /// The documented formula, for whole lines.
    @Test func distinctMaskedTextsAreAsDocumented() {
        let found = distinct(0..<20_000).count
        let expected = Double(LogGenerator.headTemplateCount) + 4.5908 * pow(20_000.0 / 12, 0.8)
        #expect(abs(Double(found) / expected - 1) < 0.06, "\(found), expected \(expected)")
    }

    /// A few templates make most lines.
    @Test func headIsHeavy() {
        let masker = LogMasker()
        var counts: [String: Int] = [:]
        for index in 0..<10_000 as Range<UInt64> {
            counts[masker.mask(LogGenerator().log(at: index)), default: 0] += 1
        }
        let top = counts.values.sorted(by: >).prefix(50).reduce(0, +)
        #expect(top > 6500 && top < 8500)
    }

    /// Two seeds share their frequent templates: they are two samples of one cluster.
    @Test func seedsShareTemplates() {
        let one = distinct(0..<3000, LogGenerator(seed: 1))
        let other = distinct(0..<3000, LogGenerator(seed: 2))
        #expect(one.intersection(other).count > LogGenerator.headTemplateCount)
    }
}
