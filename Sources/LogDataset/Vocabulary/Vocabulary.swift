/// The words a model knows, by id, and how a masked text becomes token ids.
///
/// The rules and the file are the original's (its `vocab.txt`), so its service reads what is written here: a text is
/// split on single spaces, a word with two or more digits is `<NUM>`, a text without words is `<EMPTY>`, a word without
/// an id is `<UNK>`.
public struct Vocabulary: Sendable {
    /// The ids every vocabulary begins with.
    public enum Reserved {
        /// Fills a row after a log's end.
        public static let pad: Int32 = 0
        /// Begins every log; the model's answer is read at its position.
        public static let start: Int32 = 1
        /// Stands for the word to be predicted.
        public static let mask: Int32 = 2
        /// Stands for a word without an id.
        public static let unknown: Int32 = 3
        /// Stands for a word with two or more digits.
        public static let number: Int32 = 4
        /// The names of the reserved ids, in order.
        public static let names = ["<PAD>", "<CLS>", "<MASK>", "<UNK>", "<NUM>"]
    }

    /// The most ids a vocabulary built here has, reserved ones included: the original's default.
    public static let largestCount = 10_000

    /// The name of each id: reserved names, words, then `<TMPi>` for each id `i` that no word has yet.
    public let words: [String]

    /// How many ids are in use: the next free id (the file's `valid_words`).
    public let assigned: Int

    private let index: WordIndex

    /// How many ids there are: the rows of the embedding and of the generator (the file's `n_words`).
    public var count: Int { words.count }

    /// Creates a vocabulary whose ids are all in use: the reserved ones, then `words` from id 5 upward.
    ///
    /// - Parameter words: Distinct words, none of them reserved, empty, or holding a space or a line break.
    public init(words: [String]) {
        self.init(allWords: Reserved.names + words, assigned: Reserved.names.count + words.count)
    }

    /// Creates a vocabulary from the names of all ids.
    init(allWords: some Sequence<String>, assigned: Int) {
        let allWords = Array(allWords)
        words = allWords
        self.assigned = assigned
        // A masked text is in lower case and cannot hold a reserved name; one that does all the same must not put
        // padding or a mask into a row.
        self.index = WordIndex(allWords, from: Reserved.names.count)
    }

    /// Creates a vocabulary for a model that is trained on: every word of the old one keeps its id, and new words take
    /// the ids after them.
    ///
    /// - Parameters:
    ///   - old: The vocabulary of the model.
    ///   - counts: Words and how often they occur. Those without an id get one by descending count, then by their
    ///     bytes.
    ///   - limit: The most ids in use, reserved ones included; an old vocabulary that has more keeps them.
    ///   - minimumCount: New words that occur less often get no id.
    public init(
        continuing old: Vocabulary, counts: [(word: String, count: UInt64)], limit: Int = largestCount,
        minimumCount: UInt64 = 1
    ) {
        var frequent = FrequentWords(limit: max(0, limit - old.assigned), minimumCount: minimumCount)
        for (word, count) in counts {
            Array(word.utf8).withUnsafeBytes { bytes in if !old.knows(bytes) { frequent.offer(bytes, count: count) } }
        }
        self.init(continuing: old, adding: frequent.take())
    }

    /// - Parameter words: Distinct words that the old vocabulary does not have, in the order of their ids.
    init(continuing old: Vocabulary, adding words: [FrequentWords.Counted]) {
        let added = words.map { String(decoding: $0.word, as: UTF8.self) }
        let unused = old.words.dropFirst(old.assigned + added.count)
        self.init(allWords: old.words[..<old.assigned] + added + unused, assigned: old.assigned + added.count)
    }

    /// Whether a word has an id of its own, or is read as a reserved one.
    func knows(_ word: UnsafeRawBufferPointer) -> Bool {
        index.id(of: word, hash: WordIndex.hash(word)).map { $0 < assigned } ?? false
            || Reserved.names.contains { $0.utf8.elementsEqual(word) } || DigitCharacters.twoOrMore(in: word)
    }

    /// What became of the words of one text.
    public struct Encoding: Sendable, Equatable {
        /// All words of the text.
        public var words = 0
        /// Words without an id among those kept.
        public var unknown = 0
        /// Words at the end for which a row has no room.
        public var cut = 0
    }

    /// Writes the token ids of one masked text: `<CLS>` first, at most `Batch.length` in all, no padding.
    ///
    /// - Parameters:
    ///   - masked: The masked text, UTF-8.
    ///   - tokens: Emptied first, then filled with 2…64 ids.
    /// - Returns: How many words the text has, and how many of them were unknown or cut.
    @discardableResult
    public func encode(_ masked: UnsafeRawBufferPointer, into tokens: inout [Int32]) -> Encoding {
        tokens.removeAll(keepingCapacity: true)
        tokens.append(Reserved.start)
        var encoding = Encoding()
        MaskedWords.forEach(in: masked) { word in
            encoding.words += 1
            if tokens.count == Batch.length {
                encoding.cut += 1
            } else if word.isNumber {
                tokens.append(Reserved.number)
            } else if let id = index.id(of: word.bytes, hash: word.hash) {
                tokens.append(id)
            } else {
                tokens.append(Reserved.unknown)
                encoding.unknown += 1
            }
        }
        return encoding
    }
}

extension Vocabulary: Equatable {
    /// Whether two vocabularies give every word the same id and have the same ids in use. Words are compared by their
    /// bytes: two spellings of one character are two words.
    public static func == (left: Vocabulary, right: Vocabulary) -> Bool {
        left.assigned == right.assigned
            && left.words.elementsEqual(right.words) { $0.utf8.elementsEqual($1.utf8) }
    }
}
