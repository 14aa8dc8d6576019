import CBytes
import Testing

@testable import LogMasking

/// The classes as bitmaps: the same at every level of instructions.
@Suite struct ClassifyTests {
    private static var levels: [opnilog_bytes_level] {
        [opnilog_bytes_scalar, opnilog_bytes_avx2, opnilog_bytes_avx512].filter {
            $0.rawValue <= opnilog_bytes_best().rawValue
        }
    }

    private static func words(
        _ bytes: [UInt8], _ level: opnilog_bytes_level
    ) -> (words: [UInt64], seen: UInt16) {
        var words = [UInt64](repeating: 0xDEAD, count: bytes.count / 64 * MaskText.wordsPerBlock)
        let tables = BitClass.makeTables(level)
        defer { UnsafeMutablePointer(mutating: tables).deallocate() }
        let seen = opnilog_bytes_classify(tables, bytes, bytes.count / 64, &words)
        return (words, seen)
    }

    @Test("All 256 bytes are in the classes of the scalar loop, and what was seen is what there is")
    func levels() {
        var generator = SystemRandomNumberGenerator()
        var texts = [Array(0...255), Array(repeating: UInt8(ascii: "a"), count: 64), Array(repeating: 0, count: 128)]
        for _ in 0..<200 { texts.append((0..<192).map { _ in UInt8.random(in: 0...255, using: &generator) }) }
        for byte in UInt8.min...UInt8.max { texts.append((0..<64).map { $0 == 17 ? byte : 0 }) }
        for text in texts {
            let expected = Self.words(text, opnilog_bytes_scalar)
            var seen: UInt16 = 0
            for (index, word) in expected.words.enumerated() where word != 0 { seen |= 1 << UInt16(index % 16) }
            #expect(expected.seen == seen)
            for level in Self.levels {
                let found = Self.words(text, level)
                #expect(found.words == expected.words, "level \(level.rawValue): \(text)")
                #expect(found.seen == expected.seen, "level \(level.rawValue): \(text)")
            }
        }
    }

    @Test("Each class has the ASCII bytes that its rule names")
    func members() {
        let (words, _) = Self.words(Array(0..<128), Self.levels.last ?? opnilog_bytes_scalar)
        func bytes(_ bitClass: BitClass) -> String {
            let points = (0..<128).filter { words[$0 / 64 * 16 + bitClass.rawValue] >> UInt64($0 % 64) & 1 != 0 }
            return String(String.UnicodeScalarView(points.compactMap { Unicode.Scalar(UInt32($0)) }))
        }
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        #expect(bytes(.digit) == "0123456789")
        #expect(bytes(.token) == "!#$%&()*+-.0123456789;?@\(letters)[]^_`\(letters.lowercased())~")
        #expect(bytes(.path) == "(-./0123456789?\(letters)[_\(letters.lowercased())")
        #expect(bytes(.dropped) == "\t\n\r \"'()" + ",[]{|}")
        #expect(bytes(.kept) == ":=")
        #expect(bytes(.open) == "[{")
        #expect(bytes(.close) == "\t\n\u{0B}\u{0C}\r\u{1C}\u{1D}\u{1E}\u{1F} ]}")
        #expect(bytes(.start) == "")
        #expect(bytes(.nonASCII) == "")
    }

    @Test("Capitals are lowered and nothing else")
    func lower() {
        var bytes = [UInt8](0...255)
        opnilog_bytes_lower(&bytes, bytes.count)
        for byte in UInt8.min...UInt8.max {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            #expect(bytes[Int(byte)] == (isCapital ? byte + 32 : byte))
        }
    }
}
