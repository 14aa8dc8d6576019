import LogDataset

/// A line of `metrics.jsonl` on a reading under way.
struct ReadingRecord: Encodable {
    let phase = "reading"
    let documents: Int
    let bytes: Int
    let windows: Int
    let seconds: Double
    let residentBytes: Int
    /// Lines that the cleaning has left out so far, by reason.
    let dropped: DroppedLines
    /// Seconds by the kind of waiting.
    let stalls: [String: Double]

    init(_ snapshot: CollectionMonitor.Snapshot, _ state: ProgressState) {
        documents = Int(snapshot.documents)
        bytes = Int(snapshot.bytes)
        windows = snapshot.windows
        seconds = state.seconds
        residentBytes = ProcessMemory.resident()
        dropped = snapshot.dropped
        stalls = [Stall.readingForMasking, .maskingForReading].reduce(into: [:]) {
            $0[$1.rawValue] = snapshot.stalls[$1]
        }
    }
}
