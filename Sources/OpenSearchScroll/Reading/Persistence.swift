/// When to try again, and when to give up: a pure value over one piece of work.
///
/// A server that was never reached is given up after some attempts, since the address is probably wrong. One that has
/// answered is trusted to come back: it is tried until nothing has moved for ``patience``.
struct Persistence: Sendable {
    let attempts: Int
    let patience: Duration
    let firstBackoff: Duration
    let longestBackoff: Duration

    /// Failures since something moved.
    private(set) var failures = 0
    /// All failures.
    fileprivate(set) var retries = 0
    /// The attempt that is next, from 2.
    var attempt: Int { max(2, failures + 1) }
    private var stuckSince: ContinuousClock.Instant?
    /// Servers of the cluster.
    private var servers = 1
    /// Servers in a row that could not be reached.
    private var unreached = 0

    init(_ configuration: OpenSearchConfiguration) {
        servers = configuration.endpoints.count
        attempts = configuration.attempts
        patience = configuration.patience
        firstBackoff = configuration.firstBackoff
        longestBackoff = configuration.longestBackoff
    }

    /// Something moved on: what failed before is forgiven.
    mutating func progress() {
        failures = 0
        stuckSince = nil
    }

    /// A failure.
    ///
    /// - Parameters:
    ///   - isReached: whether this server, or another of its cluster, has ever answered well.
    ///   - random: from 0 to 1.
    /// - Returns: how long to wait before the next attempt; nil to give up.
    mutating func delay(
        after error: OpenSearchError, isReached: Bool, now: ContinuousClock.Instant, random: Double
    ) -> Duration? {
        guard error.isTransient else { return nil }
        // It is the next server's turn then, and that one failed only when all have.
        unreached = error.isUnreached ? unreached + 1 : 0
        if unreached % servers != 0 {
            retries += 1
            return .zero
        }
        failures += 1
        let since = stuckSince ?? now
        stuckSince = since
        guard failures < attempts || (isReached && now - since < patience) else { return nil }
        retries += 1
        let wait = Backoff.delay(
            before: failures + 1, first: firstBackoff, longest: longestBackoff, random: random)
        // As long as the server asks for, within reason: whoever asks for more gets another try before.
        return max(wait, min(error.retryAfter ?? .zero, max(longestBackoff, patience)))
    }
}

extension Persistence {
    /// For what is known not to change soon: one more attempt at most.
    var impatient: Persistence {
        var other = Persistence(
            attempts: 2, patience: .zero, firstBackoff: firstBackoff, longestBackoff: longestBackoff)
        other.retries = retries
        other.servers = servers
        return other
    }

    /// For the freeing of a scroll, which should be over within two seconds.
    static let quick = Persistence(
        attempts: 8, patience: .zero, firstBackoff: .milliseconds(50), longestBackoff: .milliseconds(400))

    /// The same where a server has no room even for that. Short of memory, OpenSearch refuses everything until Java has
    /// collected its garbage, which it asks for once in five seconds.
    static func patient(for patience: Duration) -> Persistence {
        Persistence(
            attempts: 8, patience: patience, firstBackoff: .milliseconds(50), longestBackoff: .milliseconds(400))
    }

    private init(attempts: Int, patience: Duration, firstBackoff: Duration, longestBackoff: Duration) {
        self.attempts = attempts
        self.patience = patience
        self.firstBackoff = firstBackoff
        self.longestBackoff = longestBackoff
    }
}
