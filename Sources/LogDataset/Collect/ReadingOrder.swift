/// The order in which the hours of a source are read: seeded, so that the first ones are a fair sample of all.
///
/// It stands in the journal, so that a run that goes on reads the same hours however documents have come and gone.
struct ReadingOrder: Sendable, Codable, Equatable {
    /// Hours, and windows of which no hour is known, as ``part(hour:name:)`` names them.
    private(set) var parts: [String]
    /// Documents that were expected in each.
    private(set) var documents: [UInt64]

    /// - Parameter windows: all that there are, those read by an earlier run included.
    init(_ windows: [(part: String, documents: UInt64)], seed: UInt64) {
        parts = []
        documents = []
        add(windows, seed: seed)
    }

    /// What a window is a part of.
    static func part(hour: Hour?, name: String) -> String { hour.map { "\($0.number)" } ?? "window \(name)" }

    /// Appends the parts that are not there yet.
    mutating func add(_ windows: [(part: String, documents: UInt64)], seed: UInt64) {
        let known = Set(parts)
        let sums = windows.reduce(into: [String: UInt64]()) { sums, window in
            if !known.contains(window.part) { sums[window.part, default: 0] += window.documents }
        }
        for part in Self.sorted(Array(sums.keys), seed: seed) {
            parts.append(part)
            documents.append(sums[part] ?? 0)
        }
    }

    static func sorted(_ parts: [String], seed: UInt64) -> [String] {
        let generator = SamplingPurpose.windowOrder.generator(seed: seed)
        let keyed = parts.map { part in
            let hash = Array(part.utf8).withUnsafeBytes { contentHash($0) }
            return (key: generator.bits64(hash), part: part)
        }
        return keyed.sorted { ($0.key, $0.part) < ($1.key, $1.part) }.map(\.part)
    }

    /// How many of the first parts hold a share of all documents; at least one, if there is one.
    func count(holding share: Double) -> Int {
        let wanted = share * Double(documents.reduce(0, +))
        var sum: UInt64 = 0
        for (index, count) in documents.enumerated() {
            sum += count
            if Double(sum) >= wanted { return index + 1 }
        }
        return parts.count
    }

    /// After how many parts the unseen share is estimated: often enough not to read much more than is needed, seldom
    /// enough that reading the buckets again and again costs little.
    static func looks(upTo count: Int) -> [Int] {
        var looks: [Int] = []
        var next = 8
        while next < count {
            looks.append(next)
            next += max(1, next / 4)
        }
        return looks + [count]
    }
}
