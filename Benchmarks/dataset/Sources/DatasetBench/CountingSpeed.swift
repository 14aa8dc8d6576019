@testable import LogDataset

/// Masked lines a second into a table, and what a template takes there.
func countingSpeed(lines count: Int) {
    let lines = MaskedLines.generated(count)
    let table = CountTable()
    let first = processorSeconds { lines.forEach { table.add($0, hour: .none) } }
    let rounds = 3
    let known = processorSeconds {
        for _ in 0..<rounds { lines.forEach { table.add($0, hour: .none) } }
    }
    print("\(count) generated lines, \(table.count) templates, \(Int(lines.bytesPerLine)) masked bytes a line:")
    report("  into an empty table, lines/s a core", Double(count) / first, "")
    report("  steady state, lines/s a core", Double(count * rounds) / known, "")
    report("  memory a template", Double(table.bytes) / Double(table.count), "bytes")

    let distinct = MaskedLines.distinct(min(count, 1_000_000))
    let large = CountTable()
    let new = processorSeconds { distinct.forEach { large.add($0, hour: .none) } }
    // In an order that no cache can foresee: a step that shares no divisor with the number of templates.
    let step = 618_033
    var index = 0
    let uncached = processorSeconds {
        for _ in 0..<distinct.count {
            distinct.with(index) { large.add($0, hour: .none) }
            index = (index + step) % distinct.count
        }
    }
    print("\(distinct.count) templates of \(Int(distinct.bytesPerLine)) bytes, each as often as any other:")
    report("  all new, lines/s a core", Double(distinct.count) / new, "")
    report("  known, in any order, lines/s a core", Double(distinct.count) / uncached, "")
    report("  memory a template", Double(large.bytes) / Double(large.count), "bytes")
}
