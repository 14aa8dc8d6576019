/// The frequent lines: a few dozen templates by hand, most frequent first, the k-th drawn with weight 1/k.
struct HeadTemplates: Sendable {
    static let all = HeadTemplates(templates: patterns)

    let templates: [String]
    let library: TemplateLibrary
    /// For each of 4,096 equal shares of probability the template that has most of it.
    private let shares: [UInt8]

    init(templates: [String]) {
        self.templates = templates
        library = TemplateLibrary(patterns: templates)
        let whole = (1...templates.count).reduce(0.0) { $0 + 1 / Double($1) }
        var shares: [UInt8] = []
        var reached = 0.0
        for (position, _) in templates.enumerated() {
            reached += 1 / Double(position + 1) / whole
            let end = position == templates.count - 1 ? 4096 : Int((reached * 4096).rounded(.toNearestOrEven))
            shares.append(contentsOf: repeatElement(UInt8(position), count: end - shares.count))
        }
        self.shares = shares
    }

    /// The template that 32 random bits choose.
    @inline(__always)
    func choose(_ bits: UInt64) -> Int { Int(shares[Int(bits & 4095)]) }

    /// How much of the head is template `position`, for tests.
    func share(of position: Int) -> Double {
        Double(shares.count(where: { $0 == UInt8(position) })) / Double(shares.count)
    }
}
