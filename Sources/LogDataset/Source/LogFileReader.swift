import OpenSearchScroll
import Synchronization

/// Reads one file or standard input page by page, in order.
///
/// Blocking. Threads that share a reader take turns, each page going to one of them.
public final class LogFileReader: Sendable {
    private struct Place {
        let input: ByteInput
        let lines: LineReader
        var format: InputFormat
        /// Blank lines that were read before the format was known, and what told it.
        private var blank = WaitingBlocks()
        private var first: LineBlock?

        init(input: ByteInput, format: InputFormat) {
            self.input = input
            lines = LineReader(input)
            self.format = format
        }

        mutating func next() throws(DatasetError) -> LineBlock? {
            if format == .auto { try decide() }
            if let block = blank.popFirst() { return block }
            guard let block = first else { return try lines.next() }
            first = nil
            return block
        }

        /// Reads on to the first byte that is not blank. Blank lines before it are messages of a text, but nothing to
        /// NDJSON.
        private mutating func decide() throws(DatasetError) {
            format = .text
            while let block = try lines.next() {
                let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
                if let byte = block.bytes.first(where: { !blanks.contains($0) }) {
                    first = block
                    guard byte == UInt8(ascii: "{") else { return }
                    format = .ndjson
                    blank = WaitingBlocks()
                    return
                }
                blank.append(block)
            }
        }
    }

    private let place: Mutex<Place>
    private let field: String
    private let timeField: String
    private let dropping: [FieldFilter]

    /// Opens a file, or standard input for `-`.
    ///
    /// - Throws: `DatasetError` when the file cannot be opened.
    public convenience init(
        path: String, format: InputFormat = .auto, field: String = "log", timeField: String = "time"
    ) throws(DatasetError) {
        try self.init(path: path, format: format, field: field, timeField: timeField, interrupt: nil)
    }

    package init(
        path: String, format: InputFormat, field: String, timeField: String = "time", dropping: [FieldFilter] = [],
        interrupt: Interrupt?
    ) throws(DatasetError) {
        let input = try ByteInput(path: path, interrupt: interrupt)
        place = Mutex(Place(input: input, format: format))
        self.field = field
        self.timeField = timeField
        self.dropping = dropping
    }

    /// Bytes of the file itself, packed or not, that have been read so far.
    var fileBytes: Int { place.withLock { $0.input.fileOffset } }

    /// Whether the file that was opened still has what was listed. Ends the reading.
    func holds(_ file: ListedFile, isCopy: Bool) -> Bool {
        place.withLock { file.isHeld(by: $0.input, isCopy: isCopy) }
    }

    /// The next logs of the file; nil at its end.
    ///
    /// - Throws: `DatasetError` when the file cannot be read, or its compressed data is damaged or cut off.
    public func nextPage() throws(DatasetError) -> (any LogPage)? {
        let (block, format) = try place.withLock { place throws(DatasetError) -> (LineBlock?, InputFormat) in
            let block = try place.next()
            return (block, place.format)
        }
        guard let block else { return nil }
        return format == .ndjson
            ? JSONLinePage(block, field: field, timeField: timeField, dropping: dropping) : TextLinePage(block)
    }
}

/// Lines of text, each a message.
private struct TextLinePage: LogPage {
    private let block: LineBlock

    init(_ block: LineBlock) {
        self.block = block
    }

    var bytes: Int { block.capacity }

    var mostMessages: Int { block.lineCount }

    func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally {
        block.forEachLine { body($0, .none) }
        return PageTally()
    }
}

/// Lines of JSON, each an object with a message in one of its fields. Blank lines are passed over.
private struct JSONLinePage: LogPage {
    private let block: LineBlock
    private let field: String
    private let timeField: String
    private let dropping: [FieldFilter]

    init(_ block: LineBlock, field: String, timeField: String, dropping: [FieldFilter]) {
        self.block = block
        self.field = field
        self.timeField = timeField
        self.dropping = dropping
    }

    var bytes: Int { block.capacity }

    var mostMessages: Int { block.lineCount }

    func forEachMessage(_ body: (UnsafeRawBufferPointer, Hour) -> Void) -> PageTally {
        let decoder = DocumentDecoder(field: field, timeField: timeField)
        let filters = dropping.map { (decoder: DocumentDecoder(field: $0.field, timeField: nil), value: $0.value) }
        var tally = PageTally()
        block.forEachLine { line in
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
            if filters.contains(where: { Self.holds($0.decoder, line, $0.value) }) {
                tally.documentsDropped += 1
                return
            }
            decoder.decode(line) { document in
                switch document.outcome {
                case .message(let message): body(message, Hour(milliseconds: document.time))
                case .fieldMissing, .otherType: tally.documentsWithoutField += 1
                case .notJSON: tally.badLines += 1
                }
            }
        }
        return tally
    }

    private static func holds(_ decoder: DocumentDecoder, _ line: UnsafeRawBufferPointer, _ value: String) -> Bool {
        var isHeld = false
        decoder.decode(line) { document in
            if case .message(let text) = document.outcome { isHeld = text.elementsEqual(value.utf8) }
        }
        return isHeld
    }
}
