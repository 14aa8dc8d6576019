import Testing

@testable import OpenSearchScrollTesting

/// The small parts: JSON, dates, keep-alives, scroll ids, patterns.
struct PartsTests {
    @Test(arguments: [
        "null", "true", "[1,-2.5e3,\"a\"]", "{\"a\":{\"b\":[]},\"c\":\"\\u0000\\\"\\\\\"}", "\"é😀\"",
    ])
    func jsonRoundTrips(_ text: String) throws {
        var buffer: [UInt8] = []
        JSONWriter.append(try JSONParser.parse(Array(text.utf8)), to: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self) == text)
    }

    @Test(arguments: [
        ("", "Unexpected end-of-input", 0),
        ("{\"a\":1", "Unexpected end-of-input: expected close marker for Object", 6),
        ("[1 2]", "Unexpected end-of-input: expected close marker for Array", 3),
        ("{} x", "Unexpected character after the value", 3), ("tru", "Unrecognized token", 0),
        ("\"a\u{1}\"", "Illegal unquoted character in a string", 3), ("\"\\x\"", "Unrecognized character escape", 3),
        ("-", "Unrecognized token", 1),
    ])
    func jsonFailures(_ text: String, _ reason: String, _ offset: Int) {
        let failure = #expect(throws: JSONParser.Failure.self) { _ = try JSONParser.parse(Array(text.utf8)) }
        #expect(failure?.reason == reason)
        #expect(failure?.offset == offset)
    }

    @Test func jsonNestingIsLimited() {
        let deep = Array(String(repeating: "[", count: 1001).utf8)
        let failure = #expect(throws: JSONParser.Failure.self) { _ = try JSONParser.parse(deep) }
        #expect(failure?.reason == "Document nesting depth exceeds 1000")
    }

    /// The search for what needs an escape looks at eight bytes at once: each byte value at each place, among others.
    @Test func firstEscapeIsFoundWhereverItStands() {
        for byte in UInt8.min ... .max {
            let needsEscape = byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            for place in 0..<19 {
                for filler in [UInt8(ascii: "a"), 0x20, 0xFF, 0x80, 0x21, 0x7F] {
                    var bytes = [UInt8](repeating: filler, count: 19)
                    bytes[place] = byte
                    let found = bytes.withUnsafeBufferPointer { JSONWriter.firstEscape(in: $0, from: 0) }
                    #expect(found == (needsEscape ? place : nil), "\(byte) at \(place) among \(filler)")
                }
            }
        }
    }

    @Test(arguments: [
        ("1970-01-01", 0), ("2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123),
        ("2024-02-29T00:00:00+01:00", 1_709_161_200_000), ("1969-12-31T23:59:59.9", -100),
        ("2026-11-24T10", 1_795_514_400_000),
    ])
    func dates(_ text: String, _ milliseconds: Int64) {
        #expect(DateText.milliseconds(text) == milliseconds)
        #expect(DateText.milliseconds(DateText.text(milliseconds)) == milliseconds)
    }

    @Test(arguments: [
        "", "2023", "2023-13-01", "2023-11-14T25:00", "2023-11-14 22:00", "2023-11-14T22:13:20Zx", "soon",
    ])
    func noDates(_ text: String) {
        #expect(DateText.milliseconds(text) == nil)
    }

    @Test(arguments: [("5m", Duration.seconds(300)), ("1500ms", .milliseconds(1500)), ("1d", .seconds(86_400))])
    func keepAlives(_ text: String, _ duration: Duration) throws {
        #expect(try KeepAlive.parse(text) == duration)
    }

    @Test(arguments: [([UInt64(7)], false), ([7, 8, 9], false), ([1 << 40], true)])
    func scrollIDsRoundTrip(_ contexts: [UInt64], _ namesIndices: Bool) throws {
        let id = ScrollID(session: ScrollID.newSession(), contexts: contexts, indices: ["logs"])
        let text = id.text(namesIndices: namesIndices)
        let read = try #require(ScrollID(text))
        #expect(read.session == id.session)
        #expect(read.contexts == contexts)
        // The lengths that real servers' ids have.
        if contexts.count == 1 { #expect(text.count == (namesIndices ? 132 : 120)) }
    }

    @Test(arguments: ["", "x", "FGluY2x1ZGVfY29udGV4dF91dWlk", "!!!!"])
    func noScrollIDs(_ text: String) {
        #expect(ScrollID(text) == nil)
    }

    @Test(arguments: [
        ("logs*", "logs-1", true), ("*", "", true), ("a*b*c", "axxbyc", true), ("a*b", "ab", true), ("a*a", "a", false),
        ("logs", "logs1", false), ("*x*", "y", false),
    ])
    func wildcards(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(Wildcard.matches(pattern, text) == matches)
    }
}
