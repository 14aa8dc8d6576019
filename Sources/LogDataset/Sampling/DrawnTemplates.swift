/// The templates of one subset in table order, with how often each was drawn.
public struct DrawnTemplates: Sendable, Equatable {
    private var texts: [UInt8] = []
    private var ends: [Int] = []
    private var times: [UInt32] = []
    private var lines: [UInt64] = []

    init() {}

    init(joining parts: [DrawnTemplates]) {
        texts.reserveCapacity(parts.reduce(0) { $0 + $1.texts.count })
        for part in parts {
            let start = texts.count
            texts += part.texts
            ends += part.ends.map { $0 + start }
            times += part.times
            lines += part.lines
        }
    }

    mutating func append(_ record: TemplateRecord, drawn: Int) {
        texts.append(contentsOf: record.masked)
        ends.append(texts.count)
        times.append(UInt32(drawn))
        lines.append(record.count)
    }

    /// The number of distinct templates.
    public var count: Int { ends.count }

    /// K, the number of draws.
    public var draws: Int { times.reduce(0) { $0 + Int($1) } }

    /// How often the template at `index` was drawn: at least once.
    public func drawn(at index: Int) -> Int { Int(times[index]) }

    /// How many lines of the table have this masked text.
    public func lineCount(at index: Int) -> UInt64 { lines[index] }

    /// Lends the masked text of the template at `index` until `body` returns.
    public func withMasked<R>(at index: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        let start = index == 0 ? 0 : ends[index - 1]
        return texts.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<ends[index]])) }
    }
}
