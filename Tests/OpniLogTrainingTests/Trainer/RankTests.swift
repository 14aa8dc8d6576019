import LogDataset
import Testing

@testable import OpniLogTraining

/// Ranks beside the logits that they are those of.
@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"))
struct RankTests {
    @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
    func ranksAreThoseOfTheLogits(composed: Bool, isDouble: Bool) async throws {
        let log: [Int32] = [1, 5, 39, 3, 20]
        let (logits, ranks, figures) = try await withNewModel(isDouble: isDouble, composed: composed) {
            model throws(TrainingError) in
            (
                try model.logits(Batch(logs: [log])), try model.ranks(Batch(logs: [[1, 7], log])),
                try model.evaluate(Batch(logs: [log]))
            )
        }
        let own = ranks[64 + 1..<64 + log.count]
        for (token, (place, rank)) in zip(log.dropFirst(), zip(0..., own)) {
            let row = logits[place * NewModel.words..<(place + 1) * NewModel.words].map { $0 }
            let above = row.indices.filter { row[$0] > row[Int(token)] || (row[$0] == row[Int(token)] && $0 > token) }
            #expect(rank == Int32(above.count))
        }
        #expect(ranks[64 + log.count] == -1)
        // Figures and scores are computed by two loops.
        #expect(figures.first == Double(own.filter { $0 == 0 }.count))
        #expect(figures.among50 == 4, "there are but 40 words")
    }

    /// On a CPU few logits are computed, the more of them the less the words' vectors have in common: all for a model that
    /// nobody trained. What is known of the vectors is renewed when they move.
    ///
    /// More rows than a chunk of logits has, and, of 70 rows, many parts.
    @Test(arguments: [(false, nil), (true, nil), (true, 70)] as [(Bool, Int?)])
    func ranksHangOnNoBound(isDouble: Bool, mostVariants: Int?) async throws {
        let words = 2600, inUse = 60
        let logs = Samples.sentences(230, words: inUse, seed: 7)
        let all = try await withNewModel(
            on: .cpu, words: words, threads: 2, isDouble: isDouble, mostVariants: mostVariants
        ) { model throws(TrainingError) in
            try [0, 15, 60].map { steps throws(TrainingError) in
                for number in 0..<steps {
                    let batch = Samples.sentences(32, words: inUse, seed: UInt64(number))
                    _ = try model.step(batch, .init(learningRate: 0.003, number: UInt64(number)))
                }
                return (try model.ranks(logs), try Self.logits(of: logs, model))
            }
        }
        var averages: [Double] = []
        for (ranks, logits) in all {
            let bounds = Self.bounds(logs, logits, words: words)
            let own = ranks.filter { $0 >= 0 }.map { Int($0) }
            #expect(own.count == bounds.count)
            #expect(zip(own, bounds).allSatisfy { $1.contains($0) })
            #expect(bounds.map { $0.count - 1 }.reduce(0, +) < bounds.count / 4, "near ties are rare")
            averages.append(Double(own.reduce(0, +)) / Double(own.count))
        }
        #expect(averages[0] > 1000 && averages[2] < 20, "\(averages)")
    }

    private static func logits(of batch: Batch, _ model: TorchModel) throws(TrainingError) -> [[Float]] {
        try batch.lengths.indices.map { row throws(TrainingError) in
            let first = row * Batch.length
            return try model.logits(Batch(logs: [Array(batch.tokens[first..<first + Int(batch.lengths[row])])]))
        }
    }

    /// Between which ranks each word's lies, as its logit and others may differ by rounding.
    private static func bounds(_ batch: Batch, _ logits: [[Float]], words: Int) -> [ClosedRange<Int>] {
        let rounding: Float = 1e-5
        return logits.enumerated().flatMap { row, logits in
            (0..<Int(batch.lengths[row]) - 1).map { place in
                let own = logits[place * words + Int(batch.tokens[row * Batch.length + place + 1])]
                let others = logits[place * words..<(place + 1) * words]
                // The word itself is never above.
                return others.count { $0 > own + rounding }...others.count { $0 > own - rounding } - 1
            }
        }
    }
}
