/// One template of a table. Lent: `masked` is valid only until the walk's body returns.
public struct TemplateRecord {
    /// XXH3-128 of the masked bytes.
    public var hash: UInt128

    /// The masked text, UTF-8.
    public var masked: UnsafeRawBufferPointer

    /// How many lines have this masked text, held-out ones included; below 2^48.
    public var count: UInt64

    /// How many of those lines are held out: 0…`count`.
    public var heldOut: UInt64

    /// Creates a record over lent bytes.
    ///
    /// - Parameters:
    ///   - hash: XXH3-128 of the masked bytes.
    ///   - masked: The masked text, UTF-8.
    ///   - count: Lines with this masked text.
    ///   - heldOut: Those of them that are held out.
    public init(hash: UInt128, masked: UnsafeRawBufferPointer, count: UInt64, heldOut: UInt64) {
        self.hash = hash
        self.masked = masked
        self.count = count
        self.heldOut = heldOut
    }
}

/// The templates of a table in table order (by hash, then by bytes), cut into 256 shards by the first, most
/// significant, byte of the hash. It is what draws and vocabulary read; a walk may be repeated and gives the same
/// records each time, and several shards may be walked at once.
public protocol TemplateShards: Sendable {
    /// Calls `body` with each template of one shard, in table order.
    ///
    /// - Parameters:
    ///   - shard: 0…255.
    ///   - body: Called once a template; what it throws ends the walk.
    /// - Throws: What `body` throws, and what reading the table throws.
    func forEachRecord(inShard shard: Int, _ body: (TemplateRecord) throws -> Void) throws
}

/// How a table is cut into shards.
public enum TemplateShard {
    /// The number of shards of every table.
    public static let count = 256

    /// The shard of the templates with this hash: its most significant byte.
    public static func of(_ hash: UInt128) -> Int { Int(hash >> 120) }
}

extension TemplateShards {
    /// Walks one shard and turns whatever goes wrong into this module's error.
    ///
    /// - Parameters:
    ///   - shard: 0…255.
    ///   - cancellation: Looked at on the way; without one, the task is asked once, before the walk.
    ///   - body: Called once a template; what it throws ends the walk.
    func walk(
        shard: Int, cancellation: CancellationFlag? = nil, _ body: (TemplateRecord) throws -> Void
    ) throws(DatasetError) {
        if Task.isCancelled { throw .cancelled() }
        var untilCheck = 1
        do {
            try forEachRecord(inShard: shard) { record in
                untilCheck -= 1
                if untilCheck == 0 {
                    try cancellation?.check()
                    untilCheck = 4096
                }
                try body(record)
            }
        } catch {
            throw DatasetError(
                wrapping: error, as: .unreadableFile,
                "The template table could not be read; check its disk, or collect it again.")
        }
    }
}
