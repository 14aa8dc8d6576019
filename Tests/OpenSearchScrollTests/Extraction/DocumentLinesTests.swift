import Testing

@testable import OpenSearchScroll

@Suite("Document lines")
struct DocumentLinesTests {
    static func page(_ hits: [[UInt8]]) throws -> ScrollPage {
        let head =
            #"{"_scroll_id":"s","timed_out":false,"_shards":{"total":1,"successful":1},"hits":{"total":{"value":9,"#
            + #""relation":"eq"},"hits":["#
        let body = Array(head.utf8) + Array(hits.joined(separator: [UInt8(ascii: ",")])) + Array("]}}".utf8)
        return try PageDecoder(content: .source, field: "").decode(
            body.withUnsafeBytes { AnswerBody(copying: $0) }
        ).1
    }

    static func page(_ hits: String...) throws -> ScrollPage { try page(hits.map { Array($0.utf8) }) }

    static func lines(_ page: ScrollPage) -> [UInt8] {
        var all: [UInt8] = []
        let lines = DocumentLines()
        _ = lines.append(page) { all += $0 }
        lines.flush { all += $0 }
        return all
    }

    private func text(_ page: ScrollPage) -> String { String(decoding: Self.lines(page), as: UTF8.self) }

    @Test("A line a document, its source as it was indexed, its routing where it has one")
    func form() throws {
        let page = try Self.page(
            #"{"_index":"a","_id":"1","_score":null,"_source":{"b":[1, {"c":"\u00e9\n"}],"b":null}}"#,
            #"{"_index":"b","_id":"2","_routing":"r","_source":{}}"#, #"{"_index":"b","_id":"3"}"#)
        #expect(
            text(page) == #"{"_index":"a","_id":"1","_source":{"b":[1, {"c":"\u00e9\n"}],"b":null}}"# + "\n"
                + #"{"_index":"b","_id":"2","_routing":"r","_source":{}}"# + "\n"
                + #"{"_index":"b","_id":"3","_source":null}"# + "\n")
        let lines = DocumentLines()
        let extent = lines.append(page) { _ in }
        #expect(extent.documents == 3 && lines.documentsWithoutSource == 1 && lines.repairedDocuments == 0)
        #expect(extent.bytes == lines.count)
    }

    @Test("Line breaks between tokens become blanks, a document stays one line")
    func breaks() throws {
        let page = try Self.page("{\"_index\":\"a\",\"_id\":\"1\",\"_source\":{\r\n\t\"b\" :\n1\n}}")
        #expect(text(page) == "{\"_index\":\"a\",\"_id\":\"1\",\"_source\":{  \t\"b\" : 1 }}\n")
    }

    @Test("What JSON must escape in names and ids is escaped")
    func escapes() throws {
        let page = try Self.page(
            #"{"_index":"a","_id":"q\"b\\n\nc\u0001é","_routing":"\"","_source":{}}"#)
        #expect(
            text(page) == #"{"_index":"a","_id":"q\"b\\n\u000ac\u0001é","_routing":"\"","_source":{}}"# + "\n")
    }

    @Test("Documents with bytes that are no UTF-8 are counted one by one")
    func repaired() throws {
        func hit(_ id: String, _ message: [UInt8]) -> [UInt8] {
            Array(#"{"_index":"a","_id":"\#(id)","_source":{"log":""#.utf8) + message + Array(#""}}"#.utf8)
        }
        let page = try Self.page([
            hit("1", Array("é\u{FFFD}".utf8)), hit("2", [0x61, 0xFF, 0x62, 0xFE]), hit("3", [0x61]),
            hit("4", [0xE2, 0x82]),
        ])
        #expect(page.repairedDocuments == 2)
        #expect(page.keeping([0, 1]).repairedDocuments == 1 && page.keeping([0, 2]).repairedDocuments == 0)
        #expect(page.keeping([2, 3]).keeping([1]).repairedDocuments == 1)
        #expect(text(page).contains("{\"log\":\"a\u{FFFD}b\u{FFFD}\"}"))
    }

    @Test("Whole lines are handed on when enough have been gathered, also of one document that is larger than that")
    func flushing() throws {
        let long = String(repeating: "x", count: 5000)
        let page = try Self.page(
            #"{"_index":"a","_id":"1","_source":{}}"#, #"{"_index":"a","_id":"2","_source":{"l":"\#(long)"}}"#,
            #"{"_index":"a","_id":"3","_source":{}}"#)
        let lines = DocumentLines(limit: 100)
        var parts: [[UInt8]] = []
        _ = lines.append(page) { parts.append(Array($0)) }
        #expect(parts.count == 1 && parts.allSatisfy { $0.last == 0x0A })
        lines.flush { parts.append(Array($0)) }
        #expect(Array(parts.joined()) == Self.lines(page))
        lines.flush { parts.append(Array($0)) }
        #expect(parts.count == 2, "what was handed on is forgotten")
    }

    struct Full: Error {}

    @Test("What cannot be handed on is an error of whoever takes it")
    func fault() throws {
        let page = try Self.page(#"{"_index":"a","_id":"1","_source":{}}"#)
        #expect(throws: Full.self) {
            _ = try DocumentLines(limit: 1).append(page) { _ in throw Full() }
        }
    }
}

@Suite("Reading lines back")
struct DocumentLineScanTests {
    private func scan(_ bytes: [UInt8], trusted: Int = 0) -> DocumentLineScan? {
        bytes.withUnsafeBytes { DocumentLineScan($0, trusted: trusted) }
    }

    private let page = {
        try DocumentLinesTests.page(
            #"{"_index":"a","_id":"1","_source":{"x":"}\n"}}"#,
            #"{"_index":"a","_id":"1","_routing":"r\"","_source":{}}"#,
            #"{"_index":"b\u0041","_id":"1\\\u0002","_source":{"y":[]}}"#, #"{"_index":"bA","_id":"","_source":{}}"#)
    }

    @Test("The identities are those of the page")
    func identities() throws {
        let page = try page()
        let bytes = DocumentLinesTests.lines(page)
        let scan = try #require(self.scan(bytes))
        #expect(scan.bytes == bytes.count && scan.documents.count == 4)
        page.forEachID { place, id in #expect(scan.documents.contains(id), "\(place)") }
        var digest = IDDigest()
        page.forEachID { _, id in digest.add(id) }
        #expect(scan.tail.documents == 4 && scan.tail.digest == digest && scan.tail.bytes == bytes.count)
    }

    @Test("A torn last line is left out, wherever it was torn")
    func torn() throws {
        let bytes = DocumentLinesTests.lines(try page())
        let last = (bytes.dropLast().lastIndex(of: 0x0A) ?? 0) + 1
        for length in last..<bytes.count {
            let scan = try #require(self.scan(Array(bytes[..<length])))
            #expect(scan.bytes == last && scan.documents.count == 3, "\(length)")
        }
    }

    @Test("A line whose names were damaged is none of ours", arguments: [#"a\Y"#, #"\u00"#])
    func damaged(name: String) {
        for (index, id, routing) in [(name, "1", "r"), ("a", name, "r"), ("a", "1", name)] {
            let line = #"{"_index":"\#(index)","_id":"\#(id)","_routing":"\#(routing)","_source":{}}"# + "\n"
            #expect(scan(Array(line.utf8), trusted: line.utf8.count) == nil)
            #expect(scan(Array(line.utf8))?.bytes == 0)
        }
    }

    @Test("Zeros that a machine's crash left end the lines, beyond what is trusted")
    func zeros() throws {
        let bytes = DocumentLinesTests.lines(try page())
        let zeros = [UInt8](repeating: 0, count: 50) + [0x0A]
        #expect(scan(bytes + zeros, trusted: bytes.count)?.bytes == bytes.count)
        var inside = bytes
        inside[bytes.count - 4] = 0
        #expect(scan(inside)?.documents.count == 3)
    }

    @Test("Only what was not trusted is counted anew")
    func tail() throws {
        let bytes = DocumentLinesTests.lines(try page())
        let first = (bytes.firstIndex(of: 0x0A) ?? 0) + 1
        let scan = try #require(self.scan(bytes, trusted: first))
        #expect(scan.documents.count == 4 && scan.tail.documents == 3 && scan.tail.bytes == bytes.count - first)
    }

    @Test("Something else in what is trusted is no output of ours")
    func foreign() throws {
        let bytes = DocumentLinesTests.lines(try page())
        #expect(scan(Array("{\"a\":1}\n".utf8) + bytes, trusted: 8) == nil)
        #expect(scan(bytes, trusted: bytes.count - 1) != nil, "a checkpoint stands at a line's end in any case")
        #expect(scan(bytes, trusted: bytes.count + 1) == nil)
        #expect(scan([], trusted: 0)?.bytes == 0)
    }
}
