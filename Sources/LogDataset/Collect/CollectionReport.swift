import FoundationEssentials

/// What was read: one row a window, the sums, and what is missing.
public struct CollectionReport: Sendable, Codable, Equatable {
    /// One window that was read.
    public struct Window: Sendable, Codable, Equatable {
        /// The window's name.
        public let name: String
        /// Documents the source had announced; nil where it cannot tell.
        public let expectedDocuments: Int?
        /// What was seen.
        public let tally: WindowTally
        /// What the source had to say of it; empty if nothing.
        public let details: [UInt8]
        /// Whether it was taken over from an earlier run.
        public let isReused: Bool
    }

    /// What was read.
    public let source: String
    /// Every window, by its hour and then by its name.
    public let windows: [Window]
    /// The sums over all windows.
    public let total: WindowTally
    /// What was asked for and could not be read; empty if the reading is complete.
    public let holes: [Hole]
    /// How the reading ended before everything was read; nil if a limit did not end it.
    public let stopped: StoppedReading?
    /// What the source itself left out.
    public let exclusions: [Exclusion]

    /// Whether all that was asked for was read.
    public var isComplete: Bool { holes.isEmpty && stopped == nil }

    /// - Parameters:
    ///   - holesAtEnd: what the source found missing when all windows had been read.
    ///   - stopped: how a limit ended the reading.
    ///   - exclusions: what the source left out.
    init(
        source: String, windows: [BucketJournal.Window], holesAtEnd: [Hole], stopped: StoppedReading? = nil,
        exclusions: [Exclusion] = []
    ) {
        self.exclusions = exclusions
        let windows = windows.sorted { ($0.hour ?? .none, $0.name) < ($1.hour ?? .none, $1.name) }
        self.source = source
        self.stopped = stopped
        self.windows = windows.map {
            Window(
                name: $0.name, expectedDocuments: $0.expectedDocuments, tally: $0.tally, details: [UInt8]($0.details),
                isReused: $0.isReused)
        }
        total = windows.reduce(into: WindowTally()) { $0.add($1.tally) }
        holes = windows.flatMap(\.holes) + holesAtEnd
    }

    /// The windows that were taken over from an earlier run.
    public var reused: [Window] { windows.filter(\.isReused) }

    /// Refuses what cannot be trained on.
    func checkUsable(maximumBadShare: Double) throws(DatasetError) {
        if Double(total.badLines) > maximumBadShare * Double(total.documents) {
            throw DatasetError(
                .unusableSource,
                "\(total.badLines) of \(total.documents) lines of \(source) are no JSON objects; give --input-format text "
                    + "if the file is plain text, or a larger --max-bad-share")
        }
        guard total.lines == 0 else { return }
        if total.dropped.total > 0 {
            throw DatasetError(
                .unusableSource,
                "the cleaning leaves nothing of \(source): \(total.dropped.keywords) lines hold a keyword, "
                    + "\(total.dropped.tooShort) have too few words, \(total.dropped.fields) documents are left out by a "
                    + "field; clean less (--drop-keywords, --minimum-tokens, --drop-field)")
        }
        if total.documentsWithoutField > 0 {
            throw DatasetError(
                .unusableSource,
                "none of the \(total.documentsWithoutField) documents of \(source) has a text in the field asked for; "
                    + "name the field that holds the message with --field")
        }
        throw DatasetError(
            .unusableSource,
            "there is no log in \(source); check the index, the query, the time range and its field, or the files")
    }
}
