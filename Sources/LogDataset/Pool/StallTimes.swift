/// Who waits for whom while logs are read and trained on: the whole vocabulary, fit for metric labels.
public enum Stall: String, Sendable, CaseIterable, Codable {
    /// Readers wait for room in the memory for pages: masking and counting are slower than the network.
    case readingForMasking
    /// Masking workers wait for pages: the network, or the server, is slower.
    case maskingForReading
    /// Steps wait for their batches: drawing and encoding are slower than training.
    case trainingForBatches
}

/// How long each kind of waiting has lasted, summed over those who waited.
public struct StallTimes: Sendable, Equatable {
    private var nanoseconds = [UInt64](repeating: 0, count: Stall.allCases.count)

    /// Nobody has waited.
    public init() {}

    /// Seconds of one kind of waiting.
    public subscript(_ stall: Stall) -> Double { Double(nanoseconds[Self.index(stall)]) / 1e9 }

    /// Adds to one kind of waiting.
    public mutating func add(_ duration: Duration, to stall: Stall) {
        nanoseconds[Self.index(stall)] += UInt64(max(0, duration / .nanoseconds(1)))
    }

    private static func index(_ stall: Stall) -> Int { Stall.allCases.firstIndex(of: stall) ?? 0 }
}
