import LogGenerator

/// Documents that are computed when they are asked for: log `i` of a ``LogGenerator`` at `start + i · interval`.
///
/// Every query by time, existence or id and every histogram is answered arithmetically, so a billion documents take
/// neither memory nor time. A document is `{"time":1795514400000,"log":"…"}`; some may lack one of the fields.
public struct GeneratedContents: IndexContents {
    /// How many documents there are.
    public let documentCount: Int
    /// Epoch milliseconds of document 0.
    public let start: Int64
    /// Each `untimedEvery`-th document (the last of each such row) has no `time`; 0: all have one.
    public let untimedEvery: Int
    /// Each `unloggedEvery`-th document has no `log`; 0: all have one.
    public let unloggedEvery: Int

    private let generator: LogGenerator
    private let nanoseconds: Int64
    private let seed: UInt64

    /// - Parameters:
    ///   - documents: how many, 0 to 10¹².
    ///   - seed: of the generator, and of the ids.
    ///   - start: epoch milliseconds of the first document. Default: 2026-11-24T10:00:00Z.
    ///   - interval: time between two documents, at least a nanosecond; `documents · interval` under 290 years.
    ///   - untimedEvery: each so-manieth document has no time field; 0: none.
    ///   - unloggedEvery: each so-manieth document has no `log`; 0: none.
    public init(
        documents: Int, seed: UInt64 = 0, start: Int64 = 1_795_514_400_000, interval: Duration = .milliseconds(1),
        untimedEvery: Int = 0, unloggedEvery: Int = 0
    ) {
        let (seconds, attoseconds) = interval.components
        nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        precondition(documents >= 0 && nanoseconds > 0, "documents must not be negative, their interval positive")
        precondition(
            !Int64(documents).multipliedReportingOverflow(by: nanoseconds).overflow,
            "so many documents at this interval span more than 290 years; take a shorter interval")
        precondition(untimedEvery >= 0 && unloggedEvery >= 0, "a share of documents is given as 1 in n, n from 0 up")
        documentCount = documents
        self.seed = seed
        self.start = start
        self.untimedEvery = untimedEvery
        self.unloggedEvery = unloggedEvery
        generator = LogGenerator(seed: seed)
    }

    /// Epoch milliseconds of the document at `position`, whether it shows them or not.
    public func milliseconds(at position: Int) -> Int64 {
        start + Int64(position) * nanoseconds / 1_000_000
    }

    /// The first position whose time is at or after `time` (epoch milliseconds), at most ``documentCount``.
    func firstPosition(from time: Double) -> Int {
        guard time > Double(start) else { return 0 }
        let passed = (time - Double(start)).rounded(.up)
        guard passed * 1_000_000 < Double(documentCount) * Double(nanoseconds) else { return documentCount }
        let (quotient, remainder) = (Int64(passed) * 1_000_000).quotientAndRemainder(dividingBy: nanoseconds)
        return min(documentCount, Int(quotient) + (remainder > 0 ? 1 : 0))
    }

    /// Whether the document shows its time.
    func hasTime(_ position: Int) -> Bool { untimedEvery == 0 || position % untimedEvery != untimedEvery - 1 }

    /// Whether the document has a log.
    func hasLog(_ position: Int) -> Bool { unloggedEvery == 0 || position % unloggedEvery != unloggedEvery - 1 }

    /// The documents without a time, nil where all have one.
    var untimedRow: Residue? { row(untimedEvery) }

    /// The documents without a log, nil where all have one.
    var unloggedRow: Residue? { row(unloggedEvery) }

    private func row(_ every: Int) -> Residue? {
        every == 0 || every > documentCount ? nil : Residue(remainder: every - 1, modulus: every)
    }

    /// The position is in the id, so that the shard is a function of the id.
    public func place(at position: Int, of shards: Int) -> (shard: Int, number: Int) {
        (position % shards, position / shards)
    }

    /// Computes what matches, without looking at a document.
    public func select(_ query: SearchQuery) -> any DocumentSelection {
        GeneratedSelection(contents: self, pieces: PositionPieces.matching(query, in: self))
    }

    /// 20 characters: the position in base 32, below a scramble of it, so that ids neither ascend nor repeat.
    public func appendID(at position: Int, to buffer: inout [UInt8]) {
        let scramble = GeneratedID.scramble(UInt64(position), seed: seed)
        GeneratedID.append(scramble, 10, to: &buffer)
        GeneratedID.append(UInt64(position), 10, to: &buffer)
    }

    /// The position that an id stands for; nil for an id that none of the documents has.
    func position(ofID id: String) -> Int? {
        guard let position = GeneratedID.position(id), position < UInt64(documentCount) else { return nil }
        var buffer: [UInt8] = []
        appendID(at: Int(position), to: &buffer)
        return buffer == Array(id.utf8) ? Int(position) : nil
    }

    /// Appends `{"time":…,"log":"…"}`, as far as the document has them and `filter` keeps them.
    public func appendSource(at position: Int, _ filter: SourceFilter, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "{"))
        let showsTime = hasTime(position) && (filter.isWhole || filter.keeps("time"))
        if showsTime {
            JSONWriter.append("\"time\":", to: &buffer)
            DecimalWriter.append(milliseconds(at: position), to: &buffer)
        }
        if hasLog(position), filter.isWhole || filter.keeps("log") {
            JSONWriter.append(showsTime ? ",\"log\":\"" : "\"log\":\"", to: &buffer)
            appendLog(at: position, to: &buffer)
            buffer.append(UInt8(ascii: "\""))
        }
        buffer.append(UInt8(ascii: "}"))
    }

    /// Writes the log where it belongs and, if it holds something to escape, once more over itself.
    private func appendLog(at position: Int, to buffer: inout [UInt8]) {
        let from = buffer.count
        generator.append(at: UInt64(position), to: &buffer)
        let length = buffer.count - from
        let isPlain = buffer.withUnsafeBufferPointer { JSONWriter.firstEscape(in: $0, from: from) == nil }
        if isPlain { return }
        withUnsafeTemporaryAllocation(byteCount: length, alignment: 1) { copy in
            buffer.withUnsafeBytes { copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[from...])) }
            buffer.removeLast(length)
            copy.withMemoryRebound(to: UInt8.self) { JSONWriter.appendEscaped(UnsafeBufferPointer($0), to: &buffer) }
        }
    }
}

/// Ids of generated documents.
enum GeneratedID {
    static func scramble(_ position: UInt64, seed: UInt64) -> UInt64 {
        var z = (position &+ seed &+ 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return z ^ (z >> 32)
    }

    /// Appends the lowest 5 · `count` bits, highest first.
    static func append(_ value: UInt64, _ count: Int, to buffer: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { digits in
            for place in 0..<count {
                let digit = UInt8(truncatingIfNeeded: (value >> UInt64(5 * (count - 1 - place))) & 31)
                digits[place] = digit < 10 ? 48 + digit : 87 + digit
            }
            buffer.append(contentsOf: UnsafeBufferPointer(digits))
        }
    }

    static func position(_ id: String) -> UInt64? {
        let bytes = Array(id.utf8)
        guard bytes.count == 20 else { return nil }
        var value: UInt64 = 0
        for byte in bytes[10...] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 5 | UInt64(byte - 48)
            case UInt8(ascii: "a")...UInt8(ascii: "v"): value = value << 5 | UInt64(byte - 87)
            default: return nil
            }
        }
        return value
    }
}

/// Decimal numbers without a string in between.
enum DecimalWriter {
    static func append(_ value: Int64, to buffer: inout [UInt8]) {
        if value < 0 { buffer.append(UInt8(ascii: "-")) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var start = digits.count
            var rest = value.magnitude
            repeat {
                start -= 1
                digits[start] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                rest /= 10
            } while rest > 0
            buffer.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }
}
