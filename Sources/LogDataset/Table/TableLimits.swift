/// How many lines a table may be of. No reading comes near; sums of tables that are merged into one another do.
///
/// Counts of 65,536 records are summed without an overflow, and totals fit an `Int`.
enum TableLimits {
    /// Lines of one template.
    static let linesOfTemplate: UInt64 = 1 << 48
    /// Lines of a table.
    static let lines: UInt64 = 1 << 62

    /// A sum, or nil if it is more than a table's lines may be.
    static func sum(_ counts: some Sequence<UInt64>) -> UInt64? {
        var sum: UInt64 = 0
        for count in counts {
            let (value, overflows) = sum.addingReportingOverflow(count)
            if overflows || value > lines { return nil }
            sum = value
        }
        return sum
    }
}
