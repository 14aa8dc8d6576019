import CXXHash

/// What tells a document from all others: 128 bits of XXH3 over its id, seeded by index and routing. Two documents of
/// one window share one by chance once in 10²⁸ windows.
struct DocumentID: Hashable, Sendable {
    var high: UInt64
    var low: UInt64

    /// The seed for all documents of an index with the default routing.
    static func seed(index: UnsafeRawBufferPointer) -> UInt64 {
        opnilog_xxh3_64(index.baseAddress, index.count)
    }

    /// - Parameter routing: empty for the default one; ids are unique only among documents of equal routing.
    init(_ id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer, seed: UInt64) {
        let seed = routing.isEmpty ? seed : seed &+ opnilog_xxh3_64(routing.baseAddress, routing.count)
        let hash = opnilog_xxh3_128_seeded(id.baseAddress, id.count, seed)
        high = hash.high
        low = hash.low
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A digest of a set of documents that does not depend on their order: the sum of their 128-bit ids modulo 2¹²⁸. A
/// document missing, doubled or exchanged changes it. Digests of disjoint sets add up.
public struct IDDigest: Sendable, Hashable {
    private(set) var sum: UInt128 = 0

    /// The digest of no document.
    public init() {}

    /// Of a text, which tells it from other texts.
    public init(of text: String) {
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        Array(text.utf8).withUnsafeBytes { add(DocumentID($0, routing: nothing, seed: 0)) }
    }

    mutating func add(_ id: DocumentID) { sum &+= UInt128(id.high) << 64 | UInt128(id.low) }

    /// Takes in the documents of another, disjoint set.
    public mutating func add(_ other: IDDigest) { sum &+= other.sum }
}

extension IDDigest: CustomStringConvertible, Codable {
    /// 32 hexadecimal digits.
    public var description: String {
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    /// Reads 32 hexadecimal digits.
    ///
    /// - Throws: `DecodingError` for anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard text.utf8.count == 32, let value = UInt128(text, radix: 16) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a digest is 32 hexadecimal digits, not \(text.utf8.count) characters")
        }
        sum = value
    }

    /// Writes the digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
