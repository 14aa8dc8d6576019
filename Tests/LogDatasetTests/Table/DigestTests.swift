import Testing

@testable import LogDataset

@Suite struct DigestTests {
    @Test func sha256MatchesThePublishedVectors() {
        // FIPS 180-4, the examples "abc" and the empty message.
        let digest = SHA256()
        digest.update("a")
        digest.update("bc")
        #expect(
            digest.finish().hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA256().finish().hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func contentHashIsXXH3OfTheBytesMostSignificantFirst() {
        // XXH3_128bits of no bytes with seed 0, from the xxHash specification.
        #expect(
            contentHash(UnsafeRawBufferPointer(start: nil, count: 0))
                == UInt128(0x99AA_06D3_0147_98D8) << 64 | UInt128(0x6001_C324_468D_497F))
    }

    @Test func bytesCompareAsUnsignedAndPrefixesFirst() {
        func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
            left.withUnsafeBytes { left in right.withUnsafeBytes { bytesPrecede(left, $0) } }
        }
        #expect(precedes([1, 2], [1, 2, 0]))
        #expect(precedes([0x7F], [0x80]))
        #expect(precedes([], [0]))
        #expect(!precedes([], []))
        #expect(!precedes([2], [1, 9]))
    }
}

@Suite struct HourTests {
    @Test(arguments: [
        (0, 0), (3_599_999, 0), (3_600_000, 1), (-1, -1), (-3_600_000, -1), (-3_600_001, -2),
    ])
    func momentsFallIntoTheHourThatHoldsThem(milliseconds: Int64, hour: Int32) {
        #expect(Hour(milliseconds: milliseconds).number == hour)
    }

    @Test func noTimeAndImpossibleTimesAreNone() {
        #expect(Hour(milliseconds: nil) == .none)
        #expect(Hour(milliseconds: .max) == .none)
        #expect(Hour.none < Hour(milliseconds: 0))
    }
}
