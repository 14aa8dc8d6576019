/// Words and phrases; a line that holds one of them is not trained on.
///
/// A phrase is found where its words stand one behind the other, whole and in any case: `connection refused` in
/// `Connection: refused`, but `fail` not in `failed`. That is how the index analyses texts, and so how the original's
/// query finds them. A word is a run of ASCII letters, digits and underscores, and of whatever is not ASCII.
public struct KeywordList: Sendable, Equatable {
    /// The phrases that Opni leaves out of its training data (the enhancement "keyword filtering" of rancher/opni).
    public static let original = KeywordList(words: [
        "fail", "error", "fatal", "exception", "timeout", "unavailable", "crash", "connection refused",
        "network error", "deadlock", "out of disk", "high load",
    ])

    /// The phrases in lower case, one blank between words, sorted.
    public let phrases: [String]

    /// All phrases, one behind the other.
    private let bytes: [UInt8]
    /// Where the phrases stand that begin with a byte: `ranges[starts[byte]..<starts[byte + 1]]`.
    private let ranges: [Range<Int>]
    private let starts: [Int]

    /// A list of phrases.
    ///
    /// - Throws: `invalidSetting` for a phrase without a word, or if there is none.
    public init(_ phrases: [String]) throws(DatasetError) {
        var words: [String] = []
        for phrase in phrases {
            let parts = phrase.utf8.split { !KeywordList.isWord($0) }
            guard !parts.isEmpty else {
                throw DatasetError(.invalidSetting, "a keyword without a letter or digit finds nothing; leave it out")
            }
            words.append(String(decoding: parts.joined(separator: [0x20]).map(KeywordList.lowered), as: UTF8.self))
        }
        guard !words.isEmpty else { throw DatasetError(.invalidSetting, "there is no keyword; name at least one") }
        self.init(words: words)
    }

    private init(words: [String]) {
        phrases = Set(words).sorted()
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        var counts = [Int](repeating: 0, count: 257)
        // By their first byte, so that those of one stand together.
        for phrase in phrases.map({ Array($0.utf8) }).sorted(by: { $0[0] < $1[0] }) {
            ranges.append(bytes.count..<bytes.count + phrase.count)
            bytes += phrase
            counts[Int(phrase[0]) + 1] += 1
        }
        self.bytes = bytes
        self.ranges = ranges
        starts = counts.reduce(into: []) { $0.append(($0.last ?? 0) + $1) }
    }

    /// Whether one of the phrases stands in a message.
    func isFound(in message: UnsafeRawBufferPointer) -> Bool {
        starts.withUnsafeBufferPointer { starts in
            var index = 0
            while index < message.count {
                guard KeywordList.isWord(message[index]) else {
                    index += 1
                    continue
                }
                let first = Int(KeywordList.lowered(message[index]))
                for phrase in starts[first]..<starts[first + 1] where stands(ranges[phrase], in: message, at: index) {
                    return true
                }
                while index < message.count, KeywordList.isWord(message[index]) { index += 1 }
            }
            return false
        }
    }

    private func stands(_ phrase: Range<Int>, in message: UnsafeRawBufferPointer, at start: Int) -> Bool {
        var index = start
        for byte in bytes[phrase] {
            if byte == 0x20 {
                // The word ends here, and the next one begins behind whatever is between them.
                guard index < message.count, !KeywordList.isWord(message[index]) else { return false }
                while index < message.count, !KeywordList.isWord(message[index]) { index += 1 }
            } else {
                guard index < message.count, KeywordList.lowered(message[index]) == byte else { return false }
                index += 1
            }
        }
        return index == message.count || !KeywordList.isWord(message[index])
    }

    @inline(__always)
    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F
    }

    @inline(__always)
    private static func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
