/// How many documents to ask for in a page, from the bytes that pages had: a pure value.
///
/// A page should be of some megabytes: large enough that requests cost nothing, small enough that memory, keep-alive
/// and the server's heap do not suffer.
package struct PageSizing: Sendable, Equatable {
    /// What a page should have, in bytes: where several scrolls are read at once half as much, so that as much is on
    /// its way, and fits into the same memory.
    package static func target(scrolls: Int) -> Int { scrolls > 1 ? 2 << 20 : 4 << 20 }
    /// What is broken off when a smaller page may be asked for.
    static let soft = 16 << 20
    /// Before anything is known: planning looks at some documents first, but that may fail. With documents of a
    /// megabyte this is too much by far, and costs one opening.
    static let first = 1_000
    /// An index allows no more, unless its settings say so.
    package static let usualLimit = 10_000

    /// Whether the user has named a size: then it is only left where it does not work.
    let isFixed: Bool
    /// How many scrolls are read at once.
    var scrolls = 1
    /// The most that may be asked for.
    private var limit: Int
    /// What is thought to work; doubles with every few pages that came well.
    private var ceiling: Int
    private var goodPages = 0
    /// Moves with each page.
    private var bytesPerDocument: Double?

    init(fixed: Int? = nil) {
        isFixed = fixed != nil
        limit = fixed ?? Self.usualLimit
        ceiling = limit
    }

    /// Whether documents have been seen.
    var isInformed: Bool { bytesPerDocument != nil }

    /// Documents to ask for now, at least 1.
    var size: Int {
        let allowed = min(limit, ceiling)
        if isFixed { return allowed }
        guard let bytesPerDocument else { return min(allowed, Self.first) }
        let target = Self.target(scrolls: scrolls)
        return max(1, min(allowed, Int(Double(target) / max(bytesPerDocument, 1))))
    }

    /// The most bytes that an answer to a request for so many documents may have.
    func maximumBytes(size: Int, hard: Int) -> Int {
        isFixed || size == 1 ? hard : min(hard, Self.soft)
    }

    /// A page came.
    mutating func observe(documents: Int, bytes: Int) {
        guard documents > 0 else { return }
        let seen = Double(bytes) / Double(documents)
        // Larger documents count at once, smaller ones slowly.
        bytesPerDocument = bytesPerDocument.map { seen > $0 ? seen : $0 * 0.9 + seen * 0.1 } ?? seen
        goodPages += 1
        guard goodPages >= 4 else { return }
        goodPages = 0
        ceiling = min(limit, ceiling * 2)
    }

    /// A page of so many documents was too much for the server, for what stands between, or for us.
    ///
    /// - Parameter bytes: its size, if that is known.
    /// - Returns: false when it was one document already.
    mutating func shrink(from size: Int, bytes: Int? = nil) -> Bool {
        guard size > 1 else { return false }
        if let bytes { observe(documents: size, bytes: bytes) }
        ceiling = max(1, size / 2)
        goodPages = 0
        return true
    }

    /// A scroll failed for another reason: smaller pages do not help, and the more of them a window takes, the more can
    /// go wrong with it.
    mutating func relax() { ceiling = min(limit, ceiling * 2) }

    /// The index allows only so many. False when the user asked for more by name.
    mutating func restrict(to allowed: Int) -> Bool {
        guard !isFixed, allowed >= 1, allowed < size else { return false }
        limit = allowed
        ceiling = min(ceiling, allowed)
        return true
    }
}
