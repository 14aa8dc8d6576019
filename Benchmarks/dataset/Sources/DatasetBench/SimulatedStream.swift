@testable import LogDataset

/// A stream of lines by number of template, page by page, without any text.
///
/// Template r (from 1) has a share of r^(-5/4) − cut off at `templates` − of the lines, as the generator's rare lines
/// have. Without bursts every line is drawn by itself. With bursts the stream is woven of 32 sources, each of which
/// repeats a template for a geometric number of lines (500 on average) before it draws the next: the same shares, but
/// a template's lines come together, as those of a pod that fails do. The simulation is exact in law: every line is
/// made, only its text is not.
struct SimulatedStream {
    static let pageSize = 10_000

    let templates: Int
    let isBursty: Bool

    private static let sources = 32
    private static let meanBurst = 500.0

    /// Calls `body` with the templates of each page of `lines` lines.
    func forEachPage(lines: Int, _ body: ([UInt32]) -> Void) {
        var random = SplitMix(state: 42)
        let choice = AliasTable((1...templates).map { 1 / (Double($0) * Double($0).squareRoot().squareRoot()) })
        var current = (0..<Self.sources).map { _ in choice.draw(&random) }
        var page = [UInt32](repeating: 0, count: Self.pageSize)
        // A burst goes on after each line with this chance out of 2⁶⁴.
        let goesOn = UInt64((1 - 1 / Self.meanBurst) * 0x1p64)
        for _ in 0..<lines / Self.pageSize {
            for line in page.indices {
                if isBursty {
                    let source = Int(random.next() >> 59)
                    page[line] = current[source]
                    if random.next() > goesOn { current[source] = choice.draw(&random) }
                } else {
                    page[line] = choice.draw(&random)
                }
            }
            body(page)
        }
    }
}

/// Draws from fixed weights in constant time (Walker, "An efficient method for generating discrete random variables
/// with general distributions", 1977; the construction is Vose's).
private struct AliasTable {
    private var cells: [(keep: Double, alias: UInt32)]

    init(_ weights: [Double]) {
        let mean = weights.reduce(0, +) / Double(weights.count)
        var shares = weights.map { $0 / mean }
        cells = weights.indices.map { (1, UInt32($0)) }
        var small = shares.indices.filter { shares[$0] < 1 }
        var large = shares.indices.filter { shares[$0] >= 1 }
        while let below = small.popLast(), let above = large.last {
            cells[below] = (shares[below], UInt32(above))
            shares[above] -= 1 - shares[below]
            if shares[above] < 1 { small.append(large.removeLast()) }
        }
    }

    @inline(__always)
    func draw(_ random: inout SplitMix) -> UInt32 {
        let bits = random.next()
        let cell = Int(((bits >> 32) &* UInt64(cells.count)) >> 32)
        let unit = Double(random.next() >> 11) * 0x1p-53
        return unit < cells[cell].keep ? UInt32(cell) : cells[cell].alias
    }
}

/// SplitMix64: fast, and good enough for a stream that is only to be drawn from.
struct SplitMix {
    var state: UInt64

    @inline(__always)
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
