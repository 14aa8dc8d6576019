/// What was read: one row a window, and the sums.
public struct CollectionReport: Sendable, Codable, Equatable {
    /// One window that was read whole.
    public struct Window: Sendable, Codable, Equatable {
        /// The window's name.
        public let name: String
        /// Documents the source had announced; nil where it cannot tell.
        public let expectedDocuments: Int?
        /// What was seen.
        public let tally: WindowTally
    }

    /// What was read.
    public let source: String
    /// Every window, in the source's order.
    public let windows: [Window]
    /// The sums over all windows.
    public let total: WindowTally

    init(source: String, buckets: [Bucket]) {
        self.source = source
        windows = buckets.map {
            Window(name: $0.window.name, expectedDocuments: $0.window.expectedDocuments, tally: $0.tally)
        }
        total = buckets.reduce(into: WindowTally()) { $0.add($1.tally) }
    }

    /// Refuses what cannot be trained on.
    func checkUsable(maximumBadShare: Double) throws(DatasetError) {
        if Double(total.badLines) > maximumBadShare * Double(total.documents) {
            throw DatasetError(
                .unusableSource,
                "\(total.badLines) of \(total.documents) lines of \(source) are no JSON objects; give --input-format text "
                    + "if the file is plain text, or a larger --max-bad-share")
        }
        guard total.lines == 0 else { return }
        if total.documentsWithoutField > 0 {
            throw DatasetError(
                .unusableSource,
                "none of the \(total.documentsWithoutField) documents of \(source) has a text in the field asked for; "
                    + "name the field that holds the message with --field")
        }
        throw DatasetError(
            .unusableSource, "there is no log in \(source); check the index, the query, the time range or the files")
    }
}
