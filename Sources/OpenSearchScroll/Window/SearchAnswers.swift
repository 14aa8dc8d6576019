/// How many shards took part in an answer.
struct ShardCounts: Decodable {
    var total: Int64
    var successful: Int64
}

/// The answer to a search for hours or bounds.
struct AggregationAnswer: Decodable {
    struct Buckets: Decodable {
        struct Bucket: Decodable {
            /// Milliseconds since 1970.
            var key: Double
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
