import Glibc

/// How records lie on disk, in runs and tables alike: blocks of whole records, each block with its checksum.
///
/// Block: payload length (UInt32), XXH3-64 of the payload (UInt64), payload. Record: hash (high
/// then low, UInt64 each), count (UInt64), of it held out (UInt64), length (UInt32), masked bytes. All integers are
/// little-endian. A block is closed once it holds `target` bytes, so only a long text makes a larger one.
enum RecordBlock {
    static let headerSize = 12
    static let recordHeaderSize = 36
    static let target = 1 << 16
}

/// A checksum over a whole stretch of blocks, out of their headers, which hold the checksums of their payloads.
struct BlockChain: Sendable {
    private(set) var value: UInt64 = 0

    mutating func add(_ header: UnsafeRawBufferPointer) {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: value)
        bytes.append(contentsOf: header)
        value = bytes.withUnsafeBytes { blockChecksum($0) }
    }
}

/// Packs records into blocks of a file.
struct RecordBlockWriter {
    /// Over all blocks closed so far.
    private(set) var chain = BlockChain()
    private var payload: [UInt8] = []

    init() { payload.reserveCapacity(RecordBlock.target + 4096) }

    mutating func append(_ record: TemplateRecord, to file: OutputFile) throws(DatasetError) {
        // Swift's machines are little-endian; the fields lie in the order of a record, without gaps.
        let header = (
            UInt64(truncatingIfNeeded: record.hash >> 64), UInt64(truncatingIfNeeded: record.hash), record.count,
            record.heldOut, UInt32(record.masked.count)
        )
        withUnsafeBytes(of: header) {
            payload.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[..<RecordBlock.recordHeaderSize]))
        }
        payload.append(contentsOf: record.masked)
        if payload.count >= RecordBlock.target { try close(to: file) }
    }

    /// Writes the records gathered so far as a block of their own.
    mutating func close(to file: OutputFile) throws(DatasetError) {
        if payload.isEmpty { return }
        var header: [UInt8] = []
        header.append(littleEndian: UInt32(payload.count))
        header.append(littleEndian: payload.withUnsafeBytes { blockChecksum($0) })
        header.withUnsafeBytes { chain.add($0) }
        try file.write(header)
        try file.write(payload)
        payload.removeAll(keepingCapacity: true)
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// Walks the records of a stretch of blocks, one block in memory at a time.
struct RecordBlockReader: ~Copyable {
    /// Over all blocks read so far.
    private(set) var chain = BlockChain()
    private let file: InputFile
    private var offset: Int
    private let end: Int
    private var payload: UnsafeMutableRawBufferPointer
    private var payloadCount = 0
    private var position = 0
    /// Of all records so far.
    private var lines: UInt64 = 0

    init(_ file: InputFile, _ range: Range<Int>) {
        self.file = file
        offset = range.lowerBound
        end = range.upperBound
        payload = .allocate(byteCount: RecordBlock.target + 8192, alignment: 16)
    }

    deinit { payload.deallocate() }

    /// The next record, whose text is lent until the next call; nil at the end.
    mutating func next() throws(DatasetError) -> TemplateRecord? {
        if position == payloadCount {
            if offset == end { return nil }
            try readBlock()
        }
        guard payloadCount - position >= RecordBlock.recordHeaderSize else { throw damaged("a record is cut off") }
        let length = Int(load(at: position + 32, UInt32.self))
        let start = position + RecordBlock.recordHeaderSize
        guard payloadCount - start >= length else { throw damaged("a record is longer than its block") }
        let record = TemplateRecord(
            hash: UInt128(load(at: position, UInt64.self)) << 64 | UInt128(load(at: position + 8, UInt64.self)),
            masked: UnsafeRawBufferPointer(rebasing: payload[start..<start + length]),
            count: load(at: position + 16, UInt64.self),
            heldOut: load(at: position + 24, UInt64.self))
        lines += try checked(record)
        guard lines <= TableLimits.lines else { throw damaged("it has more lines than a table can") }
        position = start + length
        return record
    }

    /// Passes over what is left of a block and the whole next one, whose checksum is verified; false at the end.
    mutating func skipBlock() throws(DatasetError) -> Bool {
        if offset == end { return false }
        try readBlock()
        position = payloadCount
        return true
    }

    private mutating func readBlock() throws(DatasetError) {
        guard end - offset >= RecordBlock.headerSize else { throw damaged("a block's header is cut off") }
        try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: payload[..<RecordBlock.headerSize]))
        chain.add(UnsafeRawBufferPointer(rebasing: payload[..<RecordBlock.headerSize]))
        let length = Int(load(at: 0, UInt32.self))
        let checksum = load(at: 4, UInt64.self)
        guard length <= end - offset - RecordBlock.headerSize else { throw damaged("a block is longer than its file") }
        if length > payload.count {
            payload.deallocate()
            payload = .allocate(byteCount: length, alignment: 16)
        }
        let target = UnsafeMutableRawBufferPointer(rebasing: payload[..<length])
        try file.read(at: offset + RecordBlock.headerSize, into: target)
        guard blockChecksum(UnsafeRawBufferPointer(target)) == checksum else { throw damaged("a checksum is wrong") }
        offset += RecordBlock.headerSize + length
        payloadCount = length
        position = 0
    }

    private func load<T: FixedWidthInteger>(at position: Int, _: T.Type) -> T {
        T(littleEndian: UnsafeRawBufferPointer(payload).loadUnaligned(fromByteOffset: position, as: T.self))
    }

    /// Neither sum can overflow then, here or in what is made of the records.
    private func checked(_ record: TemplateRecord) throws(DatasetError) -> UInt64 {
        guard record.count <= TableLimits.linesOfTemplate, record.heldOut <= record.count else {
            throw damaged("a template has more lines than it can")
        }
        return record.count
    }

    private func damaged(_ how: String) -> DatasetError { .corrupt(file.path, at: offset, how) }
}
