extension FaultSchedule: CustomStringConvertible {
    /// Reads `rate=0.01,seed=7,kinds=cut-body+lost-context`. The seed is 0 unless given, the kinds all of
    /// ``FaultKind/transient``.
    ///
    /// - Throws: code `badFaults` with what is wrong and what may stand there.
    public init(_ text: String) throws(OpenSearchServerError) {
        var seed: UInt64 = 0
        var rate: Double?
        var kinds = FaultKind.transient
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = String(halves.count == 2 ? halves[1] : "")
            switch halves[0] {
            case "seed":
                guard let number = UInt64(value) else {
                    throw .badFaults("seed=\(value) is no whole number from 0 to \(UInt64.max)")
                }
                seed = number
            case "rate":
                guard let share = Double(value), (0...1).contains(share) else {
                    throw .badFaults("rate=\(value) is no share of requests from 0 to 1")
                }
                rate = share
            case "kinds": kinds = try Self.kinds(value)
            default: throw .badFaults("\(part) is none of rate=SHARE, seed=N and kinds=KIND+KIND…")
            }
        }
        guard let rate else { throw .badFaults("rate=SHARE is missing, the share of requests that go wrong") }
        self.init(seed: seed, rate: rate, kinds: kinds)
    }

    private static func kinds(_ text: String) throws(OpenSearchServerError) -> [FaultKind] {
        var kinds: [FaultKind] = []
        for name in text.split(separator: "+", omittingEmptySubsequences: false) {
            guard let kind = FaultKind(rawValue: String(name)) else {
                let names = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw .badFaults("\(name) is no kind of fault; the kinds are \(names)")
            }
            kinds.append(kind)
        }
        return kinds
    }

    /// The schedule in the form that it is read from.
    public var description: String {
        "rate=\(rate),seed=\(seed),kinds=\(kinds.map(\.rawValue).joined(separator: "+"))"
    }
}
