/// What came of reading one window: the proof that it was read whole, and once.
public struct WindowReport: Sendable, Hashable, Codable {
    /// The window.
    public var window: ScrollWindow
    /// Documents in the snapshot of the scroll that ended whole (`hits.total`).
    public var total: Int
    /// Documents handed out, each once. More than ``total`` by those that were deleted, or moved to another window,
    /// between a scroll that was lost and the one that ended: they are drift.
    public var delivered: Int
    /// Of ``delivered``, those that an earlier run had handed out (``DeliveredDocuments``).
    public var deliveredEarlier = 0
    /// Over the documents handed out.
    public var digest: IDDigest
    /// Documents handed out by the name of their index.
    public var indices: [String: Int]
    /// Scrolls opened for it: 1 when nothing went wrong.
    public var scrolls: Int
    /// Requests sent again, openings included.
    public var retries: Int
    /// Indices of the plan that were closed, or are not known to be deleted, when the scroll that ended whole was
    /// opened; ``someIndices`` where nobody knows the names. What they hold of the window it did not see: it is worth
    /// reading again. Nil where none were, and where the client has no plan.
    public var away: [String]?
    /// Stands for indices of remote clusters that were skipped, and for those that came and went too fast.
    public static let someIndices = "*"
    /// Documents handed out that the last snapshot no longer held.
    public var drift: Int { delivered - total }
}

/// Something that was asked for and could not be read.
public struct ScrollHole: Sendable, Hashable, Codable {
    /// The window, nil where the hole is not in one: an index that vanished, a remote cluster that was skipped.
    public var window: ScrollWindow?
    /// The index or remote cluster, where the hole is one's.
    public var index: String?
    /// Documents that are missing, as far as that can be told.
    public var documents: Int?
    /// Why, and how to mend it.
    public var reason: String
    /// Remote clusters that were skipped, where that is why.
    var skippedClusters: Int?

    /// Names something that could not be read.
    package init(
        window: ScrollWindow? = nil, index: String? = nil, documents: Int? = nil, reason: String,
        skippedClusters: Int? = nil
    ) {
        self.window = window
        self.index = index
        self.documents = documents
        self.reason = reason
        self.skippedClusters = skippedClusters
    }
}

/// An index of which not everything that was planned can have been read.
package struct LostIndex: Sendable {
    /// What is missing of it.
    package let hole: ScrollHole
    /// Whether it was deleted.
    package let isGone: Bool

    private init(hole: ScrollHole) { (self.hole, isGone) = (hole, false) }

    /// Of indices of which nobody knows the names.
    static func untold(query: String) -> LostIndex {
        LostIndex(
            hole: ScrollHole(
                index: query, reason: "indices of \(query) came and went while it was read; read it again"))
    }

    /// - Parameters:
    ///   - presence: of the index, now.
    ///   - missing: documents that were not read; not above 0 where as many came in their place.
    ///   - planned: its documents before the reading.
    init(_ index: String, _ presence: WindowPlanner.Presence, missing: Int, of planned: Int) {
        let unread = "with \(missing) of its \(planned) documents unread"
        let reason =
            switch presence {
            case .deleted: "vanished while it was read, \(unread); read before its retention ends"
            case .unknown: "is closed, or out of reach, \(unread); open it and read again"
            case .there where missing > 0: "was away while it was read, \(unread); read it again"
            case .there: "was away for a while as it was read; read it again"
            }
        isGone = presence == .deleted
        hole = ScrollHole(
            index: index, documents: missing > 0 ? missing : nil, reason: "the index \(index) \(reason)")
    }
}

/// What a reading has delivered so far, and what it could not: the content of a manifest.
public struct ScrollProof: Sendable, Hashable, Codable {
    /// Windows read whole, in the order in which they ended.
    public var windows: [WindowReport] = []
    /// Windows of which something is missing, with what was handed out of them all the same.
    public var partial: [WindowReport] = []
    /// What could not be read.
    public var holes: [ScrollHole] = []

    /// The proof of nothing.
    public init() {}

    /// Documents handed out.
    public var delivered: Int { (windows + partial).reduce(0) { $0 + $1.delivered } }
    /// The digest over all of them.
    public var digest: IDDigest { (windows + partial).reduce(into: IDDigest()) { $0.add($1.digest) } }
    /// Documents handed out by the name of their index.
    public var indices: [String: Int] {
        (windows + partial).reduce(into: [:]) { $0.merge($1.indices, uniquingKeysWith: +) }
    }
}
