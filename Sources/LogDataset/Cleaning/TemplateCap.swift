/// The most lines of one template that count when a subset is drawn. The table's counts stay exact.
public struct TemplateCap: Sendable, Equatable {
    /// By `DrawnLines.rawValue`.
    private let largest: [UInt64]

    /// No cap.
    public static let none = TemplateCap(largest: DrawnLines.allCases.map { _ in WeightExponent.largestCount })

    private init(largest: [UInt64]) { self.largest = largest }

    /// At most this share of the lines that are drawn from, and at least one line.
    ///
    /// - Parameters:
    ///   - share: 0…1; 1 is no cap.
    ///   - lines: lines of the table.
    ///   - heldOutLines: those of them that are held out.
    public init(share: Double, lines: UInt64, heldOutLines: UInt64) {
        guard share < 1 else {
            self = .none
            return
        }
        let heldOut = min(heldOutLines, lines)
        self.init(largest: [lines - heldOut, heldOut, lines].map { max(1, UInt64(Double($0) * max(0, share))) })
    }

    /// How many of a template's lines count.
    func count(in record: TemplateRecord, _ kind: DrawnLines) -> UInt64 {
        min(kind.count(in: record), largest[Int(kind.rawValue)])
    }
}
