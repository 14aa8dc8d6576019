/// Which lines are left out of the table, for what they say.
public struct LineCleaning: Sendable, Equatable {
    /// A line that holds one of these is left out, before it is masked.
    public var keywords: KeywordList?
    /// A line of fewer words after masking is left out. The `<CLS>` that the model puts before them does not count, so
    /// the original's `MIN_LOG_TOKENS` is one more.
    public var minimumTokens = 0

    /// Leaves nothing out.
    public init() {}

    /// SHA-256 over what is left out, in hexadecimal digits: tables are comparable only under the same cleaning. Nil
    /// where nothing is.
    public var digest: String? {
        guard let canonicalText else { return nil }
        let digest = SHA256()
        digest.update(canonicalText)
        return digest.finish().hexadecimal
    }

    /// What is left out, in one spelling; nil where nothing is.
    var canonicalText: String? {
        var parts: [String] = []
        if let keywords { parts += keywords.phrases.map { "keyword \($0)\n" } }
        if minimumTokens > 0 { parts.append("minimum tokens \(minimumTokens)\n") }
        return parts.isEmpty ? nil : parts.joined()
    }

    /// Whether a message may be masked.
    func keeps(message: UnsafeRawBufferPointer) -> Bool { keywords.map { !$0.isFound(in: message) } ?? true }

    /// Whether a masked text may be counted.
    func keeps(masked: UnsafeRawBufferPointer) -> Bool {
        if minimumTokens == 0 { return true }
        var words = 0
        var isBetween = true
        for byte in masked {
            if isBetween, byte != UInt8(ascii: " ") { words += 1 }
            if words >= minimumTokens { return true }
            isBetween = byte == UInt8(ascii: " ")
        }
        return false
    }
}

/// Lines that were left out, by the reason.
public struct DroppedLines: Sendable, Codable, Equatable {
    /// Lines that hold a keyword.
    public var keywords: UInt64 = 0
    /// Lines of too few words.
    public var tooShort: UInt64 = 0
    /// Documents with a field whose value says so.
    public var fields: UInt64 = 0

    /// None.
    public init() {}

    /// All of them.
    public var total: UInt64 { keywords + tooShort + fields }

    /// Adds what another has counted.
    public mutating func add(_ other: DroppedLines) {
        keywords += other.keywords
        tooShort += other.tooShort
        fields += other.fields
    }

    /// Takes away what another has counted, and this one with it.
    mutating func subtract(_ other: DroppedLines) {
        keywords -= other.keywords
        tooShort -= other.tooShort
        fields -= other.fields
    }
}

/// A field of documents and the text in it that leaves a document out: a label that Opni wrote, for example.
public struct FieldFilter: Sendable, Equatable {
    /// The field: the literal key first, then the dotted path.
    public let field: String
    /// The whole text in it.
    public let value: String

    /// Leaves out the documents whose `field` holds `value`.
    public init(field: String, value: String) {
        self.field = field
        self.value = value
    }
}

/// What a source itself leaves out of what it was asked for.
public struct Exclusion: Sendable, Codable, Equatable {
    /// Why, for people.
    public let reason: String
    /// How many documents.
    public let documents: Int

    /// Says what was left out.
    public init(reason: String, documents: Int) {
        self.reason = reason
        self.documents = documents
    }
}
