/// How many shards took part in an answer.
struct ShardCounts: Decodable {
    var total: Int64
    var successful: Int64
}

/// A whole number, however it is written (`1.5e12`). As a Double alone, times beyond 2^53 would be moved.
struct WholeNumber: Decodable {
    var value: Int64

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let whole = try? container.decode(Int64.self) {
            value = whole
        } else if let whole = Int64(exactly: try container.decode(Double.self)) {
            value = whole
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a time that is no Int64")
        }
    }
}

/// The answer to a search for hours or bounds.
struct AggregationAnswer: Decodable {
    struct Buckets: Decodable {
        struct Bucket: Decodable {
            /// Milliseconds since 1970.
            var key: WholeNumber
            // Named as OpenSearch names it.
            var doc_count: Int
        }
        var buckets: [Bucket]
    }
    struct Names: Decodable {
        struct Bucket: Decodable {
            var key: String
            var doc_count: Int
        }
        var buckets: [Bucket]
    }
    struct Count: Decodable { var doc_count: Int }
    struct Value: Decodable { var value: Double? }
    struct Aggregations: Decodable {
        var hours: Buckets?
        var untimed: Count?
        var indices: Names?
        var first: Value?
        var last: Value?
    }

    var _shards: ShardCounts
    struct Hits: Decodable {
        struct Total: Decodable { var value: Int }
        var total: Total?
    }
    /// Of a search over remote clusters.
    struct Clusters: Decodable { var skipped: Int }

    var _clusters: Clusters?
    var timed_out: Bool
    var hits: Hits?
    var aggregations: Aggregations?

    /// Whether its counts and hours can be: we add up the one and go through them one by one, and count back from the
    /// other to where an hour begins.
    var isSound: Bool {
        let buckets = (aggregations?.hours?.buckets ?? []).map(\.doc_count)
        let indices = (aggregations?.indices?.buckets ?? []).map(\.doc_count)
        let counts = buckets + indices + [aggregations?.untimed?.doc_count ?? 0, hits?.total?.value ?? 0]
        let hours = (aggregations?.hours?.buckets ?? []).map(\.key.value)
        return _shards.isSound && counts.allSatisfy(Self.isSound) && hours.allSatisfy { $0 >= -1 << 62 }
    }

    /// More documents than any cluster has, and yet their sum over all hours is a number.
    static func isSound(_ documents: Int) -> Bool { (0...1 << 44).contains(documents) }
}

extension ShardCounts {
    var isSound: Bool { (0...1 << 20).contains(total) && (0...total).contains(successful) }
}

/// The answer to a count.
struct CountAnswer: Decodable {
    var _shards: ShardCounts
    var count: Int
}

/// The answer to `GET /`.
struct RootAnswer: Decodable {
    struct Version: Decodable { var number: String }
    var version: Version
}
