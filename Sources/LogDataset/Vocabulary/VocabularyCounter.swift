import ProcessLimits

/// Counts the words of a table and chooses those that get an id.
///
/// The count of a word is the sum over the templates of their lines times the word's occurrences in them. Ids go by
/// descending count, then by bytes, so they depend on the table alone. Words with two or more digits are `<NUM>` and
/// need no id; reserved names and words that `vocab.txt` cannot hold get none, nor do those over a KiB: no memory would
/// be sure to hold some thousands of words of any length.
///
/// The counts are exact within a byte budget and without a disk: where the words of a pass do not fit, the pass is
/// split in two by a bit of the words' hashes and each half is counted by a walk of its own, while only the most
/// frequent words so far are kept.
public struct VocabularyCounter: Sendable {
    /// Bytes that the counts may take.
    public var memory: Int

    /// The most ids, reserved ones included.
    public var limit: Int

    /// Words that occur less often get no id.
    public var minimumCount: UInt64 = 1

    /// How many shards are walked at once for the lines with unknown words; without influence on the result.
    public var workers = CoreCount.available

    /// The vocabulary of a model that is trained on: its words keep their ids, new ones take those after them.
    public var continuing: Vocabulary?

    /// Creates a counter.
    ///
    /// - Parameters:
    ///   - memory: Bytes that the counts may take; held to at least 64 KiB. 32 MiB hold some 150,000 to 250,000 words
    ///     a pass.
    ///   - limit: The most ids, reserved ones included: 6…10,000.
    public init(memory: Int, limit: Int = Vocabulary.largestCount) {
        self.memory = max(memory, 1 << 16)
        self.limit = min(max(limit, Vocabulary.Reserved.names.count + 1), Vocabulary.largestCount)
    }

    /// A table's vocabulary and what it leaves out.
    public struct Result: Sendable {
        /// The words with their ids.
        public var vocabulary: Vocabulary
        /// Occurrences of words in all lines.
        public var occurrences: UInt64
        /// Those of them whose word has no id.
        public var unknownOccurrences: UInt64
        /// Those of them that stand after the 63rd word of their line and are cut off.
        public var cutOccurrences: UInt64
        /// All lines.
        public var lines: UInt64
        /// Those of them with a word, among the first 63, that has no id.
        public var unknownLines: UInt64
        /// Those of them with words that are cut off.
        public var cutLines: UInt64
        /// Walks over the table that counting took, abandoned ones included.
        public var walks: Int
    }

    /// Counts a table's words, on threads of its own.
    ///
    /// - Parameter table: The table; walked once if its words fit into `memory`, else several times, and once more if
    ///   some of them get no id.
    /// - Throws: What reading the table throws, or `cancelled`.
    public func count(_ table: any TemplateShards) async throws(DatasetError) -> Result {
        var result = try await BoundedGroup.alone { cancellation throws(DatasetError) in
            try countWords(of: table, cancellation)
        }
        if result.unknownOccurrences > 0 {
            result.unknownLines = try await unknownLines(of: table, result.vocabulary)
        }
        return result
    }

    /// All but the lines with a word that has no id.
    private func countWords(
        of table: any TemplateShards, _ cancellation: CancellationFlag
    ) throws(DatasetError) -> Result {
        let old = continuing ?? Vocabulary(words: [])
        var frequent = FrequentWords(limit: max(0, limit - old.assigned), minimumCount: minimumCount)
        var known: UInt64 = 0
        var open = [HashPart.all]
        var walks = 0
        var totals = Totals()
        while let part = open.popLast() {
            walks += 1
            var pass = Pass(part: part, counts: WordCounts(budget: memory))
            if try pass.run(over: table, cancellation) {
                pass.counts.forEach { word, count in
                    if old.knows(word) {
                        known = saturatingAdd(known, count)
                    } else {
                        frequent.offer(word, count: count)
                    }
                }
                totals = pass.totals
            } else {
                guard part.canSplit else { throw tooSmall() }
                open += part.halves
            }
        }
        let words = frequent.take()
        known = words.reduce(known) { saturatingAdd($0, $1.count) }
        let vocabulary = Vocabulary(continuing: old, adding: words)
        let unknown = totals.words - min(totals.words, saturatingAdd(totals.numbers, known))
        return Result(
            vocabulary: vocabulary, occurrences: totals.words, unknownOccurrences: unknown,
            cutOccurrences: totals.cut, lines: totals.lines,
            unknownLines: 0, cutLines: totals.cutLines, walks: walks)
    }

    /// Walks the table once more: only now is it known which words have an id.
    private func unknownLines(
        of table: any TemplateShards, _ vocabulary: Vocabulary
    ) async throws(DatasetError) -> UInt64 {
        let shards = try await BoundedGroup.map(TemplateShard.count, workers: workers) {
            shard, cancellation throws(DatasetError) in
            var lines: UInt64 = 0
            var tokens: [Int32] = []
            try table.walk(shard: shard, cancellation: cancellation) { record in
                if vocabulary.encode(record.masked, into: &tokens).unknown > 0 {
                    lines = saturatingAdd(lines, record.count)
                }
            }
            return lines
        }
        return shards.reduce(0, saturatingAdd)
    }

    private func tooSmall() -> DatasetError {
        DatasetError(
            .invalidSetting,
            "The words of the logs cannot be counted within \(memory) bytes; give more memory.")
    }
}

extension VocabularyCounter {
    /// The words whose hash has given low bits in its upper half; the lower half places them in the hash table.
    private struct HashPart {
        static let all = HashPart(bits: 0, value: 0)

        var bits: UInt64
        var value: UInt64

        var canSplit: Bool { bits < 24 }

        var halves: [HashPart] {
            [HashPart(bits: bits + 1, value: value), HashPart(bits: bits + 1, value: value | 1 << bits)]
        }

        func contains(_ hash: UInt64) -> Bool { hash >> 32 & ((1 << bits) - 1) == value }
    }

    /// Occurrences of all words of a table, whatever part of them is counted one by one.
    private struct Totals {
        var words: UInt64 = 0
        var numbers: UInt64 = 0
        var cut: UInt64 = 0
        var lines: UInt64 = 0
        var cutLines: UInt64 = 0
    }

    /// One walk over the table that counts the words of one part.
    private struct Pass {
        let part: HashPart
        var counts: WordCounts
        var totals = Totals()

        private static let longestWord = 1024

        private struct Full: Error {}

        /// Returns false if the words did not fit.
        mutating func run(over table: any TemplateShards, _ cancellation: CancellationFlag) throws(DatasetError)
            -> Bool
        {
            for shard in 0..<TemplateShard.count {
                var isFull = false
                do throws(DatasetError) {
                    try table.walk(shard: shard, cancellation: cancellation) { record in
                        guard add(record) else {
                            isFull = true
                            throw Full()
                        }
                    }
                } catch  where isFull {
                    return false
                }
            }
            return true
        }

        private mutating func add(_ record: TemplateRecord) -> Bool {
            var words = 0
            var fits = true
            MaskedWords.forEach(in: record.masked) { word in
                words += 1
                if word.isNumber {
                    totals.numbers = saturatingAdd(totals.numbers, record.count)
                } else if part.contains(word.hash), fits, word.bytes.count <= Pass.longestWord,
                    !Pass.isReserved(word.bytes)
                {
                    fits = counts.add(word.bytes, hash: word.hash, count: record.count)
                }
            }
            totals.words = saturatingAdd(totals.words, saturatingProduct(words, record.count))
            let cut = max(0, words - Batch.length + 1)
            totals.cut = saturatingAdd(totals.cut, saturatingProduct(cut, record.count))
            totals.lines = saturatingAdd(totals.lines, record.count)
            if cut > 0 { totals.cutLines = saturatingAdd(totals.cutLines, record.count) }
            return fits
        }

        private static func isReserved(_ word: UnsafeRawBufferPointer) -> Bool {
            guard word.count >= 5, word.count <= 6, word.first == UInt8(ascii: "<") else { return false }
            return Vocabulary.Reserved.names.contains { $0.utf8.elementsEqual(word) }
        }
    }

    private static func saturatingProduct(_ left: Int, _ right: UInt64) -> UInt64 {
        let (product, overflow) = UInt64(left).multipliedReportingOverflow(by: right)
        return overflow ? .max : product
    }
}
