import LogDataset

/// The original's rule: how a log is judged by the ranks of its words.
struct ScoringRule: Sendable {
    private let words: [String]
    /// Whether each id's word counts: one with a digit in it is no word the original judges by.
    private let counts: [Bool]

    init(_ vocabulary: Vocabulary) {
        words = vocabulary.words
        counts = words.map { !$0.unicodeScalars.contains(where: \.isDigit) }
    }

    /// - Parameters:
    ///   - tokens: Ids of a log's words.
    ///   - ranks: The rank of each.
    func judge(_ tokens: ArraySlice<Int32>, ranks: ArraySlice<Int32>) -> Judgement {
        var counted = 0
        var expected = 0
        for (token, rank) in zip(tokens, ranks) where counts[Int(token)] {
            counted += 1
            expected += Int(rank) < Scorer.guesses ? 1 : 0
        }
        return Judgement(score: counted == 0 ? 1 : Double(expected) / Double(counted), ranks: Array(ranks))
    }

    /// Each word with its rank.
    func explain(_ tokens: ArraySlice<Int32>, _ ranks: [Int32]) -> [ScoredToken] {
        zip(tokens, ranks).map { token, rank in
            ScoredToken(word: words[Int(token)], rank: Int(rank), counts: counts[Int(token)])
        }
    }
}

extension Unicode.Scalar {
    /// Python's `str.isdigit`.
    var isDigit: Bool {
        switch properties.numericType {
        case .decimal, .digit: true
        default: false
        }
    }
}
