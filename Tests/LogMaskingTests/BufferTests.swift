import Testing

@testable import LogMasking

@Suite struct BufferTests {
    @Test("A masker gives the same text for a line before and after a long one")
    func reuse() {
        let masker = LogMasker()
        let lines = ["", "a=1", "I0414 20:17:14.1 x.go:7] done", "\u{1B}[31mred\u{1B}[0m", "ΑΣ 1.5ms", "\u{0}"]
        let first = lines.map { masker.mask($0) }
        let long = masker.mask(String(repeating: "word 12 ", count: 200_000))
        #expect(long == Array(repeating: "word <num>", count: 200_000).joined(separator: " "))
        #expect(lines.map { masker.mask($0) } == first)
        #expect(first == ["", "a = <num>", "<klog_date> <go_file_path> done", "red", "ας <duration>", "\u{0}"])
    }

    @Test("A line of 10 MB that grows in every pass is masked")
    func tenMegabytes() {
        let pieces = 10_000_000 / 8
        let masked = LogMasker().mask(String(repeating: "k=\t1|{}\n", count: pieces))
        #expect(masked.utf8.count == pieces * "k = <num> <empty_set> ".utf8.count - 1)
        #expect(masked.hasPrefix("k = <num> <empty_set> k = <num>"))
    }

    @Test("No memory at all is an empty line")
    func noMemory() {
        let count = LogMasker().withMasked(UnsafeRawBufferPointer(start: nil, count: 0)) { $0.count }
        #expect(count == 0)
    }

    @Test("What the body throws and returns comes out, and the masker can be used again")
    func throwing() throws {
        struct Refusal: Error, Equatable {}
        let masker = LogMasker()
        #expect(throws: Refusal.self) {
            try "a".utf8.withContiguousStorageIfAvailable { bytes in
                try masker.withMasked(UnsafeRawBufferPointer(bytes)) { _ throws(Refusal) in throw Refusal() }
            }
        }
        #expect(masker.mask("B") == "b")
    }

    @Test("A masker used while its text is lent stops the program and says why")
    func lentTwice() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let masker = LogMasker()
            masker.withMasked(UnsafeRawBufferPointer(start: nil, count: 0)) { _ in print(masker.mask("a")) }
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(
            message.contains("LogMasker: used inside withMasked, while its text is lent; use a second masker there"))
    }

    @Test("Buffers grow to what is written and give a huge line's memory back")
    func growth() {
        var buffer = MaskBuffer()
        let small = buffer.capacity
        for _ in 0..<1000 { buffer.append("0123456789") }
        #expect(buffer.count == 10_000)
        #expect(buffer.capacity >= 10_000)
        buffer.shrink()
        #expect(buffer.count == 10_000)
        buffer.reserve(2 * MaskBuffer.keptCapacity)
        buffer.shrink()
        #expect(buffer.count == 0)
        #expect(buffer.capacity == small)
    }
}

/// Messages of any length.
@Suite struct LengthTests {
    @Test("A message longer than the limit is cut at the end of a character, and counted")
    func cut() {
        var settings = MaskSettings()
        settings.longestMessage = 10
        let masker = LogMasker(settings)
        #expect(masker.mask("0123456789") == "<num>")
        #expect(masker.tally == MaskTally())
        #expect(masker.mask("abcdefgh 123") == "abcdefgh <num>")
        #expect(masker.mask("abcdefghi\u{65E5}") == "abcdefghi")
        #expect(masker.mask("abcdefg\u{65E5}x") == "abcdefg\u{65E5}")
        #expect(masker.tally.cutMessages == 3)
        #expect(masker.tally.cutBytes == 2 + 3 + 1)
    }

    @Test("A cut among bytes that are no character keeps to the limit")
    func cutInvalid() {
        var settings = MaskSettings()
        settings.longestMessage = 8
        let masker = LogMasker(settings)
        let count = [UInt8](repeating: 0x80, count: 20).withUnsafeBytes { masker.withMasked($0) { $0.count } }
        #expect(count == 3 * 5)
        #expect(masker.tally.cutBytes == 15)
    }

    @Test("A line of 100 MB")
    func hundredMegabytes() {
        let pieces = 100_000_000 / 16
        var line = String(repeating: "word A=12 10.0.0", count: pieces)
        let masker = LogMasker()
        let masked = line.withUTF8 { bytes in masker.withMasked(UnsafeRawBufferPointer(bytes)) { $0.count } }
        #expect(masked == "word".utf8.count + pieces * " a = <num> <token_with_digit>".utf8.count)
        #expect(masker.steps <= LinearityTests.mostSteps * 16 * pieces)
        #expect(masker.tally == MaskTally())
    }
}
