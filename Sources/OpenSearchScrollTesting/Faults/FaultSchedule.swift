/// Which requests go wrong and how: a pure function of a seed, so that a run with faults can be had once more.
public struct FaultSchedule: Sendable, Equatable {
    /// What strikes one request.
    public struct Strike: Sendable, Equatable {
        /// What goes wrong.
        public let kind: FaultKind
        /// Decides whatever the kind leaves open, such as where a body is cut.
        public let draw: UInt64
    }

    /// Two seeds are two schedules of the same law.
    public let seed: UInt64
    /// The share of requests that are struck, 0 to 1.
    public let rate: Double
    /// The kinds dealt out, each as often as any other that can strike the request; in the order of
    /// ``FaultKind/allCases``, each once.
    public let kinds: [FaultKind]

    /// - Parameters:
    ///   - seed: chooses the schedule.
    ///   - rate: the share of requests that are struck, 0 to 1.
    ///   - kinds: the kinds dealt out. Default: ``FaultKind/transient``.
    public init(seed: UInt64 = 0, rate: Double, kinds: [FaultKind] = FaultKind.transient) {
        precondition((0...1).contains(rate), "a rate is a share of requests, from 0 to 1")
        self.seed = seed
        self.rate = rate
        self.kinds = FaultKind.allCases.filter(kinds.contains)
    }

    /// What strikes a request.
    ///
    /// - Parameters:
    ///   - request: what the request is.
    ///   - number: how many of its kind came before it (``RequestInfo/ordinal``), so that what is asked for in between
    ///     changes nothing.
    /// - Returns: nil where nothing does, or where no kind of the schedule can.
    public func strike(_ request: RequestKind, number: Int) -> Strike? {
        let place = RequestKind.allCases.firstIndex(of: request) ?? 0
        var state = Self.mix(seed) ^ Self.mix(UInt64(place) << 56 ^ UInt64(truncatingIfNeeded: number))
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            return Self.mix(state)
        }
        guard Double(next() >> 11) * 0x1p-53 < rate else { return nil }
        let able = kinds.filter { $0.requests.contains(request) }
        guard !able.isEmpty else { return nil }
        let kind = able[Int(next() % UInt64(able.count))]
        return Strike(kind: kind, draw: next())
    }

    /// The finalizer of SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }
}
