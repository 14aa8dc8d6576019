import Glibc
import Testing

@testable import LogDataset

@Suite struct TemplateTableTests {
    private let rules = String(repeating: "07", count: 32)

    private func write(_ texts: [String], to path: String) throws {
        let table = CountTable()
        for (index, text) in texts.enumerated() { table.add(text, hour: .none, count: UInt64(index + 1)) }
        let writer = try TemplateTableWriter(to: path)
        try table.forEachSorted { _, record in
            try writer.append(
                TemplateRecord(hash: record.hash, masked: record.masked, count: record.count, heldOut: record.count / 2)
            )
        }
        try writer.finish(
            rulesDigest: rules, heldOutBy: .lines, hours: [.init(hour: .none, lines: UInt64(texts.count))])
    }

    @Test func aTableIsReadBackAsItWasWritten() throws {
        let directory = TemporaryDirectory()
        let texts = (0..<2_000).map { "template \($0)" } + [""]
        let path = "\(directory.path)/templates.table"
        try write(texts, to: path)
        let table = try TemplateTable(opening: path)
        var found: [String: UInt64] = [:]
        for shard in 0..<256 {
            try table.forEachRecord(inShard: shard) { record in
                #expect(Int(record.hash >> 120) == shard)
                #expect(record.heldOut == record.count / 2)
                found[String(decoding: record.masked, as: UTF8.self)] = record.count
            }
        }
        #expect(found.count == texts.count)
        for (index, text) in texts.enumerated() { #expect(found[text] == UInt64(index + 1)) }
        #expect(table.metadata.templates == 2_001)
        #expect(table.metadata.lines == UInt64((1...2_001).reduce(0, +)))
        #expect(directory.names == ["templates.table"])
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func aTableIsWrittenUnderANameOfItsProcessAndTouchesNoOther() throws {
        let directory = TemporaryDirectory()
        let path = "\(directory.path)/table"
        let theirs = directory.file("table.partial", "precious".utf8)
        // What killed processes have left, one of them with this one's number, and what another one is writing.
        let own = directory.file("table.\(getpid()).partial", "words of logs".utf8)
        #expect(chmod(own, 0o644) == 0)
        _ = directory.file("table.4194305.partial", "words of logs".utf8)
        let other = open(directory.file("table.4194306.partial", "half a table".utf8), O_RDONLY)
        defer { close(other) }
        #expect(flock(other, LOCK_EX) == 0)
        try write(["one"], to: path)
        #expect(directory.names == ["table", "table.4194306.partial", "table.partial"])
        #expect(fileBytes(theirs) == Array("precious".utf8))
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func twoTablesAreNotWrittenIntoOneFile() throws {
        let directory = TemporaryDirectory()
        let path = "\(directory.path)/table"
        do {
            let first = try TemplateTableWriter(to: path)
            let error = #expect(throws: DatasetError.self) { try TemplateTableWriter(to: path) }
            #expect(error?.code == .unwritable && error?.message.hasPrefix("\(path) cannot be written (") == true)
            try first.finish(rulesDigest: rules, heldOutBy: .lines, hours: [])
        }
        #expect(try TemplateTable(opening: path).metadata.templates == 0)
        // What is no file of ours is neither followed nor removed.
        try #require(symlink("elsewhere", "\(path).\(getpid()).partial") == 0)
        #expect(throws: DatasetError.self) { try TemplateTableWriter(to: path) }
        #expect(directory.names == ["table", "table.\(getpid()).partial"])
    }

    @Test func equalTablesAreEqualBytesAndADigestNamesTheDifference() throws {
        let directory = TemporaryDirectory()
        for (name, texts) in [("a", ["x", "y"]), ("b", ["x", "y"]), ("c", ["y", "x"])] {
            try write(texts, to: "\(directory.path)/\(name)")
        }
        let metadata = try ["a", "b", "c"].map { try TemplateTable(opening: "\(directory.path)/\($0)").metadata }
        #expect(fileBytes("\(directory.path)/a") == fileBytes("\(directory.path)/b"))
        #expect(metadata[0] == metadata[1])
        #expect(metadata[0].tableDigest != metadata[2].tableDigest)
    }

    /// Every byte of a small table is changed in turn: it is refused at opening or while it is walked, or it is one of
    /// the reserved bytes of the header.
    @Test func noDamagedByteGoesUnnoticed() throws {
        let directory = TemporaryDirectory()
        let path = "\(directory.path)/templates.table"
        try write(["one", "two", "three"], to: path)
        let bytes = fileBytes(path)
        for index in bytes.indices where !(12..<16).contains(index) {
            var damaged = bytes
            damaged[index] ^= 0x10
            let copy = directory.file("damaged", damaged)
            #expect(throws: DatasetError.self, "byte \(index)") {
                let table = try TemplateTable(opening: copy)
                for shard in 0..<256 { try table.forEachRecord(inShard: shard) { _ in } }
            }
        }
    }

    @Test func whatIsNoTableIsRefusedWithAWordOfWhatToDo() throws {
        let directory = TemporaryDirectory()
        let path = "\(directory.path)/templates.table"
        try write(["one"], to: path)
        let bytes = fileBytes(path)
        func message(_ name: String, _ bytes: [UInt8]) -> String {
            let error = #expect(throws: DatasetError.self) {
                try TemplateTable(opening: directory.file(name, bytes))
            }
            return error?.message ?? ""
        }
        #expect(
            message("text", Array("hello".utf8)).hasSuffix(
                "give one that `opnilog-train collect` or `train` has written"))
        #expect(message("cut", Array(bytes.dropLast(5))).contains("its end is missing"))
        var newer = bytes
        newer[8] = 9
        #expect(message("newer", newer).contains("has table format 9, newer than this opnilog reads (1)"))
        let missing = #expect(throws: DatasetError.self) { try TemplateTable(opening: "\(directory.path)/none") }
        #expect(missing?.code == .unreadableFile)
    }

    @Test func aFullDiskIsSaidAndNothingIsLeft() throws {
        // Every write to this device fails as if the disk were full.
        let error = #expect(throws: DatasetError.self) {
            let file = try OutputFile(creating: "/dev/full")
            try file.write([UInt8](repeating: 1, count: 1 << 20))
            try file.close(sync: false)
        }
        #expect(error?.code == .unwritable)
        #expect(error?.message.contains("free some space on its disk") == true)
        // A file that was not finished goes; a device is not one.
        var status = stat()
        #expect(stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }
}
