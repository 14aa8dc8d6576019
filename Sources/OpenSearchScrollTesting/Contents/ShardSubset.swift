/// Some of an index's shards.
struct ShardSubset: Sendable, Equatable {
    /// How many shards the index has.
    let count: Int
    /// Those that take part, ascending.
    let kept: [Int]

    /// All documents, as if there were one shard.
    static let all = ShardSubset(count: 1, kept: [0])

    func contains(_ shard: Int) -> Bool { kept.contains(shard) }

    /// The shard of a document that is known by its id alone.
    static func shard(ofID id: String, of count: Int) -> Int {
        guard count > 1 else { return 0 }
        // FNV-1a, its halves folded together, since its low bits alone are weak.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int((hash ^ hash >> 32) & 0xFFFF_FFFF) % count
    }
}
