import Testing

@testable import LogMasking

@Suite struct RepairTests {
    private static func bytes(hex: Substring) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var output = MaskBuffer()
        bytes.withUnsafeBufferPointer { bytes in
            if let base = bytes.baseAddress { UTF8Repair.append(base, count: bytes.count, to: &output) }
        }
        return Array(UnsafeBufferPointer(start: output.base, count: output.count))
    }

    @Test("Invalid bytes become what Python's errors=\"replace\" makes of them")
    func python() throws {
        let lines = try TestFiles.lines(TestFiles.repairs)
        #expect(lines.count > 2000)
        for line in lines {
            let fields = line.split(separator: " ")
            #expect(Self.repaired(Self.bytes(hex: fields[0])) == Self.bytes(hex: fields[1]), "\(fields[0])")
        }
    }

    @Test("Every scalar value is valid as it is")
    func scalars() {
        var text = String.UnicodeScalarView()
        for point in 0..<UInt32(0x11_0000) {
            if let scalar = Unicode.Scalar(point) { text.append(scalar) }
        }
        let bytes = Array(String(text).utf8)
        #expect(Self.repaired(bytes) == bytes)
    }

    @Test(
        "Messages are repaired before they are masked",
        arguments: [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"),
            ([0x61, 0xC2], "a\u{FFFD}"),
            ([0xED, 0xA0, 0x80, 0x20, 0x31], "\u{FFFD}\u{FFFD}\u{FFFD} <num>"),
            ([0xF0, 0x9F, 0x98, 0x20, 0x31], "\u{FFFD} <num>"),
            // An escape of one byte, as in Latin-1, is no U+009B.
            ([0x9B, 0x31, 0x6D], "\u{FFFD}<token_with_digit>"),
            ([0x31, 0x2E, 0x35, 0xC2, 0x73], "<token_with_digit>\u{FFFD}s"),
        ] as [([UInt8], String)])
    func masked(bytes: [UInt8], expected: String) {
        let masker = LogMasker()
        let text = bytes.withUnsafeBytes { bytes in
            masker.withMasked(bytes) { String(decoding: $0, as: UTF8.self) }
        }
        #expect(text == expected)
    }
}
