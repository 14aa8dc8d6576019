public import LogMasking

/// What one whole window left: sorted runs on disk, what was seen in it, and what its source had to say of it.
struct Bucket: Sendable {
    let window: LogWindow
    var runs: [Run] = []
    var tally = WindowTally()
    var details: [UInt8] = []
    var holes: [Hole] = []
}

/// What was seen in a window.
public struct WindowTally: Sendable, Codable, Equatable {
    /// Logs that were masked and counted.
    public var lines: UInt64 = 0
    /// Bytes of their messages, before masking.
    public var bytes: UInt64 = 0
    /// Documents without the field, or with a value that is no text.
    public var documentsWithoutField: UInt64 = 0
    /// Lines that are no JSON object.
    public var badLines: UInt64 = 0
    /// Lines that the cleaning left out.
    public var dropped = DroppedLines()
    /// Messages that were cut, and operators' rules that were given up on.
    public var masking = MaskTally()

    /// Everything seen.
    public var documents: UInt64 { lines + documentsWithoutField + badLines + dropped.total }

    mutating func add(
        _ page: PageTally, messages: UInt64, bytes: UInt64, dropped: DroppedLines, masking: MaskTally
    ) {
        self.masking.add(masking)
        lines += messages
        self.bytes += bytes
        self.dropped.add(dropped)
        self.dropped.fields += page.documentsDropped
        documentsWithoutField += page.documentsWithoutField
        badLines += page.badLines
    }

    mutating func add(_ other: WindowTally) {
        lines += other.lines
        bytes += other.bytes
        documentsWithoutField += other.documentsWithoutField
        badLines += other.badLines
        dropped.add(other.dropped)
        masking.add(other.masking)
    }
}
