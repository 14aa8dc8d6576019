/// What is new in one table beside another: how far what is logged now has moved away from what was logged then.
public struct TableDrift: Sendable, Equatable {
    /// Lines of the later table.
    public private(set) var lines: UInt64 = 0
    /// Of these, lines of templates that the earlier table lacks.
    public private(set) var newLines: UInt64 = 0
    /// Templates that only the later table has.
    public private(set) var newTemplates: UInt64 = 0
    /// Templates that only the earlier table has.
    public private(set) var goneTemplates: UInt64 = 0
    /// Lines of these, in the earlier table.
    public private(set) var goneLines: UInt64 = 0

    /// The share of the later table's lines that are of templates that the earlier one lacks.
    public var share: Double { lines == 0 ? 0 : Double(newLines) / Double(lines) }

    /// Walks both tables once, side by side.
    ///
    /// - Throws: `DatasetError` if they were made with different mask rules, one is damaged, or the task was cancelled.
    public init(from earlier: TemplateTable, to later: TemplateTable) async throws(DatasetError) {
        try later.checkRules(as: earlier)
        self = try await BoundedGroup.alone { flag throws(DatasetError) in
            try TableDrift(from: earlier, to: later, flag)
        }
    }

    private init(
        from earlier: TemplateTable, to later: TemplateTable, _ flag: CancellationFlag
    ) throws(DatasetError) {
        var old = earlier.records
        var new = later.records
        var left = try old.next()
        var right = try new.next()
        var walked = 0
        while left != nil || right != nil {
            walked += 1
            if walked % 4096 == 0 { try flag.check() }
            let order = TableDrift.order(left, right)
            if order >= 0, let record = right { add(record, isNew: order > 0) }
            if order < 0, let record = left {
                goneTemplates += 1
                goneLines += record.count
            }
            // A record's text is lent until its own reader goes on.
            if order <= 0 { left = try old.next() }
            if order >= 0 { right = try new.next() }
        }
    }

    private mutating func add(_ record: TemplateRecord, isNew: Bool) {
        lines += record.count
        guard isNew else { return }
        newTemplates += 1
        newLines += record.count
    }

    /// Below 0 if the left one comes first, above 0 if the right one does; what has ended comes last.
    private static func order(_ left: TemplateRecord?, _ right: TemplateRecord?) -> Int {
        guard let left else { return 1 }
        guard let right else { return -1 }
        if left.hash != right.hash { return left.hash < right.hash ? -1 : 1 }
        if bytesPrecede(left.masked, right.masked) { return -1 }
        return bytesPrecede(right.masked, left.masked) ? 1 : 0
    }
}
