/// `preference=_shards:0,2`: only these shards of each index take part.
struct ShardPreference {
    private static let prefix = "_shards:"

    private let numbers: Set<Int>

    static func isOne(_ text: String) -> Bool { text.hasPrefix(prefix) && !text.contains("|") }

    /// - Returns: nil where a request has no preference.
    init?(_ parameters: [String: String]) throws(RequestError) {
        guard let text = parameters["preference"] else { return nil }
        var numbers: Set<Int> = []
        for part in text.dropFirst(Self.prefix.count).split(separator: ",") {
            guard let number = Int(part) else {
                throw RequestError(
                    status: 400, type: "number_format_exception",
                    reason: "For input string: \(JSONWriter.quoted(String(part)))")
            }
            numbers.insert(number)
        }
        self.numbers = numbers
    }

    /// Which shards of an index of `count` shards are meant; none where it has none of these numbers.
    func shards(of count: Int) -> [Int] { (0..<count).filter(numbers.contains) }
}
