import Glibc

/// A sorted stretch of a run: the templates of one hour, or of several hours already merged.
struct Segment: Sendable {
    /// The hour all its lines are of; nil once hours have been merged and the held-out counts stand in the records.
    let hour: Hour?
    let bytes: Range<Int>
    let lines: UInt64
}

/// A file of sorted segments that lives in the work directory until the table is written.
final class Run: Sendable {
    let path: String
    let segments: [Segment]

    init(path: String, segments: [Segment]) {
        self.path = path
        self.segments = segments
    }

    deinit { unlink(path) }
}

/// Writes one run. The segments' order is the caller's; inside a segment records come in table order.
struct RunWriter {
    private let file: OutputFile
    private var blocks = RecordBlockWriter()
    private var segments: [Segment] = []
    private var hour: Hour?
    private var start = 0
    private var lines: UInt64 = 0

    init(creating path: String) throws(DatasetError) {
        file = try OutputFile(creating: path)
    }

    mutating func append(_ record: TemplateRecord, hour: Hour?) throws(DatasetError) {
        if hour != self.hour { try closeSegment() }
        self.hour = hour
        lines += record.count
        try blocks.append(record, to: file)
    }

    consuming func finish() throws(DatasetError) -> Run {
        try closeSegment()
        try file.close(sync: false)
        return Run(path: file.path, segments: segments)
    }

    private mutating func closeSegment() throws(DatasetError) {
        try blocks.close(to: file)
        if file.count > start {
            segments.append(Segment(hour: hour, bytes: start..<file.count, lines: lines))
        }
        start = file.count
        lines = 0
    }
}

extension CountTable {
    /// Writes the table out as one run with a segment an hour, in the order of hours.
    func spill(to path: String) throws(DatasetError) -> Run {
        var writer = try RunWriter(creating: path)
        let result = Result {
            try forEachSorted { hour, record in try writer.append(record, hour: hour) }
        }
        if case .failure(let error) = result {
            throw DatasetError(wrapping: error, as: .unwritable, "a run could not be written")
        }
        return try writer.finish()
    }
}
