/// Cuts a masked text into words as the original's tokenizer does: split on single spaces, empty pieces dropped.
enum MaskedWords {
    /// A word of a text. Lent: it points into the text.
    struct Word {
        var bytes: UnsafeRawBufferPointer
        /// `WordIndex.hash` of the bytes.
        var hash: UInt64
        /// Two digits or more: the word is read as `<NUM>`.
        var isNumber: Bool
    }

    /// Calls `body` with each word of `text` in order, or once with `<EMPTY>` if there is none.
    static func forEach<E: Error>(in text: UnsafeRawBufferPointer, _ body: (Word) throws(E) -> Void) throws(E) {
        var found = false
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: " ") {
                index += 1
                continue
            }
            let word = scan(text, from: index)
            index += word.bytes.count
            found = true
            try body(word)
        }
        if !found { try withEmpty(body) }
    }

    /// Reads the word that starts at `start`: its end, hash and digits in one pass over its bytes.
    private static func scan(_ text: UnsafeRawBufferPointer, from start: Int) -> Word {
        var end = start
        var hash = WordIndex.hashSeed
        var digits = 0
        var beyondASCII: UInt8 = 0
        while end < text.count, text[end] != UInt8(ascii: " ") {
            let byte = text[end]
            hash = WordIndex.mix(hash, byte)
            digits += byte &- UInt8(ascii: "0") < 10 ? 1 : 0
            beyondASCII |= byte
            end += 1
        }
        let bytes = UnsafeRawBufferPointer(rebasing: text[start..<end])
        let isNumber = digits >= 2 || beyondASCII >= 0x80 && DigitCharacters.twoOrMore(in: bytes)
        return Word(bytes: bytes, hash: WordIndex.finish(hash), isNumber: isNumber)
    }

    private static func withEmpty<E: Error>(_ body: (Word) throws(E) -> Void) throws(E) {
        let name = StaticString("<EMPTY>")
        let bytes = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        try body(scan(bytes, from: 0))
    }
}
