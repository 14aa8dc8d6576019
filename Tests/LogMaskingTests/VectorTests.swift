import LogMasking
import Testing

@Suite struct VectorTests {
    @Test("6,000 generated lines come out as from the original")
    func generated() throws {
        let vectors = try TestFiles.vectors(TestFiles.generatedVectors)
        #expect(vectors.count == 6000)
        Self.expectEqual(vectors)
    }

    @Test(
        "1,606 real lines come out as from the original",
        .enabled(if: TestFiles.wantsRealVectors, "needs vectors/masking.ndjson in OPNILOG_SHARED"))
    func real() throws {
        let vectors = try TestFiles.vectors(TestFiles.realVectors)
        #expect(vectors.count == 1606)
        Self.expectEqual(vectors)
    }

    @Test("The literal interpreter, the judge of the other tests, agrees with the original too")
    func judge() throws {
        let literal = LiteralMasker()
        var vectors = try TestFiles.vectors(TestFiles.generatedVectors)
        if TestFiles.wantsRealVectors { vectors += try TestFiles.vectors(TestFiles.realVectors) }
        for vector in vectors {
            let masked = literal.mask(vector.log)
            #expect(masked.utf8.elementsEqual(vector.masked.utf8), "\(vector.log.debugDescription) became \(masked)")
        }
    }

    private static func expectEqual(_ vectors: [MaskVector]) {
        let masker = LogMasker()
        for vector in vectors {
            let masked = masker.mask(vector.log)
            // Compared as bytes: String's own == takes canonically equal texts for equal.
            #expect(masked.utf8.elementsEqual(vector.masked.utf8), "\(vector.log.debugDescription) became \(masked)")
        }
    }
}
