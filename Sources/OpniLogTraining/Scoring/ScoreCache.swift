/// Judgements of the masked texts that were met last, in a budget of bytes.
///
/// Two generations: what is new, or met again, goes into the young one; when that is full it becomes the old one, whose
/// texts are forgotten unless they were met again meanwhile.
struct ScoreCache: Sendable {
    /// What an entry takes besides its text and ranks: two arrays' headers, and its place in a table that is full by
    /// half.
    private static let overhead = 224

    private let generation: Int
    private var young: [MaskedText: Judgement] = [:]
    private var old: [MaskedText: Judgement] = [:]
    private var youngBytes = 0

    /// - Parameter limit: Bytes of both generations together, as estimated; 0 keeps nothing.
    init(limit: Int) { generation = limit / 2 }

    /// How many texts are kept.
    var count: Int { young.count + old.count }

    /// What was judged of a text, if that is still known.
    mutating func find(_ text: MaskedText) -> Judgement? {
        if let judgement = young[text] { return judgement }
        guard let judgement = old.removeValue(forKey: text) else { return nil }
        add(text, judgement)
        return judgement
    }

    /// Keeps a judgement of a text that is not there.
    mutating func add(_ text: MaskedText, _ judgement: Judgement) {
        let bytes = text.bytes.count + judgement.ranks.count * MemoryLayout<Int32>.stride + Self.overhead
        guard bytes <= generation else { return }
        if youngBytes + bytes > generation {
            old = young
            young = [:]
            youngBytes = 0
        }
        young[text] = judgement
        youngBytes += bytes
    }
}
