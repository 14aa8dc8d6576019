import Glibc

/// How a log file is written.
public enum InputFormat: String, Sendable, CaseIterable {
    /// NDJSON where the first byte that is not blank, a byte order mark aside, is `{`, otherwise text.
    case auto
    /// One JSON object a line; the message is one of its fields.
    case ndjson
    /// One message a line. A line ends at `\n` only.
    case text
}

/// Cuts an input into blocks of whole lines. A byte order mark of UTF-8 at its beginning is no part of the first one.
final class LineReader {
    /// Bytes that JSON parsers may read beyond a line.
    static let padding = 64
    /// A line longer than this ends the reading: it is no log.
    static let longestLine = 1 << 30
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let input: ByteInput
    private let blockSize: Int
    /// The beginning of a line whose end is in the next block.
    private var rest: [UInt8] = []
    private var hasBegun = false
    private var isAtEnd = false

    init(_ input: ByteInput, blockSize: Int = 1 << 20) {
        self.input = input
        self.blockSize = blockSize
    }

    /// The next whole lines; nil at the end.
    ///
    /// - Throws: `corruptFile` when the input is damaged or begins as no text does, `unreadableFile`, `unusableSource`.
    func next() throws(DatasetError) -> LineBlock? {
        if isAtEnd { return nil }
        let block = LineBlock(capacity: max(blockSize, rest.count * 2))
        block.append(rest)
        rest.removeAll(keepingCapacity: true)
        while true {
            let got = try input.read(into: block.room)
            block.count += got
            if !hasBegun, got == 0 || block.count >= ForeignContent.bytesNeeded || block.lineEnd(inLast: got) != nil {
                try begin(block)
            }
            if got == 0 {
                isAtEnd = true
                return block.count > 0 ? block : nil
            }
            // Also a block that is not full goes on at once: whoever writes into a pipe waits for the answer.
            if let end = block.lineEnd(inLast: got) {
                rest.append(contentsOf: block.bytes[end...])
                block.count = end
                return block
            }
            guard block.count <= LineReader.longestLine else {
                throw DatasetError(
                    .unusableSource,
                    "\(input.name) has a line of more than \(LineReader.longestLine) bytes; is it a log file?")
            }
            if block.room.isEmpty { block.grow() }
        }
    }

    /// Looks at the first bytes. None of the marks that are looked for has a line end in it, so a first line shorter
    /// than `bytesNeeded` is enough to tell; zero bytes are looked for in what is there.
    private func begin(_ block: LineBlock) throws(DatasetError) {
        hasBegun = true
        if let content = ForeignContent(firstBytes: block.bytes) {
            // Whoever shares the reader gets nothing more of it.
            isAtEnd = true
            throw DatasetError(.corruptFile, "\(input.name) \(content.fault)")
        }
        if block.bytes.starts(with: LineReader.byteOrderMark) { block.dropFirst(LineReader.byteOrderMark.count) }
    }
}

/// Whole lines in one buffer, followed by room that parsers may read. Written by the reader that makes it, and only
/// read once it has been handed on, hence `@unchecked Sendable`.
final class LineBlock: @unchecked Sendable {
    private var buffer: UnsafeMutableRawBufferPointer
    /// Bytes of lines.
    var count = 0

    init(capacity: Int) {
        buffer = LineBlock.allocate(capacity)
    }

    deinit { buffer.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]) }

    /// Bytes of memory held.
    var capacity: Int { buffer.count }

    fileprivate var room: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: buffer[count..<buffer.count - LineReader.padding])
    }

    func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { room.copyMemory(from: $0) }
        count += bytes.count
    }

    fileprivate func dropFirst(_ bytes: Int) {
        count -= bytes
        if let base = buffer.baseAddress { memmove(base, base + bytes, count) }
    }

    fileprivate func grow() {
        let larger = LineBlock.allocate(2 * (buffer.count - LineReader.padding))
        larger.copyMemory(from: bytes)
        buffer.deallocate()
        buffer = larger
    }

    /// Where the last whole line ends, its `\n` included, if it does so in the last bytes. Whoever adds bytes need not
    /// look at those before them again, of which a long line may have many.
    fileprivate func lineEnd(inLast added: Int) -> Int? {
        bytes.suffix(added).lastIndex(of: 0x0A).map { $0 + 1 }
    }

    /// Lines, a last one without an end among them.
    var lineCount: Int {
        bytes.reduce(bytes.last == 0x0A ? 0 : 1) { $0 + ($1 == 0x0A ? 1 : 0) }
    }

    /// Calls `body` with each line, its `\n` left out.
    func forEachLine(_ body: (UnsafeRawBufferPointer) -> Void) {
        guard let base = bytes.baseAddress else { return }
        var start = 0
        while start < count {
            let end = memchr(base + start, 0x0A, count - start).map { UnsafeRawPointer($0) - base } ?? count
            body(UnsafeRawBufferPointer(start: base + start, count: end - start))
            start = end + 1
        }
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutableRawBufferPointer {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity + LineReader.padding, alignment: 64)
        // Parsers may look at the padding, so it must hold something.
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        return buffer
    }
}
