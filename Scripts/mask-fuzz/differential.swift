// Compares the scanners with the literal interpreter on generated lines: LINES of them from SEED on.

@preconcurrency import Glibc

@main enum Differential {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let lines = Int(arguments[1]), let seed = UInt64(arguments[2]) else {
            fputs("usage: differential LINES SEED\n", stderr)
            exit(64)
        }
        var generator = LineGenerator(seed: seed << 40)
        let masker = LogMasker()
        let literal = LiteralMasker()
        for number in 0..<lines {
            let line = generator.line()
            let fast = masker.mask(line)
            let slow = literal.mask(line)
            guard fast.utf8.elementsEqual(slow.utf8) else {
                print("line \(number): \(line.debugDescription)")
                print("scanners:    \(fast.debugDescription)")
                print("interpreter: \(slow.debugDescription)")
                exit(1)
            }
        }
        print("\(lines) lines from seed \(seed): no difference")
    }
}
