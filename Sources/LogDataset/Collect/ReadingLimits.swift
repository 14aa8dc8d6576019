/// When a reading may end before everything is read. What is read until then is a fair sample of all: whole hours, in
/// a seeded order.
public struct ReadingLimits: Sendable, Equatable {
    /// Once reading has taken so long, no further hour is begun. The first is always read.
    public var time: Duration?
    /// So large a share of the documents, as they were counted beforehand, is enough; hours are not cut.
    public var share: Double?
    /// It is enough when at most this share of the lines that are not read is of templates that are in none that is
    /// (``UnseenEstimate``).
    public var unseen: Double?

    /// No limit unless one is given.
    public init(time: Duration? = nil, share: Double? = nil, unseen: Double? = nil) {
        self.time = time
        self.share = share
        self.unseen = unseen
    }
}

/// How a reading that ended early stands.
public struct StoppedReading: Sendable, Codable, Equatable {
    /// Which limit ended it.
    public enum Reason: String, Sendable, Codable {
        /// `ReadingLimits.time`.
        case time
        /// `ReadingLimits.share`.
        case share
        /// `ReadingLimits.unseen`.
        case unseen
    }

    /// What ended it.
    public let reason: Reason
    /// Hours (of a source that knows none: windows) that were read.
    public let hours: Int
    /// Hours there are.
    public let hoursTotal: Int
    /// Documents of the others, as they were counted beforehand.
    public let documentsLeft: UInt64
    /// About this share of the lines of the others is of templates that are in none that was read; nil where too few
    /// hours were read to tell.
    public let unseenShare: Double?
}
