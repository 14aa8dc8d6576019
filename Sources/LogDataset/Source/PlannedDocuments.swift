import FoundationEssentials

/// Documents by index as the plans of a reading had them, over all its runs.
struct PlannedDocuments: Codable {
    private static let mostNameBytes = 48 << 10

    /// The most that a plan had over all indices.
    private(set) var documents = 0
    /// The most that a plan had in an index, by its name.
    private(set) var indices: [String: Int] = [:]

    init() {}

    /// Nothing where the bytes are none of ours.
    init(decoding bytes: [UInt8]) {
        self = (try? JSONDecoder().decode(PlannedDocuments.self, from: Data(bytes))) ?? PlannedDocuments()
    }

    mutating func add(_ plan: [String: Int]) {
        documents = max(documents, plan.values.reduce(0, +))
        indices.merge(plan, uniquingKeysWith: max)
    }

    /// The largest indices as far as there is room; equal contents are equal bytes.
    var encoded: [UInt8] {
        var kept = self
        var room = Self.mostNameBytes
        let largestFirst = indices.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let fitting = largestFirst.prefix {
            room -= $0.key.utf8.count + 24
            return room >= 0
        }
        kept.indices = Dictionary(uniqueKeysWithValues: fitting.map { ($0.key, $0.value) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let data = try? encoder.encode(kept) else { preconditionFailure("numbers and names are JSON") }
        return Array(data)
    }
}
