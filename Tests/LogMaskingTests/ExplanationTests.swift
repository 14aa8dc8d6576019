import LogMasking
import Testing

@Suite struct ExplanationTests {
    private static func explain(_ message: [UInt8], _ masks: [CustomMask] = []) throws -> MaskExplanation {
        var settings = MaskSettings()
        if !masks.isEmpty { settings.rules = try MaskRuleSet(adding: masks) }
        return message.withUnsafeBytes { LogMasker(settings).explain($0) }
    }

    private static func parts(_ message: String, _ masks: [CustomMask] = []) throws -> [String] {
        let bytes = Array(message.utf8)
        return try explain(bytes, masks).parts.map { part in
            "\(part.rule) \(part.text ?? String(decoding: bytes[part.bytes], as: UTF8.self))"
        }
    }

    @Test("Each rule and its bytes, in the order of the message")
    func builtIn() throws {
        #expect(
            try Self.parts("I0803 09:31:44.1 x.go:7] at http://ab/c, 10.0.0.1 took 1.5ms é 12 {} /a/b1")
                == [
                    "klog_date I0803 09:31:44.1", "go_file_path x.go:7", "url http://ab/c", "ip 10.0.0.1",
                    "duration 1.5ms", "num 12", "empty_set {}", "path /a/b1",
                ])
        #expect(try Self.parts("plain words") == [])
        #expect(try Self.parts("") == [])
    }

    @Test("What a later rule took together with a mask is told of the later")
    func nested() throws {
        #expect(try Self.parts("Dec 31 23:59:59x.go:7") == ["go_file_path Dec 31 23:59:59x.go:7"])
    }

    @Test("Bytes are those of the message, whatever was deleted, repaired or replaced before them")
    func origins() throws {
        let pod = CustomMask(name: "pod", pattern: "web-[0-9]+", token: "<POD>")
        let last = CustomMask(name: "last", pattern: "<num>$", token: "<LAST>", place: .after)
        #expect(
            try Self.parts("\u{1B}[31mweb-1\u{1B}[0m2 x 3", [pod, last])
                == ["escape \u{1B}[31m", "pod web-1\u{1B}[0m2", "escape \u{1B}[0m", "num 3", "last <num>"])
        let broken = try Self.explain([0xFF, 0x20, 0x31, 0xC2, 0x20, 0x32])
        #expect(broken.masked == "\u{FFFD} <num>\u{FFFD} <num>")
        #expect(broken.parts.map(\.bytes) == [2..<3, 5..<6])
    }

    @Test("The masked text is the masker's own")
    func same() throws {
        var generator = LineGenerator(seed: 99)
        let masker = LogMasker()
        for _ in 0..<500 {
            let line = generator.line()
            let explained = try Self.explain(Array(line.utf8))
            #expect(explained.masked.utf8.elementsEqual(masker.mask(line).utf8), "\(line.debugDescription)")
            let inside = explained.parts.allSatisfy { !$0.bytes.isEmpty && $0.bytes.upperBound <= line.utf8.count }
            #expect(inside, "\(line.debugDescription)")
        }
    }
}
