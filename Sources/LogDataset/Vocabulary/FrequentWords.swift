/// Keeps the most frequent words of those offered: by descending count, then by bytes.
struct FrequentWords {
    /// A word and how often it occurs.
    struct Counted {
        var word: [UInt8]
        var count: UInt64

        static func precedes(_ left: Counted, _ right: Counted) -> Bool {
            left.count != right.count ? left.count > right.count : left.word.lexicographicallyPrecedes(right.word)
        }
    }

    private let limit: Int
    private let minimumCount: UInt64
    private var kept: [Counted] = []
    /// No word with a smaller count can be among the first `limit` any more.
    private var threshold: UInt64 = 0

    /// - Parameters:
    ///   - limit: How many words to keep.
    ///   - minimumCount: Words that occur less often are passed over.
    init(limit: Int, minimumCount: UInt64 = 1) {
        self.limit = limit
        self.minimumCount = minimumCount
    }

    /// Offers a word, once, with its whole count. Words that `vocab.txt` cannot hold are passed over.
    mutating func offer(_ word: UnsafeRawBufferPointer, count: UInt64) {
        guard count >= threshold, count >= minimumCount, VocabularyFile.canHold(word) else { return }
        guard String(validating: word, as: UTF8.self) != nil else { return }
        kept.append(Counted(word: Array(word), count: count))
        if kept.count >= 2 * limit + 64 { cut() }
    }

    /// The words in their order, at most `limit`.
    mutating func take() -> [Counted] {
        cut()
        return kept
    }

    private mutating func cut() {
        kept.sort(by: Counted.precedes)
        guard kept.count > limit else { return }
        kept.removeLast(kept.count - limit)
        threshold = kept.last?.count ?? .max
    }
}
