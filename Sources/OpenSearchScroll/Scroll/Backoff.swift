/// How long to wait before something is tried again: exponential with full jitter (M. Brooker, "Exponential Backoff
/// And Jitter", 2015).
enum Backoff {
    /// - Parameters:
    ///   - attempt: the attempt that is waited for, from 2.
    ///   - first: the most that is waited for the second attempt; it doubles with each.
    ///   - longest: no wait is longer.
    ///   - random: from 0 (no wait) to 1 (the most).
    static func delay(before attempt: Int, first: Duration, longest: Duration, random: Double) -> Duration {
        let doublings = min(max(attempt - 2, 0), 20)
        return min(first * (1 << doublings), longest) * random
    }
}
