import Testing

@testable import OpenSearchScroll

/// What a decoder made of a text, copied out.
struct Decoded: Equatable, CustomStringConvertible {
    var outcome: String
    var time: Int64?

    var description: String { "\(outcome) at \(time.map(String.init) ?? "-")" }
}

func decode(_ bytes: [UInt8], field: String = "log", timeField: String? = nil) -> Decoded {
    decode(bytes, with: DocumentDecoder(field: field, timeField: timeField))
}

func decode(_ text: String, field: String = "log", timeField: String? = nil) -> Decoded {
    decode(Array(text.utf8), field: field, timeField: timeField)
}

func decode(_ bytes: [UInt8], with decoder: DocumentDecoder) -> Decoded {
    var decoded: [Decoded] = []
    let padded = bytes + [UInt8](repeating: 0, count: DocumentDecoder.padding)
    padded.withUnsafeBytes { buffer in
        decoder.decode(UnsafeRawBufferPointer(rebasing: buffer[..<bytes.count])) { document in
            let outcome =
                switch document.outcome {
                case .message(let message): "message " + String(decoding: message, as: UTF8.self)
                case .fieldMissing: "missing"
                case .otherType: "other type"
                case .notJSON: "not JSON"
                }
            decoded.append(Decoded(outcome: outcome, time: document.time))
        }
    }
    #expect(decoded.count == 1, "the closure is called exactly once")
    return decoded.first ?? Decoded(outcome: "never called")
}

@Suite("Cutting a field out of an object")
struct DocumentDecoderTests {
    @Test(
        "The field is found by its literal name, then by its path",
        arguments: [
            (#"{"log":"a"}"#, "log", "message a"),
            (#" { "x" : [1,{"log":"no"}], "log" : "a" , "y":null } "#, "log", "message a"),
            (#"{"x":{"log":"no"}}"#, "log", "missing"),
            (#"{"k.log":"literal","k":{"log":"path"}}"#, "k.log", "message literal"),
            (#"{"k":{"log":"path"},"k.log":"literal"}"#, "k.log", "message literal"),
            (#"{"k":{"x":1,"log":"path"}}"#, "k.log", "message path"),
            (#"{"k":{"l":{"m":"deep"}}}"#, "k.l.m", "message deep"),
            (#"{"k":{"l":"flat"}}"#, "k.l.m", "missing"),
            (#"{"k":[{"log":"in an array"}]}"#, "k.log", "missing"),
            (#"{"k.log":7,"k":{"log":"path"}}"#, "k.log", "other type"),
            (#"{"lo\u0067":"escaped key"}"#, "log", "message escaped key"),
            (#"{"log\"":"no","lo":"no","logs":"no"}"#, "log", "missing"),
            (#"{"":"empty name"}"#, "", "message empty name"),
        ])
    func lookup(text: String, field: String, outcome: String) {
        #expect(decode(text, field: field).outcome == outcome)
    }

    @Test(
        "Of a key given twice the last counts, as in Python",
        arguments: [
            (#"{"log":"a","log":"b"}"#, "log", "message b"),
            (#"{"log":"a","log":null}"#, "log", "missing"),
            (#"{"k":{"log":"a"},"k":{}}"#, "k.log", "missing"),
            (#"{"k":{"log":"a"},"k":3}"#, "k.log", "missing"),
            (#"{"k":3,"k":{"log":"b"}}"#, "k.log", "message b"),
            (#"{"k":{"log":"a","log":"b"}}"#, "k.log", "message b"),
        ])
    func lastOfEqualKeys(text: String, field: String, outcome: String) {
        #expect(decode(text, field: field).outcome == outcome)
    }

    @Test(
        "Types other than strings are told apart",
        arguments: [
            (#"{"log":["x","y","z"]}"#, "message x y z"), (#"{"log":["only"]}"#, "message only"),
            (#"{"log":["a\n","","\"b"]}"#, "message a\n  \"b"), (#"{"log":""}"#, "message "),
            (#"{"log":[]}"#, "missing"), (#"{"log":null}"#, "missing"), (#"{}"#, "missing"),
            (#"{"log":12.50}"#, "other type"), (#"{"log":true}"#, "other type"), (#"{"log":{}}"#, "other type"),
            (#"{"log":["x",1]}"#, "other type"), (#"{"log":[1,"x"]}"#, "other type"),
            (#"{"log":["x",null]}"#, "other type"), (#"{"log":[["x"]]}"#, "other type"),
        ])
    func types(text: String, outcome: String) {
        #expect(decode(text).outcome == outcome)
    }

    @Test(
        "Strings are unescaped, half a surrogate pair becomes U+FFFD",
        arguments: [
            (#"a\u00e9\u2028\"\\\/\b\f\n\r\t"#, "a\u{e9}\u{2028}\"\\/\u{8}\u{c}\n\r\t"),
            (#"\uD83D\uDE00"#, "\u{1F600}"), (#"\ud83d\ude00x"#, "\u{1F600}x"), (#"nul \u0000 end"#, "nul \0 end"),
            (#"a\uD800b"#, "a\u{FFFD}b"), (#"a\uDC00b"#, "a\u{FFFD}b"), (#"\uD800\uD83D\uDE00"#, "\u{FFFD}\u{1F600}"),
            (#"\uD800\u0041"#, "\u{FFFD}A"), (#"\uD800"#, "\u{FFFD}"), (#"\uD800\n"#, "\u{FFFD}\n"),
        ])
    func unescaping(escaped: String, plain: String) {
        #expect(decode(#"{"log":"\#(escaped)"}"#).outcome == "message \(plain)")
    }

    @Test(
        "What is no JSON object is said to be none",
        arguments: [
            "", " ", "x", "[]", "\"log\"", "17", "{", "}", #"{"log":"a""#, #"{"log":"a"}}"#, #"{"log":"a"} x"#,
            #"{"log":"a",}"#, #"{"log" "a"}"#, #"{log:"a"}"#, #"{"log":"a","x":tru}"#, #"{"log":"a","x":01}"#,
            #"{"log":"a","x":NaN}"#, #"{"log":"a","x":[1,]}"#, #"{"log":"a","x":{"y":}}"#, #"{"log":"\x"}"#,
            #"{"log":"\u12"}"#, #"{"log":"a","x":"\u12"}"#, #"{"log":"a","x":"\q"}"#, "{\"log\":\"a\u{1}\"}",
            #"{"log":"a"}{"log":"b"}"#, #"{"log":"a","x":1.}"#, #"{"log":"a","x":-}"#, #"{"log":"a","x":1e}"#,
            #"{"log":tru}"#, #"{"log":"a" "b"}"#,
        ])
    func notJSON(text: String) {
        #expect(decode(text).outcome == "not JSON")
    }

    @Test("Whatever numbers JSON allows are allowed")
    func numbers() {
        let text = #"{"a":123456789012345678901234567890,"b":-0.5E+10,"c":1e400,"d":[0,-0],"log":"x"}"#
        #expect(decode(text).outcome == "message x")
    }

    @Test("Nesting of any depth is survived")
    func nesting() {
        for depth in [10, 600, 100_000] {
            let text =
                #"{"deep":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
                + #","log":"x"}"#
            #expect(decode(text).outcome == "message x")
        }
    }
}

@Suite("Bytes that are not UTF-8")
struct RepairTests {
    /// The expectations are what Python's `bytes.decode(errors="replace")` makes of the same bytes.
    @Test(
        "Each maximal part becomes one U+FFFD",
        arguments: [
            ([0xFF], "\u{FFFD}"), ([0xC0, 0xAF], "\u{FFFD}\u{FFFD}"), ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xE2, 0x82], "\u{FFFD}"), ([0xF0, 0x9F, 0x98], "\u{FFFD}"),
            ([0xF0, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xE2, 0x82, 0x41], "\u{FFFD}A"), ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xC3, 0xA9, 0x80], "\u{e9}\u{FFFD}"),
        ])
    func maximalParts(bytes: [UInt8], text: String) {
        let decoder = DocumentDecoder(field: "log", timeField: nil)
        let object = Array(#"{"log":"<"#.utf8) + bytes + Array(#">"}"#.utf8)
        #expect(decode(object, with: decoder).outcome == "message <\(text)>")
        #expect(decoder.repairedDocuments == 1)
    }

    @Test("A bad byte elsewhere in the object costs nothing but the repair")
    func elsewhere() {
        #expect(decode(Array(#"{"x":""#.utf8) + [0x80] + Array(#"","log":"a"}"#.utf8)).outcome == "message a")
    }

    @Test("A byte order mark before the object is skipped")
    func byteOrderMark() {
        #expect(decode([0xEF, 0xBB, 0xBF] + Array(#"{"log":"a"}"#.utf8)).outcome == "message a")
    }

    @Test("Sound objects are not counted as repaired, halves of pairs are")
    func counted() {
        let decoder = DocumentDecoder(field: "log", timeField: nil)
        _ = decode(Array(#"{"log":"a"}"#.utf8), with: decoder)
        #expect(decoder.repairedDocuments == 0)
        _ = decode(Array(#"{"log":"\ud800"}"#.utf8), with: decoder)
        #expect(decoder.repairedDocuments == 1)
    }
}

@Suite("Times")
struct TimestampTests {
    @Test(
        "Every shape of strict_date_optional_time and epoch_millis is read",
        arguments: [
            (#""2021""#, 1_609_459_200_000), (#""2021-08""#, 1_627_776_000_000), (#""2021-08-03""#, 1_627_948_800_000),
            (#""2021-08-03T""#, 1_627_948_800_000), (#""2021-08-03T09""#, 1_627_981_200_000),
            (#""2021-08-03T09:15""#, 1_627_982_100_000), (#""2021-08-03T09:15:59""#, 1_627_982_159_000),
            (#""2021-08-03T09:15:59Z""#, 1_627_982_159_000), (#""2021-08-03T09:15:59.2Z""#, 1_627_982_159_200),
            (#""2021-08-03T09:15:59.228694Z""#, 1_627_982_159_228),
            (#""2021-08-03T09:15:59,228694123Z""#, 1_627_982_159_228),
            (#""2021-08-03T09:15:59+02:00""#, 1_627_974_959_000), (#""2021-08-03T09:15:59-0230""#, 1_627_991_159_000),
            (#""2021-08-03T09:15:59+02""#, 1_627_974_959_000),
            (#""2021-08-03T09:15:59\u002B02:00""#, 1_627_974_959_000),
            (#""1969-12-31T23:59:59.999Z""#, -1), (#""2000-02-29""#, 951_782_400_000),
            (#""0001-01-01""#, -62_135_596_800_000),
            (#""1627982159228""#, 1_627_982_159_228), ("1627982159228", 1_627_982_159_228),
            ("1627982159228.7", 1_627_982_159_228), ("-1", -1), ("-1.5", -2), ("1.627982159228e12", 1_627_982_159_228),
            (#"[1627982159229,"1627982159228"]"#, 1_627_982_159_228), (#"["x",5]"#, 5),
        ] as [(String, Int64)])
    func readable(token: String, time: Int64) {
        let decoded = decode(#"{"time":\#(token),"log":"a"}"#, timeField: "time")
        #expect(decoded == Decoded(outcome: "message a", time: time))
    }

    @Test(
        "Anything else is no time",
        arguments: [
            #""""#, "null", "true", "{}", "[]", #""x""#, #""21-08-03""#, #""2021-13-01""#, #""2021-02-29""#,
            #""2021-08-03 09:15:59""#, #""2021-08-03T24:00""#, #""2021-08-03T09:60""#, #""2021-08-03T09:15:59.Z""#,
            #""2021-08-03T09:15:59 Z""#, #""2021-08-03T09:15:59.1234567890Z""#, #""2021-08-03T09:15:59+""#,
            #""2021-08-03Z""#, "12345678901234567890", "1e30", #""-""#,
        ])
    func unreadable(token: String) {
        let decoded = decode(#"{"time":\#(token),"log":"a"}"#, timeField: "time")
        #expect(decoded == Decoded(outcome: "message a", time: nil))
    }

    @Test("Message and time may stand under one parent")
    func sharedParent() {
        let text = #"{"k":{"log":"a","at":"2021"},"at":5}"#
        #expect(
            decode(text, field: "k.log", timeField: "k.at") == Decoded(outcome: "message a", time: 1_609_459_200_000))
        #expect(decode(text, field: "k.log", timeField: "at") == Decoded(outcome: "message a", time: 5))
        #expect(decode(text, field: "k.log", timeField: nil).time == nil)
    }

    @Test("One field may be both")
    func sameField() {
        #expect(
            decode(#"{"t":"2021"}"#, field: "t", timeField: "t")
                == Decoded(outcome: "message 2021", time: 1_609_459_200_000))
    }
}
