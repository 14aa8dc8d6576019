import Testing

@testable import LogMasking

@Suite struct MaskRulesTests {
    @Test("The canonical text has the version and each step on a line of its own, in order")
    func canonicalText() {
        let lines = MaskRules.canonicalText.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "opnilog mask rules 1")
        #expect(lines.last == "")
        let names = lines.dropFirst().dropLast().map { $0.split(separator: "\t")[0] }
        #expect(
            names == Array(repeating: "replace", count: 5) + ["surround"] + Array(repeating: "replace", count: 11)
                + ["split", "lowercase"])
        let masks = lines.filter { $0.hasPrefix("replace\t") && $0.hasSuffix(">") }
            .compactMap { $0.split(separator: "\t").last }
        #expect(
            masks == [
                "<URL>", "<UTC_DATE>", "<KLOG_DATE>", "<CUSTOM_DATE>", "<GO_FILE_PATH>", "<EMAIL_ADDRESS>", "<IP>",
                "<IP>",
                "<DURATION>", "<PATH>", "<TOKEN_WITH_DIGIT>", "<NUM>", "<EMPTY_SET>", "<EMPTY_LIST>",
            ])
    }

    /// The digest of this text stands in tables and models. Whoever changes a rule raises the version and this number.
    @Test("The canonical text changes only on purpose")
    func checksum() {
        // FNV-1a of 64 bits.
        let checksum = MaskRules.canonicalText.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        #expect(checksum == 0x77E9_F9F0_5D2E_57EF, "\(String(checksum, radix: 16))")
    }
}
