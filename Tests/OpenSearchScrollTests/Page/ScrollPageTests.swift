import Testing

@testable import OpenSearchScroll

@Suite("The id at the start of an answer")
struct ScrollIDTests {
    @Test("It is waited for until its end, and not looked for in anything else")
    func start() {
        let text = #"{"_scroll_id":"FGluY2x1ZGU=","took":3"#
        let whole = #"{"_scroll_id":"FGluY2x1ZGU=""#.utf8.count
        for count in 0...text.utf8.count {
            Array(text.utf8.prefix(count)).withUnsafeBytes { bytes in
                #expect(PageDecoder.isScrollIDCut(startOf: bytes) == (count < whole), "\(count) bytes")
                #expect(PageDecoder.scrollID(startOf: bytes) == (count < whole ? nil : "FGluY2x1ZGU="))
            }
        }
        for other in ["x", #"{"took":3"#, "<html>", #"{"_scroll"}"#] {
            Array(other.utf8).withUnsafeBytes { #expect(!PageDecoder.isScrollIDCut(startOf: $0), "\(other)") }
        }
    }
}

@Suite("Pages")
struct ScrollPageTests {
    @Test("Documents with index, id and message, in order")
    func documents() throws {
        let text =
            #"{"_scroll_id":"s==","took":1,"timed_out":false,"_shards":{"total":2,"successful":2,"skipped":0,"failed":0},"#
            + #""hits":{"total":{"value":4,"relation":"eq"},"max_score":null,"hits":["#
            + #"{"_index":"logs-1","_id":"a\"1","_score":null,"_source":{"x":{"log":"no"},"log":"one\n\"two\""},"sort":[0]},"#
            + #"{"_source":{"log":["x","\u00e9"]},"_id":"b","_index":"logs-2"},"#
            + #"{"_index":"logs-1","_id":"c","_source":{"log":7}},{"_index":"logs-1","_id":"d"}]}}"#
        let (envelope, page) = try decodePage(text)
        #expect(envelope.scrollID == "s==" && envelope.total == 4 && envelope.shards == (2, 2))
        #expect(!envelope.timedOut && !envelope.terminatedEarly && envelope.failures.isEmpty)
        #expect(page.count == 4 && page.documentsWithoutField == 2 && page.bytes == text.utf8.count && !page.isRepaired)
        #expect(page.ids == ["a\"1", "b", "c", "d"])
        #expect(page.messages == ["one\n\"two\"", "x é"])
        var indices: [String] = []
        page.forEachDocument { indices.append(String(decoding: $0.index, as: UTF8.self)) }
        #expect(indices == ["logs-1", "logs-2", "logs-1", "logs-1"])
    }

    @Test("What closures throw passes through, typed")
    func throwing() throws {
        struct Enough: Error {}
        let (_, page) = try decodePage(Answer.page(["1", "2"], total: 2))
        var seen = 0
        #expect(throws: Enough.self) {
            try page.forEachMessage { _ throws(Enough) in
                seen += 1
                throw Enough()
            }
        }
        #expect(seen == 1)
    }

    @Test("A byte that is no UTF-8 costs the page a repair, nothing else")
    func repaired() throws {
        var bytes = Array(Answer.page(["1", "2"], total: 2).utf8)
        let place =
            bytes.lastIndex(of: UInt8(ascii: "2")).map { bytes[..<$0].lastIndex(of: UInt8(ascii: "e")) ?? 0 } ?? 0
        bytes[place] = 0xFF
        let (_, page) = try decodePage(bytes)
        #expect(page.isRepaired && page.bytes == bytes.count)
        #expect(page.messages.count == 2 && page.messages.joined().contains("\u{FFFD}"))
    }

    @Test("Byte order marks before documents are skipped, those inside of strings stay")
    func marks() throws {
        let text = Answer.page(["1", "2"], total: 2).replacing("\"_source\":{", with: "\"_source\":\u{FEFF}{")
            .replacing("line 2", with: "line \u{FEFF}2")
        #expect(try decodePage(text).1.messages == ["line 1", "line \u{FEFF}2"])
    }

    @Test("Half a pair is replaced and noticed")
    func surrogates() throws {
        let (_, page) = try decodePage(Answer.page(["1"], total: 1).replacing("line 1", with: #"\ud800\\"#))
        #expect(page.messages == ["\u{FFFD}\\"] && page.isRepaired)
    }

    @Test(
        "Answers that are no pages are refused",
        arguments: [
            "", "<html>", "[]", "{}", #"{"hits":{"hits":[]}}"#, #"{"_shards":{"total":1,"successful":1}}"#,
            String(Answer.page(["1"], total: 1).dropLast()), Answer.page(["1"], total: 1) + "}",
            Answer.page(["1"], total: 1).replacing(#""hits":["#, with: #""hits":[7,"#),
            Answer.page(["1"], total: 1).replacing("line 1", with: #"\q"#),
        ])
    func refused(text: String) {
        #expect(throws: PageDecoder.Malformed.self) { _ = try decodePage(text) }
    }

    @Test("What is cut off anywhere is refused")
    func cut() {
        let text = Answer.page(["1", "2"], total: 2, failures: #"[{"shard":0}]"#)
        for count in 0..<text.utf8.count {
            let error = #expect(throws: PageDecoder.Malformed.self) {
                _ = try decodePage(Array(text.utf8.prefix(count)))
            }
            #expect(error?.reason == "no JSON, or not that of a search")
        }
    }

    @Test(
        "JSON in the wrong order is refused",
        arguments: [
            ("[{\"_index\"", "[,{\"_index\""), ("},{", "}{"), ("\"timed_out\":false", "\"timed_out\" false"),
            ("\"sort\":[0]}", "\"sort\":[0]]"), ("\"total\":{\"value\":2", "\"total\":{\"value\":2x"),
            ("\"_id\":\"1\"", "\"_id\":"), ("\"sort\":[0]}", "\"sort\":[0],}"),
            ("\"_id\":\"1\"", "7:\"1\""), ("\"successful\":1", "\"successful\":1.5"),
        ])
    func disordered(_ good: String, _ bad: String) {
        let text = Answer.page(["1", "2"], total: 2)
        #expect(text.contains(good))
        #expect(throws: PageDecoder.Malformed.self) { _ = try decodePage(text.replacing(good, with: bad)) }
    }

    @Test("A number of hits that is only a lower bound is none")
    func inexact() throws {
        let (envelope, _) = try decodePage(Answer.page([], total: 3).replacing("\"eq\"", with: "\"gte\""))
        #expect(envelope.total == nil)
    }

    @Test("Whatever is in the documents, messages and ids come out as they went in")
    func property() throws {
        var random = SeededRandom(state: 3)
        let decoder = PageDecoder(field: "k.log")
        let alphabet: [Unicode.Scalar] = [
            "a", "\"", "\\", "\n", "\u{1}", "é", "\u{1F600}", "/", " ", "\u{7F}", "{", "]", ",",
        ]
        func text() -> String {
            var text = ""
            for _ in 0..<Int.random(in: 0..<90, using: &random) {
                text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
            }
            return text
        }
        for _ in 0..<100 {
            let documents = (0..<Int.random(in: 0..<20, using: &random)).map { _ in
                (id: text(), log: text(), other: text())
            }
            let hits = documents.map { document -> JSONValue in
                [
                    "_id": .string(document.id), "_index": "i",
                    "_source": [
                        "k": ["log": .string(document.log), "n": 1], "log": .string(document.other),
                        "z" + document.other: [.string(document.other)],
                    ],
                ]
            }
            let answer: JSONValue = [
                "_scroll_id": "s", "timed_out": false, "_shards": ["total": 1, "successful": 1, "failed": 0],
                "hits": ["total": ["value": 1, "relation": "eq"], "hits": .array(hits)],
            ]
            let (_, page) = try decoder.decode(answer.encoded.withUnsafeBytes { AnswerBody(copying: $0) })
            #expect(page.ids == documents.map(\.id))
            #expect(page.messages == documents.map(\.log))
        }
    }
}
