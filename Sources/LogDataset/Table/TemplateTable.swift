import FoundationEssentials

/// The templates of all that was read, with their counts: a file in table order, read shard by shard.
///
/// The format is documented in docs/table-format.md.
public struct TemplateTable: TemplateShards {
    /// Digests, totals and hours.
    public let metadata: TableMetadata
    /// Where the file lies.
    public var path: String { file.path }

    /// Bytes of all texts, those of their records and blocks included.
    var textBytes: Int { blocks.count }

    let file: InputFile

    static let magic = Array("OPNITBL\n".utf8)
    static let version: UInt32 = 1
    static let headerSize = 16
    static let trailerSize = 24

    /// Opens a table.
    ///
    /// - Throws: `DatasetError` when the file cannot be read, is no table, is damaged, or was written by a newer
    ///   opnilog. The checksums of its blocks are verified as they are read.
    public init(opening path: String) throws(DatasetError) {
        file = try InputFile(opening: path)
        let minimum = TemplateTable.headerSize + TemplateTable.trailerSize
        guard file.size >= minimum, try file.bytes(0..<8) == TemplateTable.magic else {
            throw .notATable(path)
        }
        let version = UInt32(littleEndianBytes: try file.bytes(8..<12))
        guard version <= TemplateTable.version else { throw .newerTable(path, version) }
        metadata = try TemplateTable.readMetadata(file)
    }

    /// Walks one shard's blocks from disk; each block's checksum is verified before its records are lent.
    public func forEachRecord(inShard shard: Int, _ body: (TemplateRecord) throws -> Void) throws {
        var reader = RecordBlockReader(file, metadata.shardOffsets[shard]..<metadata.shardOffsets[shard + 1])
        while let record = try reader.next() { try body(record) }
    }

    private static func readMetadata(_ file: InputFile) throws(DatasetError) -> TableMetadata {
        let trailer = try file.bytes(file.size - trailerSize..<file.size)
        let length = UInt64(littleEndianBytes: Array(trailer[0..<8]))
        guard Array(trailer[16...]) == magic, length <= UInt64(file.size - headerSize - trailerSize) else {
            throw .corrupt(file.path, at: file.size - trailerSize, "its end is missing")
        }
        let start = file.size - trailerSize - Int(length)
        let json = try file.bytes(start..<file.size - trailerSize)
        guard json.withUnsafeBytes({ blockChecksum($0) }) == UInt64(littleEndianBytes: Array(trailer[8..<16])) else {
            throw .corrupt(file.path, at: start, "the checksum of its metadata is wrong")
        }
        guard let metadata = try? JSONDecoder().decode(TableMetadata.self, from: Data(json)),
            metadata.shardOffsets.count == 257, metadata.shardOffsets == metadata.shardOffsets.sorted(),
            metadata.shardOffsets[0] == headerSize, metadata.shardOffsets[256] == start
        else { throw .corrupt(file.path, at: start, "its metadata cannot be understood") }
        guard metadata.lines <= TableLimits.lines, metadata.templates <= metadata.lines,
            metadata.heldOutLines <= metadata.lines, TableLimits.sum(metadata.hours.lazy.map(\.lines)) != nil
        else { throw .corrupt(file.path, at: start, "its metadata tell of more lines than a table can have") }
        return metadata
    }
}

extension InputFile {
    fileprivate func bytes(_ range: Range<Int>) throws(DatasetError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        let result = bytes.withUnsafeMutableBytes { target in
            Result { () throws(DatasetError) in try read(at: range.lowerBound, into: target) }
        }
        try result.get()
        return bytes
    }
}

extension FixedWidthInteger {
    fileprivate init(littleEndianBytes bytes: [UInt8]) {
        self = bytes.reversed().reduce(0) { $0 << 8 | Self($1) }
    }
}
