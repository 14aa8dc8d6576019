import FoundationEssentials

/// Writes a table: records come in table order, digests and shard offsets are taken on the way.
///
/// The file is written under a name of this process beside its place, and moved there when it is whole and on disk.
final class TemplateTableWriter {
    private let path: String
    private let file: OutputFile
    private var blocks = RecordBlockWriter()
    private let tableDigest = SHA256()
    private let splitDigest = SHA256()
    private var shardOffsets: [Int] = []
    private var templates: UInt64 = 0
    private var lines: UInt64 = 0
    private var heldOutLines: UInt64 = 0

    /// - Parameter disk: what the table's bytes are taken of, for good.
    init(to path: String, on disk: DiskBudget = .unlimited) throws(DatasetError) {
        self.path = path
        PartialFile.removeLeftovers(of: [String(Folder.name(path))], in: Folder.of(path))
        file = try OutputFile(beside: path, on: disk)
        var header = TemplateTable.magic
        header.append(littleEndian: TemplateTable.version)
        header.append(littleEndian: UInt32(0))
        try file.write(header)
    }

    /// - Throws: `invalidSetting` if there are more lines than a table may be of.
    func append(_ record: TemplateRecord) throws(DatasetError) {
        guard record.count <= TableLimits.linesOfTemplate else { throw .tooManyLines(path, ofTemplate: true) }
        guard lines <= TableLimits.lines - record.count else { throw .tooManyLines(path, ofTemplate: false) }
        try openShards(through: Int(truncatingIfNeeded: record.hash >> 120))
        try blocks.append(record, to: file)
        tableDigest.update(template: record)
        splitDigest.update(record.heldOut)
        templates += 1
        lines += record.count
        heldOutLines += record.heldOut
    }

    /// Finishes the file and puts it in its place, where a crash leaves it once this returns.
    ///
    /// - Parameter rulesDigest: in hexadecimal digits.
    func finish(
        rulesDigest: String, maskNames: [String] = [], cleaningDigest: String? = nil,
        heldOutBy: TableMetadata.HeldOutMethod, hours: [TableMetadata.HourCount]
    ) throws(DatasetError) {
        try openShards(through: 256)
        tableDigest.update(rulesDigest)
        if let cleaningDigest { tableDigest.update(cleaningDigest) }
        let metadata = TableMetadata(
            lines: lines, templates: templates, heldOutLines: heldOutLines, heldOutBy: heldOutBy, hours: hours,
            tableDigest: tableDigest.finish().hexadecimal, splitDigest: splitDigest.finish().hexadecimal,
            rulesDigest: rulesDigest, maskNames: maskNames.isEmpty ? nil : maskNames,
            cleaningDigest: cleaningDigest, shardOffsets: shardOffsets)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let json = try? [UInt8](encoder.encode(metadata)) else {
            fatalError("metadata of integers and texts always encodes")
        }
        try file.write(json)
        var trailer: [UInt8] = []
        trailer.append(littleEndian: UInt64(json.count))
        trailer.append(littleEndian: json.withUnsafeBytes { blockChecksum($0) })
        try file.write(trailer + TemplateTable.magic)
        try file.close(movingTo: path)
    }

    /// Notes where the shards up to `shard` begin, which are empty but for the last.
    private func openShards(through shard: Int) throws(DatasetError) {
        if shardOffsets.count > shard { return }
        try blocks.close(to: file)
        while shardOffsets.count <= shard { shardOffsets.append(file.count) }
    }
}
