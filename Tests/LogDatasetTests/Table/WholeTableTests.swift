import Testing

@testable import LogDataset

/// What is made of whole tables: sums, differences, the most frequent, the proof.
@Suite("Whole tables")
struct WholeTableTests {
    private let directory = TemporaryDirectory()
    private static let rules = String(repeating: "07", count: 32)

    /// A table of counts, as a collection of files without times writes it.
    private func table(
        _ counts: [String: UInt64], _ name: String, rules: String = rules, hours: [TableMetadata.HourCount] = []
    ) throws -> TemplateTable {
        let table = CountTable()
        for (text, count) in counts { table.add(text, hour: .none, count: count) }
        let path = "\(directory.path)/\(name)"
        let writer = try TemplateTableWriter(to: path)
        let split = HeldOutSplit.lines(seed: 0)
        try table.forEachSorted { _, record in try writer.append(split.marked(record)) }
        try writer.finish(rulesDigest: rules, heldOutBy: .lines, hours: hours)
        return try TemplateTable(opening: path)
    }

    /// Texts of a small vocabulary, so that tables share some.
    private func counts(_ seed: UInt64, _ size: Int = 300) -> [String: UInt64] {
        let random = Philox(key: seed)
        return (0..<UInt64(size)).reduce(into: [:]) { counts, index in
            let bits = random.bits64(UInt128(index))
            counts["template \(bits % 700)", default: 0] += bits >> 32 % 50 + 1
        }
    }

    @Test("the sum of tables is the table of all lines, in any order and in steps")
    func merge() async throws {
        let parts = (1...4).map { counts($0) }
        let tables = try parts.enumerated().map { index, counts in
            try table(counts, "part\(index)", hours: [.init(hour: Hour(number: Int32(index / 2)), lines: 5)])
        }
        let sums = parts.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        let hours = (0...1).map { TableMetadata.HourCount(hour: Hour(number: $0), lines: 10) }
        let whole = fileBytes(try table(sums, "whole", hours: hours).path)
        let path = "\(directory.path)/merged"
        #expect(fileBytes(try await TemplateTable.merge(tables, to: path).path) == whole)
        #expect(fileBytes(try await TemplateTable.merge(tables.reversed(), to: path).path) == whole)
        let step = try await TemplateTable.merge([tables[2], tables[0]], to: "\(directory.path)/step")
        // Over one of its own parts, too.
        let last = try await TemplateTable.merge([step, tables[1], tables[3]], to: step.path)
        #expect(fileBytes(last.path) == whole)
        try await last.verify()
    }

    @Test("tables of other mask rules are neither added nor compared")
    func rules() async throws {
        let one = try table(["a": 1], "one")
        let other = try table(["a": 1], "other", rules: String(repeating: "08", count: 32))
        let text = "\(other.path) and \(one.path) were made with different mask rules"
        let merging = await #expect(throws: DatasetError.self) {
            try await TemplateTable.merge([one, other], to: "\(directory.path)/x")
        }
        #expect(merging?.code == .invalidSetting && merging?.message.hasPrefix(text) == true)
        let drifting = await #expect(throws: DatasetError.self) { try await TableDrift(from: one, to: other) }
        #expect(drifting?.message.hasPrefix(text) == true)
        await #expect(throws: DatasetError.self) { try await TemplateTable.merge([], to: "\(directory.path)/x") }
        #expect(directory.names == ["one", "other"])
    }

    @Test("drift is what a literal comparison finds", arguments: [1, 2, 3] as [UInt64])
    func drift(seed: UInt64) async throws {
        let (old, new) = (counts(seed), counts(seed + 100, 200))
        let drift = try await TableDrift(from: table(old, "old"), to: table(new, "new"))
        let added = new.filter { old[$0.key] == nil }
        let gone = old.filter { new[$0.key] == nil }
        #expect(drift.lines == new.values.reduce(0, +))
        #expect(drift.newTemplates == UInt64(added.count) && drift.newLines == added.values.reduce(0, +))
        #expect(drift.goneTemplates == UInt64(gone.count) && drift.goneLines == gone.values.reduce(0, +))
        #expect(!added.isEmpty && !gone.isEmpty && added.count < new.count)
        #expect(drift.share == Double(drift.newLines) / Double(drift.lines))
        let none = try await TableDrift(from: table(old, "old"), to: table([:], "empty"))
        #expect(none.share == 0 && none.goneTemplates == UInt64(old.count))
    }

    @Test("the most frequent are the first of all sorted by count, then by place", arguments: [1, 7, 100, 1_000, .max])
    func mostFrequent(count: Int) async throws {
        let table = try table(counts(5), "table")
        var all: [(masked: [UInt8], count: UInt64)] = []
        for shard in 0..<256 { try table.forEachRecord(inShard: shard) { all.append((Array($0.masked), $0.count)) } }
        let sorted = all.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }
        for minimum in [1, 40] as [UInt64] {
            let expected = sorted.map(\.element).filter { $0.count >= minimum }.prefix(count)
            let found = try await table.mostFrequent(count, minimumCount: minimum)
            #expect(found.map(\.masked) == expected.map(\.masked) && found.map(\.count) == expected.map(\.count))
        }
        #expect(try await table.mostFrequent(0).isEmpty)
        #expect(try await table.mostFrequent(-count).isEmpty)
    }

    @Test("a table whose digests are of other templates is found out, and where a block is damaged")
    func verify() async throws {
        let table = try table(counts(1), "table")
        try await table.verify()
        var bytes = fileBytes(table.path)
        bytes[table.metadata.shardOffsets[100] + 30] ^= 1
        let damaged = try TemplateTable(opening: directory.file("damaged", bytes))
        let error = await #expect(throws: DatasetError.self) { try await damaged.verify() }
        let message = "is damaged at byte \(table.metadata.shardOffsets[100]): a checksum is wrong"
        #expect(error?.code == .corruptFile && error?.message.contains(message) == true)
        // Another digest, under a checksum that is right.
        var other = fileBytes(table.path)
        let metadata = table.metadata.shardOffsets[256]..<other.count - 24
        let place = try #require(other[metadata].firstRange(of: Array(table.metadata.tableDigest.utf8))).lowerBound
        other[place] = other[place] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
        var checksum: [UInt8] = []
        checksum.append(littleEndian: other[metadata].withUnsafeBytes { blockChecksum($0) })
        other.replaceSubrange(other.count - 16..<other.count - 8, with: checksum)
        let foreign = try TemplateTable(opening: directory.file("foreign", other))
        let mismatch = await #expect(throws: DatasetError.self) { try await foreign.verify() }
        #expect(mismatch?.message.contains("its templates are not those that its digests are of") == true)
    }

    @Test("sums beyond what a table may be of are refused, and nothing is left")
    func tooManyLines() async throws {
        let most: UInt64 = 1 << 48
        let half = try table(["a": most / 2], "half")
        let path = "\(directory.path)/x"
        let full = try await TemplateTable.merge([half, half], to: path)
        #expect(full.metadata.lines == most)
        #expect(try await TableDrift(from: half, to: full).lines == most)
        try await full.verify()
        func refusal(_ tables: [TemplateTable]) async -> String {
            let error = await #expect(throws: DatasetError.self) {
                try await TemplateTable.merge(tables, to: "\(directory.path)/y")
            }
            #expect(error?.code == .invalidSetting)
            return error?.message ?? ""
        }
        let tail = "; merge fewer tables, and none into itself"
        #expect(
            await refusal([full, half])
                == "\(directory.path)/y cannot be made, for a template would have more than \(most) lines" + tail)
        let hours = try table(["a": 1], "hours", hours: [.init(hour: Hour(number: 1), lines: 1 << 61)])
        #expect(
            await refusal([hours, hours, hours])
                == "\(directory.path)/y cannot be made, for it would be of more than \(1 << 62) lines" + tail)
        #expect(directory.names == ["half", "hours", "x"])
    }

    @Test("a table is of no more lines in all than its numbers hold")
    func tooManyLinesInAll() throws {
        let writer = try TemplateTableWriter(to: "\(directory.path)/x")
        let record = TemplateRecord(
            hash: 0, masked: UnsafeRawBufferPointer(start: nil, count: 0), count: 1 << 48, heldOut: 0)
        for _ in 0..<1 << 14 { try writer.append(record) }
        let error = #expect(throws: DatasetError.self) { try writer.append(record) }
        #expect(error?.message.contains("it would be of more than \(1 << 62) lines") == true)
    }

    @Test("a table that tells of more lines than it can have is damaged")
    func impossibleLines() async throws {
        let table = try table(["a": 77_777], "table")
        let bytes = fileBytes(table.path)
        // As numbers of the metadata, under a checksum that is right.
        let metadata = table.metadata.shardOffsets[256]..<bytes.count - 24
        let place = try #require(bytes[metadata].firstRange(of: Array("\"lines\":77777".utf8)))
        let json =
            bytes[metadata.lowerBound..<place.lowerBound] + Array("\"lines\":18446744073709551615".utf8)
            + bytes[place.upperBound..<metadata.upperBound]
        var other = Array(bytes[..<metadata.lowerBound] + json)
        other.append(littleEndian: UInt64(json.count))
        other.append(littleEndian: json.withUnsafeBytes { blockChecksum($0) })
        other += TemplateTable.magic
        let opening = #expect(throws: DatasetError.self) { try TemplateTable(opening: directory.file("m", other)) }
        #expect(opening?.message.contains("its metadata tell of more lines than a table can have") == true)
        // As the count of a record.
        var block = Array(bytes[16..<metadata.lowerBound])
        for index in 28..<36 { block[index] = 0xFF }
        var checksum: [UInt8] = []
        checksum.append(littleEndian: block[12...].withUnsafeBytes { blockChecksum($0) })
        block.replaceSubrange(4..<12, with: checksum)
        let forged = try TemplateTable(
            opening: directory.file("r", bytes[..<16] + block + bytes[metadata.lowerBound...]))
        for action in [
            { try await forged.verify() }, { _ = try await TableDrift(from: forged, to: forged) },
            { _ = try await TemplateTable.merge([forged, forged], to: "\(forged.path).sum") },
        ] as [() async throws -> Void] {
            let error = await #expect(throws: DatasetError.self) { try await action() }
            #expect(error?.message.contains("a template has more lines than it can") == true)
        }
    }

    @Test("templates are walked in table order until the body has enough")
    func walk() async throws {
        let table = try table(counts(2), "table")
        var texts: [String] = []
        for shard in 0..<256 {
            try table.forEachRecord(inShard: shard) { texts.append(String(decoding: $0.masked, as: UTF8.self)) }
        }
        let found = try await table.withTemplates { next in
            var found: [String] = []
            while found.count < 50, let record = try next() {
                found.append(String(decoding: record.masked, as: UTF8.self))
            }
            return found
        }
        #expect(found == Array(texts.prefix(50)))
        struct Enough: Error {}
        await #expect(throws: Enough.self) { try await table.withTemplates { _ in throw Enough() } }
    }
}
