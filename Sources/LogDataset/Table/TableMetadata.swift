/// What a table says of itself, stored as JSON at its end.
public struct TableMetadata: Sendable, Codable, Equatable {
    /// How the held-out lines were chosen.
    public enum HeldOutMethod: String, Sendable, Codable {
        /// The latest whole hours.
        case hours
        /// A share of every template's lines.
        case lines
    }

    /// The lines of one hour.
    public struct HourCount: Sendable, Codable, Equatable {
        /// The hour; `Hour.none` for the lines without a time.
        public let hour: Hour
        /// Lines counted in it.
        public let lines: UInt64

        /// The lines of an hour.
        public init(hour: Hour, lines: UInt64) {
            self.hour = hour
            self.lines = lines
        }
    }

    /// Lines counted, over all templates.
    public let lines: UInt64
    /// Distinct masked texts.
    public let templates: UInt64
    /// Lines held out for the figures.
    public let heldOutLines: UInt64
    /// How these were chosen.
    public let heldOutBy: HeldOutMethod
    /// Lines by hour, ascending.
    public let hours: [HourCount]
    /// SHA-256 over (length, masked bytes, count) of every template in table order, the rules' digest and,
    /// if there is one, the cleaning's.
    public let tableDigest: String
    /// SHA-256 over the held-out counts in table order.
    public let splitDigest: String
    /// SHA-256 of the mask rules' canonical text.
    public let rulesDigest: String
    /// The names of the operator's own masks among them, in their order; nil where there are none.
    public let maskNames: [String]?
    /// SHA-256 of what was left out for what it says (`LineCleaning`); nil where nothing was asked to be.
    public let cleaningDigest: String?
    /// Where each of the 256 shards begins in the file, and where the last one ends: 257 offsets in bytes.
    let shardOffsets: [Int]
}
