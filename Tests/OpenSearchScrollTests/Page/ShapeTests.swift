import Testing

@testable import OpenSearchScroll

/// Hits of the shape of those before are read without a walk through them: what comes out must be what each gives
/// alone.
@Suite("Shapes of hits")
struct ShapeTests {
    /// `$n` a name, `$s` a message, `$r` a routing, `$v` any value. What stands side by side is easily taken for one
    /// another.
    private static let forms = [
        #"{"_index":$n,"_id":$n,"_score":null,"_source":{"time":$v,"log":$s},"sort":[$v]}"#,
        #"{"_index":$n,"_id":$n,"_score":null,"_source":{"time":$v,"lag":$s},"sort":[$v]}"#,
        #"{"_index":$n,"_id":$n,"_score":null,"_source":{"time":$v,"logs":$s},"sort":[$v]}"#,
        #"{"_index":$n,"_id":$n,"_source":{"log":$s,"message":$s,"logs":$s}}"#,
        #"{"_index":$n,"_id":$n,"_routing":$r,"_source":{"log":$s}}"#,
        #"{"_source":{"log":$s},"_id":$n,"_index":$n}"#,
        #"{"_index":$n,"_id":$n,"_source":{"a":{"log":$s,"b":[$v,$s]},"log":$s,"x":{"log":$v}}}"#,
        #"{"_index":$n,"_id":$n,"_source":{"a":{"log":$s},"a":{"lag":$v},"log":[$s]}}"#,
        #"{"_index":$n,"_id":$n,"_source":{"log":[$s,$s],"a.log":$s}}"#,
        #"{ "_index" : $n , "_id": $n,"_source": {"log":$s ,"log" :$s }  }"#,
        #"{"_index":$n,"_id":$n,"_source":{"lo\u0067":$s,"a_key_that_is_longer_than_a_word_is":$s}}"#,
        #"{"_index":$n,"_id":$n,"_source":{"lo\u0067":$s,"a_key_that_is_longer_than_a_word_was":$s}}"#,
        #"{"_index":$n,"_id":$n,"_source":{"log":$s,"k":$v}}"#,
        #"{"_index":$n,"_id":$n,"_source":{"log":$s,""# + String(repeating: "k", count: 400) + #"":$v}}"#,
        "{\"_index\":$n,\"_id\":$n,\"_source\":\u{FEFF}{\"log\":$s}}",
        #"{"_index":$n,"_id":$n,"_id":$n,"_source":{"log":$s},"_source":{"log":$s}}"#,
        #"{"_index":$n,"_id":$n,"_source":{"log":$s,"deep":"# + String(repeating: "[", count: 200) + "$v"
            + String(repeating: "]", count: 200) + "}}",
    ]

    private struct Document: Equatable {
        var index: String, id: String, routing: String, message: String?
    }

    private func documents(_ page: ScrollPage) -> [Document] {
        func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }
        var documents: [Document] = []
        page.forEachDocument {
            documents.append(
                Document(
                    index: text($0.index), id: text($0.id), routing: text($0.routing), message: $0.message.map(text)))
        }
        return documents
    }

    private func page(_ hits: [String]) -> AnswerBody {
        let text = Answer.page([], total: hits.count)
            .replacing(#""hits":[]"#, with: #""hits":[\#(hits.joined(separator: ","))]"#)
        return Array(text.utf8).withUnsafeBytes { AnswerBody(copying: $0) }
    }

    private func fill(_ form: String, _ random: inout SeededRandom) -> String {
        let strings = ["\"\"", "\"one\"", #""a \"b\" c\n""#, #""\\""#, "\"é \u{FEFF}\"", #""\ud83d\ude00""#]
        let others = ["null", "17", "-1e5", "true", "{}", "[]", #"["x"]"#, #"[["x"]]"#, #"{"log":"y"}"#]
        var text = ""
        var parts = form.split(separator: "$", omittingEmptySubsequences: false)[...]
        text += parts.removeFirst()
        for part in parts {
            let number = Int.random(in: 0..<1_000_000, using: &random)
            let plain = "\"\(part.first ?? "x")\(String(repeating: "x", count: number % 40))-\(number)\""
            let isOdd = Int.random(in: 0..<30, using: &random) == 0
            switch part.first {
            case "v": text += isOdd ? (strings + others).randomElement(using: &random) ?? "" : "\(number)"
            case "r": text += Bool.random(using: &random) ? plain : "\"\""
            default: text += isOdd ? (strings + others).randomElement(using: &random) ?? "" : plain
            }
            text += part.dropFirst()
        }
        return text
    }

    /// Runs of hits of one form, here and there one of a form that stands near it.
    private func hits(_ random: inout SeededRandom) -> [String] {
        var hits: [String] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let form = Self.forms.indices.randomElement(using: &random) ?? 0
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                let isOther = Int.random(in: 0..<8, using: &random) == 0
                let other = isOther ? Int.random(in: -2...2, using: &random) : 0
                hits.append(fill(Self.forms[(form + other + Self.forms.count) % Self.forms.count], &random))
            }
        }
        return hits
    }

    @Test(
        "Each document is what it is alone", arguments: ["log", "a.log", "lag", "a_key_that_is_longer_than_a_word_is"])
    func alike(field: String) throws {
        var random = SeededRandom(state: 11)
        let decoder = PageDecoder(field: field)
        for _ in 0..<300 {
            let hits = hits(&random)
            let alone = try hits.flatMap { documents(try PageDecoder(field: field).decode(page([$0])).1) }
            #expect(documents(try decoder.decode(page(hits)).1) == alone)
        }
    }

    @Test("The whole sources of documents that are alike")
    func sources() throws {
        var random = SeededRandom(state: 12)
        let decoder = PageDecoder(content: .source, field: "log")
        for _ in 0..<50 {
            let hits = hits(&random)
            let alone = try hits.flatMap {
                documents(try PageDecoder(content: .source, field: "log").decode(page([$0])).1)
            }
            #expect(documents(try decoder.decode(page(hits)).1) == alone)
        }
    }

    @Test("A hit that is damaged is one behind hits of its shape, too")
    func damaged() throws {
        var random = SeededRandom(state: 13)
        var refused = 0
        for _ in 0..<2_000 {
            let form = Self.forms.randomElement(using: &random) ?? ""
            let whole = (0..<10).map { _ in fill(form, &random) }
            var bytes = Array(fill(form, &random).utf8)
            bytes[Int.random(in: bytes.indices, using: &random)] =
                Array("{}[]:,\"\\ x0".utf8).randomElement(using: &random) ?? 0
            let damaged = String(decoding: bytes, as: UTF8.self)
            let alone = try? documents(PageDecoder(field: "log").decode(page([damaged])).1)
            let among = try? documents(PageDecoder(field: "log").decode(page(whole + [damaged])).1)
            if alone == nil { refused += 1 }
            #expect(among.map { $0.dropFirst(10) } == alone.map { $0[...] }, "\(damaged)")
        }
        #expect((500..<1_900).contains(refused), "\(refused) refused")
    }
}
