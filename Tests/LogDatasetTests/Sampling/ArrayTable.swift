import LogDataset

/// A table held in arrays, in table order. Its hashes are any well-spread 128 bits of the text.
struct ArrayTable: TemplateShards {
    struct Row {
        var hash: UInt128
        var masked: [UInt8]
        var count: UInt64
        var heldOut: UInt64
    }

    private(set) var shards: [[Row]]

    /// - Parameters:
    ///   - rows: The templates, in any order.
    ///   - only: Puts all templates into this shard.
    ///   - spread: Puts each template into a shard of its own, as far as there are enough.
    init(_ rows: [(text: String, count: UInt64, heldOut: UInt64)], only: Int? = nil, spread: Bool = false) {
        shards = Array(repeating: [], count: TemplateShard.count)
        for (index, row) in rows.enumerated() {
            let bytes = Array(row.text.utf8)
            var hash = ArrayTable.hash(bytes)
            if let only = spread ? index % TemplateShard.count : only {
                hash = UInt128(only) << 120 | hash & (UInt128.max >> 8)
            }
            let new = Row(hash: hash, masked: bytes, count: row.count, heldOut: row.heldOut)
            shards[TemplateShard.of(hash)].append(new)
        }
        for shard in shards.indices { shards[shard].sort { $0.hash < $1.hash } }
    }

    init(_ counts: [String: UInt64]) {
        self.init(counts.map { ($0.key, $0.value, 0) })
    }

    var rows: [Row] { shards.flatMap { $0 } }

    func forEachRecord(inShard shard: Int, _ body: (TemplateRecord) throws -> Void) throws {
        for row in shards[shard] {
            try row.masked.withUnsafeBytes { bytes in
                try body(TemplateRecord(hash: row.hash, masked: bytes, count: row.count, heldOut: row.heldOut))
            }
        }
    }

    /// Two SplitMix64 lanes over the bytes.
    private static func hash(_ bytes: [UInt8]) -> UInt128 {
        func lane(_ seed: UInt64) -> UInt64 {
            var state = seed
            for byte in bytes + [0xFF] {
                state = (state ^ UInt64(byte)) &+ 0x9E37_79B9_7F4A_7C15
                state = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
                state = (state ^ state >> 27) &* 0x94D0_49BB_1331_11EB
                state ^= state >> 31
            }
            return state
        }
        return UInt128(lane(1)) << 64 | UInt128(lane(2))
    }
}
