import LogMasking
import Testing

@Suite struct DifferentialTests {
    /// `OPNILOG_MASK_LINES` sets the number of lines, 16,000 by default (`make fuzz-mask` compares millions).
    @Test("Scanners and literal interpreter agree on generated lines", arguments: 0..<8)
    func agree(part: Int) {
        var generator = LineGenerator(seed: UInt64(part) << 32)
        let masker = LogMasker()
        let literal = LiteralMasker()
        for _ in 0..<(TestFiles.generatedLines / 8) {
            let line = generator.line()
            let fast = masker.mask(line)
            let slow = literal.mask(line)
            guard fast.utf8.elementsEqual(slow.utf8) else {
                Issue.record("\(line.debugDescription) became \(fast.debugDescription), not \(slow.debugDescription)")
                return
            }
        }
    }
}
