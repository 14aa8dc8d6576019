import Glibc
import Synchronization

/// A sorted stretch of a run: the templates of one hour, or of several hours already merged.
struct Segment: Sendable, Codable, Equatable {
    /// The hour all its lines are of; nil once hours have been merged and the held-out counts stand in the records.
    let hour: Hour?
    let bytes: Range<Int>
    let lines: UInt64
}

/// A file of sorted segments. It goes with the last use of this value, unless a journal names it by then.
final class Run: Sendable {
    let path: String
    let segments: [Segment]
    /// Over all its blocks.
    let checksum: UInt64
    /// Whether the file is a second name for another's, whose bytes it does not take again.
    let isLinked: Bool

    private let isKept: Atomic<Bool>
    /// What the file's bytes are counted in.
    private let disk: DiskBudget

    init(
        path: String, segments: [Segment], checksum: UInt64, on disk: DiskBudget = .unlimited, isLinked: Bool = false,
        isKept: Bool = false
    ) {
        self.path = path
        self.segments = segments
        self.checksum = checksum
        self.disk = disk
        self.isLinked = isLinked
        self.isKept = Atomic(isKept)
    }

    deinit {
        if isKept.load(ordering: .relaxed) { return }
        unlink(path)
        if !isLinked { disk.give(bytes) }
    }

    var bytes: Int { segments.last?.bytes.upperBound ?? 0 }

    /// Brings the file to disk and leaves it there when this value goes.
    func keep() throws(DatasetError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw .cannotWrite(path, errno) }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw .cannotWrite(path, errno) }
        isKept.store(true, ordering: .relaxed)
    }

    /// From now on the file goes with this value again.
    func release() { isKept.store(false, ordering: .relaxed) }

    /// Reads the whole file and says what is wrong with it.
    ///
    /// - Throws: `DatasetError` if it is missing, of another length, or one of its checksums is wrong.
    func verify() throws(DatasetError) {
        let file = try InputFile(opening: path)
        guard file.size == bytes else { throw .corrupt(path, at: min(file.size, bytes), "its length is wrong") }
        var reader = RecordBlockReader(file, 0..<bytes)
        while try reader.skipBlock() {}
        guard reader.chain.value == checksum else { throw .corrupt(path, at: 0, "the checksum of the whole is wrong") }
    }
}

/// Writes one run. The segments' order is the caller's; inside a segment records come in table order.
struct RunWriter {
    private let file: OutputFile
    private var blocks = RecordBlockWriter()
    private var segments: [Segment] = []
    private var hour: Hour?
    private var start = 0
    private var lines: UInt64 = 0
    private let disk: DiskBudget

    init(creating path: String, on disk: DiskBudget = .unlimited) throws(DatasetError) {
        file = try OutputFile(creating: path, on: disk)
        self.disk = disk
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
        return Run(path: file.path, segments: segments, checksum: blocks.chain.value, on: disk)
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
    func spill(to path: String, on disk: DiskBudget = .unlimited) throws(DatasetError) -> Run {
        var writer = try RunWriter(creating: path, on: disk)
        let result = Result {
            try forEachSorted { hour, record in try writer.append(record, hour: hour) }
        }
        if case .failure(let error) = result {
            throw DatasetError(wrapping: error, as: .unwritable, "a run could not be written")
        }
        return try writer.finish()
    }
}
