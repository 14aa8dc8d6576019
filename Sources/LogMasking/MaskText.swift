import CBytes

/// A class of code points: what of it is ASCII, and what is not.
struct CharacterClass {
    let bytes: ByteClass
    let points: PointClass

    /// `\w`
    static var word: Self { Self(bytes: ByteClasses.word, points: UnicodeClasses.word) }
    /// `\d`
    static var decimal: Self { Self(bytes: ByteClasses.digit, points: UnicodeClasses.decimal) }
    /// `\s`
    static var space: Self { Self(bytes: ByteClasses.space, points: UnicodeClasses.space) }
}

/// What the rules work on: valid UTF-8 with zeros behind it and a bitmap for each `BitClass`, borrowed for one message.
///
/// All loops over bytes stand here, and each adds to `steps` the bytes, or words of 64 bits, that it looked at: so the
/// count is that of the work, and a test can hold it against the length of a line. No class holds NUL, so runs need no
/// check for the end.
struct MaskText {
    static var wordsPerBlock: Int { Int(OPNILOG_BYTES_WORDS) }

    let base: UnsafeMutablePointer<UInt8>
    let count: Int
    /// The bitmaps of the first block. One block of zeros stands before it and one behind the last.
    let words: UnsafeMutablePointer<UInt64>
    let blocks: Int
    /// What occurred before anything was masked.
    let seen: SeenClasses
    private let byteTable = ByteClasses.table
    private let pointTable = UnicodeClasses.table
    /// Bytes looked at since the text was borrowed.
    var steps = 0
    /// Bytes that the names of all masks need.
    var nameBytes = 0

    init(
        _ base: UnsafeMutablePointer<UInt8>, count: Int, words: UnsafeMutablePointer<UInt64>, seen: SeenClasses
    ) {
        self.base = base
        self.count = count
        self.words = words
        self.seen = seen
        blocks = (count + 63) / 64
    }

    var isASCII: Bool { !seen.has(.nonASCII) }

    subscript(index: Int) -> UInt8 { base[index] }

    /// Whether the byte at `index` is ASCII and in one of the classes.
    func isByte(_ byteClass: ByteClass, at index: Int) -> Bool {
        byteTable[Int(base[index])] & byteClass != 0
    }

    /// All classes of the byte at `index`.
    func classes(at index: Int) -> ByteClass { byteTable[Int(base[index])] }

    /// Whether `literal`, without NUL, stands at `index`.
    func matches(_ literal: StaticString, at index: Int) -> Bool {
        matchesFirst(literal.utf8CodeUnitCount, of: literal, at: index)
    }

    /// Whether the first `length` bytes of `literal` stand at `index`.
    func matchesFirst(_ length: Int, of literal: StaticString, at index: Int) -> Bool {
        for offset in 0..<length where base[index + offset] != literal.utf8Start[offset] { return false }
        return true
    }

    /// Whether `literal` ends before `index` and starts at or after `limit`.
    func matches(_ literal: StaticString, endingAt index: Int, limit: Int) -> Bool {
        let start = index - literal.utf8CodeUnitCount
        return start >= limit && matches(literal, at: start)
    }

    /// Whether `(?<=[^A-Za-z0-9])|^` holds at `index`: a byte of a longer character is no ASCII letter either.
    func isBorderBefore(_ index: Int) -> Bool {
        index == 0 || !isByte(ByteClasses.alphanumeric, at: index - 1)
    }

    /// Whether `(?=[^A-Za-z0-9])|$` holds at `index`; the zeros behind the text make the end one.
    func isBorderAfter(_ index: Int) -> Bool {
        !isByte(ByteClasses.alphanumeric, at: index)
    }
}

extension MaskText {
    /// End of the run of `byte` that starts at `index`.
    mutating func endOfRun(_ byte: UInt8, from index: Int) -> Int {
        var end = index
        while base[end] == byte { end += 1 }
        steps &+= end - index + 1
        return end
    }

    /// Start of the run of ASCII bytes of the class that ends before `index`, not before `limit`.
    mutating func startOfBytes(_ byteClass: ByteClass, before index: Int, limit: Int) -> Int {
        var start = index
        while start > limit, byteTable[Int(base[start - 1])] & byteClass != 0 { start -= 1 }
        steps &+= index - start + 1
        return start
    }

    /// End of the run of characters of the class that starts at `index`.
    mutating func end(of characters: CharacterClass, from index: Int) -> Int {
        var end = index
        while true {
            while byteTable[Int(base[end])] & characters.bytes != 0 { end += 1 }
            let length = base[end] < 0x80 ? 0 : length(of: characters, at: end)
            if length == 0 { break }
            end += length
        }
        steps &+= end - index + 1
        return end
    }
}

extension MaskText {
    /// Start of the run of characters of the class that ends before `index`, not before `limit`.
    mutating func start(of characters: CharacterClass, before index: Int, limit: Int) -> Int {
        var start = index
        while true {
            let length = length(of: characters, before: start, limit: limit)
            if length == 0 { break }
            start -= length
        }
        steps &+= index - start + 1
        return start
    }

    /// Bytes of the character at `index` if it is in the class, else 0.
    func length(of characters: CharacterClass, at index: Int) -> Int {
        let byte = base[index]
        if byte < 0x80 { return byteTable[Int(byte)] & characters.bytes != 0 ? 1 : 0 }
        let (point, length) = point(at: index)
        return pointTable[Int(point)] & characters.points != 0 ? length : 0
    }

    /// Bytes of the character that ends before `index` if it is in the class and starts at or after `limit`, else 0.
    func length(of characters: CharacterClass, before index: Int, limit: Int) -> Int {
        let start = startOfCharacter(before: index, limit: limit)
        return start < index && length(of: characters, at: start) > 0 ? index - start : 0
    }

    /// Start of the character that ends before `index`; `index` itself at the limit.
    func startOfCharacter(before index: Int, limit: Int) -> Int {
        var start = index
        while start > limit {
            start -= 1
            if base[start] & 0xC0 != 0x80 { break }
        }
        return start
    }

    /// Classes of the code point that a character from `point(at:)` on has.
    func pointClasses(_ point: UInt32) -> PointClass { pointTable[Int(point)] }

    /// The code point at `index` and its bytes, of a text known to be valid.
    func point(at index: Int) -> (point: UInt32, length: Int) {
        let first = UInt32(base[index])
        if first < 0x80 { return (first, 1) }
        let second = UInt32(base[index + 1] & 0x3F)
        if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
        let third = UInt32(base[index + 2] & 0x3F)
        if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
        return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(base[index + 3] & 0x3F), 4)
    }

    /// End of exactly `count` decimal digits at `index`.
    func endOfDigits(_ count: Int, from index: Int) -> Int? {
        var end = index
        for _ in 0..<count {
            let length = length(of: .decimal, at: end)
            if length == 0 { return nil }
            end += length
        }
        return end
    }

    /// Start of exactly `count` decimal digits before `index`, at or after `limit`.
    func startOfDigits(_ count: Int, before index: Int, limit: Int) -> Int? {
        var start = index
        for _ in 0..<count {
            let length = length(of: .decimal, before: start, limit: limit)
            if length == 0 { return nil }
            start -= length
        }
        return start
    }
}
