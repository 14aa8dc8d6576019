/// Scroll ids in the form that OpenSearch gives them: URL-safe Base64 of session, context number and node, a shard
/// each.
struct ScrollID: Equatable {
    /// The name of the one node there is, 22 characters as a node's are.
    static let node = "T0pn1L0gTest1ngN0deAAA"

    /// 22 characters that tell this server from one started later.
    var session: String
    /// One context a shard.
    var contexts: [UInt64]
    /// The indices, which 3.x adds.
    var indices: [String]

    /// A session of its own for a new server.
    static func newSession() -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return String((0..<22).map { _ in letters[Int.random(in: 0..<letters.count)] })
    }

    /// - Parameter namesIndices: as 3.x does.
    func text(namesIndices: Bool) -> String {
        var bytes: [UInt8] = []
        Self.append("include_context_uuid", to: &bytes)
        Self.append(contexts.count == 1 ? "queryAndFetch" : "queryThenFetch", to: &bytes)
        bytes.append(UInt8(truncatingIfNeeded: contexts.count))
        for context in contexts {
            Self.append(session, to: &bytes)
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: context >> shift))
            }
            Self.append(Self.node, to: &bytes)
        }
        if namesIndices {
            bytes.append(1)
            bytes.append(UInt8(truncatingIfNeeded: indices.count))
            for index in indices { Self.append(index, to: &bytes) }
        }
        return Base64.encode(bytes)
    }

    /// Reads an id; nil where it is none.
    init?(_ text: String) {
        guard let bytes = Base64.decode(text) else { return nil }
        var position = 0
        func string() -> String? {
            guard position < bytes.count, position + 1 + Int(bytes[position]) <= bytes.count else { return nil }
            let end = position + 1 + Int(bytes[position])
            defer { position = end }
            return String(decoding: bytes[position + 1..<end], as: UTF8.self)
        }
        guard string() == "include_context_uuid", string()?.hasPrefix("query") == true, position < bytes.count else {
            return nil
        }
        let shards = Int(bytes[position])
        position += 1
        contexts = []
        session = ""
        for _ in 0..<shards {
            guard let session = string(), position + 8 <= bytes.count else { return nil }
            self.session = session
            contexts.append(bytes[position..<position + 8].reduce(0) { $0 << 8 | UInt64($1) })
            position += 8
            guard string() != nil else { return nil }
        }
        indices = []
    }

    init(session: String, contexts: [UInt64], indices: [String]) {
        self.session = session
        self.contexts = contexts
        self.indices = indices
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
}

/// Base64 with the URL-safe alphabet for ids; the plain one is read too, for basic authentication.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let isFilled = place <= group.count
                text.append(isFilled ? alphabet[Int((bits >> UInt32(18 - 6 * place)) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for character in text.utf8 where character != UInt8(ascii: "=") {
            let plain = character == UInt8(ascii: "+") ? UInt8(ascii: "-") : character
            let safe = plain == UInt8(ascii: "/") ? UInt8(ascii: "_") : plain
            guard let value = alphabet.firstIndex(of: safe) else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8((bits >> UInt32(held)) & 255))
                bits &= (1 << UInt32(held)) - 1
            }
        }
        return held < 6 ? bytes : nil
    }
}
