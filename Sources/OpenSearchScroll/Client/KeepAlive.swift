import Synchronization

/// How long a scroll may live between two requests: what is wanted, or what the cluster allows once it has said so.
final class KeepAlive: Sendable {
    private let allowed: Mutex<Duration>

    init(_ wanted: Duration) { allowed = Mutex(wanted) }

    var duration: Duration { allowed.withLock { $0 } }

    /// The cluster's `search.max_keep_alive`.
    func limit(to most: Duration) { allowed.withLock { $0 = min($0, most) } }

    /// A time as OpenSearch writes it (`90s`, `1.5m`); nil for anything else.
    static func parse(_ text: String) -> Duration? {
        let units: [(String, Double)] = [
            ("nanos", 1e-9), ("micros", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400),
        ]
        for (unit, seconds) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.utf8.count)), number > 0, number < 1e9 else { continue }
            return .milliseconds(Int64(number * seconds * 1_000))
        }
        return nil
    }
}
