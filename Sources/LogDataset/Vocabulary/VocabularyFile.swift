/// The original's `vocab.txt`: the number of ids, the next free id, then the name of each id, a line each.
///
/// The original's reader opens the file as UTF-8 text with universal newlines, takes the two numbers with `int`, and
/// removes `\n` from each further line, nothing else. So every word survives but one that holds `\n` or `\r` (odd white
/// space such as U+0085, U+2028 or a vertical tab does no harm), and such a word must never get an id.
enum VocabularyFile {
    /// More ids than this are taken for a damaged file rather than for a vocabulary.
    static let largestCount = 10_000_000

    /// Whether a word can stand in the file and be read back the same.
    static func canHold(_ word: UnsafeRawBufferPointer) -> Bool {
        !word.isEmpty && !word.contains { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    }

    /// The file's content.
    static func serialize(_ vocabulary: Vocabulary) -> [UInt8] {
        var bytes = Array("\(vocabulary.count)\n\(vocabulary.assigned)\n".utf8)
        for word in vocabulary.words {
            bytes += word.utf8
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// Reads a file's content.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - path: Its name for messages.
    /// - Throws: `corruptFile`, with the number of the line that is wrong.
    static func parse(_ bytes: [UInt8], path: String) throws(DatasetError) -> Vocabulary {
        var lines = Lines(bytes: bytes)
        func wrong(_ what: String) -> DatasetError {
            DatasetError(
                .corruptFile,
                "\(path), line \(lines.number): \(what). This is no vocab.txt of a model; take the one saved with it.")
        }
        func next(_ wanted: String) throws(DatasetError) -> String {
            guard let line = lines.next() else { throw wrong("the file ends where \(wanted) should stand") }
            guard let text = String(validating: line, as: UTF8.self) else { throw wrong("not UTF-8") }
            return text
        }

        let count = try number(next("the number of ids"))
        let reserved = Vocabulary.Reserved.names
        guard let count, (reserved.count...largestCount).contains(count) else {
            throw wrong("a number of ids from \(reserved.count) to \(largestCount) should stand here")
        }
        guard let assigned = try number(next("the next free id")), (reserved.count...count).contains(assigned) else {
            throw wrong("the next free id, from \(reserved.count) to \(count), should stand here")
        }
        var words: [String] = []
        for id in 0..<count {
            let word = try next("the name of id \(id) of \(count)")
            if id < reserved.count, word != reserved[id] { throw wrong("\(reserved[id]) should stand here") }
            words.append(word)
        }
        if lines.next() != nil { throw wrong("more lines than the \(count) ids that line 1 names") }
        return Vocabulary(allWords: words, assigned: assigned)
    }

    /// A whole number as the original reads it, with white space around it allowed.
    private static func number(_ text: String) -> Int? {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let trimmed = text.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return Int(String(decoding: Array(trimmed), as: UTF8.self))
    }

    /// Walks lines that end in `\n`, `\r\n` or `\r`; a last one without an end counts too.
    private struct Lines {
        let bytes: [UInt8]
        private var position = 0
        /// The number of the line that `next` gave last, or tried to give.
        private(set) var number = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func next() -> ArraySlice<UInt8>? {
            number += 1
            guard position < bytes.count else { return nil }
            let rest = bytes[position...]
            let isEnd = { (byte: UInt8) in byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }
            guard let end = rest.firstIndex(where: isEnd) else {
                position = bytes.count
                return rest
            }
            let isPair =
                bytes[end] == UInt8(ascii: "\r") && end + 1 < bytes.count && bytes[end + 1] == UInt8(ascii: "\n")
            position = end + (isPair ? 2 : 1)
            return bytes[rest.startIndex..<end]
        }
    }
}

extension Vocabulary {
    /// Reads a `vocab.txt`, ours or the original's.
    ///
    /// - Parameter path: The file.
    /// - Throws: `unreadableFile`, or `corruptFile` with the number of the line that is wrong.
    public init(readingFrom path: String) throws(DatasetError) {
        self = try VocabularyFile.parse(WholeFile.read(path), path: path)
    }

    /// Writes a `vocab.txt` that the original's service reads: whole or not at all, readable by its owner only.
    ///
    /// - Parameter path: The file; one that stands there already is replaced.
    /// - Throws: `unwritable`.
    public func write(to path: String) throws(DatasetError) {
        try WholeFile.write(VocabularyFile.serialize(self), to: path)
    }
}
