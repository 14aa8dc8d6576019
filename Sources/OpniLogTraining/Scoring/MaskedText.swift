/// A masked text as a key: two texts are one only if their bytes are.
struct MaskedText: Hashable, Sendable {
    /// UTF-8. No `String`: two spellings of one character are one to it, and two words to the model.
    let bytes: [UInt8]

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = Array(bytes) }

    init(_ text: String) { bytes = Array(text.utf8) }

    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}

/// What a model makes of one masked text.
struct Judgement: Sendable, Equatable {
    let score: Double
    /// How many words it would rather have seen, for each word that it is given; `<CLS>` is none.
    let ranks: [Int32]
}
