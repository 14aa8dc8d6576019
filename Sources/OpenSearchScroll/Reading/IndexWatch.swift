import Synchronization

/// Which of the planned indices are missing while their plan is read, closed or deleted: a scroll over a pattern says
/// nothing of them, it is only over fewer shards.
///
/// Names are asked for only when a number of shards is another one than before, or is the first of its kind.
final class IndexWatch: Sendable {
    /// Planned indices that a scroll is not over.
    struct Missing: Sendable, Equatable {
        /// May come back: closed, or nobody knows.
        var away: Set<String> = []
        var deleted: Set<String> = []
    }

    private struct Seen {
        var shards: Int
        var missing: Missing
    }

    private struct State {
        /// Documents that are still expected, by index.
        var expected: [String: Int] = [:]
        /// What was found last, by the number of the shard that a scroll was over alone.
        var seen: [Int?: Seen] = [:]
        /// All that some window was read without.
        var everMissing: Set<String> = []
    }

    /// More names are not asked for one by one; they count as away.
    private static let mostNames = 100
    private let state: Mutex<State>
    /// The plan's, in order.
    let indices: [String]

    /// - Parameter areThere: whether the plan's indices are known to have been there just now.
    init(_ plan: ScrollPlan, areThere: Bool) {
        let seen: [Int?: Seen] = areThere ? [nil: Seen(shards: plan.shards, missing: Missing())] : [:]
        state = Mutex(State(expected: plan.indices, seen: seen))
        indices = plan.indices.keys.sorted()
    }

    /// Nothing is known of what should be there.
    init() {
        state = Mutex(State())
        indices = []
    }

    /// Planned indices that some window was read without.
    var everMissing: Set<String> { state.withLock { $0.everMissing } }

    /// A window was read whole, without these.
    func read(_ report: WindowReport, without missing: Missing) {
        state.withLock { state in
            state.everMissing.formUnion(missing.away.union(missing.deleted))
            // What an earlier run had handed out was not expected any more.
            if report.deliveredEarlier > 0 { return }
            for (name, documents) in report.indices { state.expected[name]? -= documents }
        }
    }

    /// Planned indices that a scroll just opened is not over, and of which anything is still expected.
    ///
    /// - Parameters:
    ///   - shard: that it is over alone.
    ///   - shards: how many it is over.
    /// - Returns: nil where that cannot be told, since indices came or went after it was opened: it should be opened
    ///   again.
    func missing(shard: Int?, shards: Int, _ planner: WindowPlanner) async -> Missing? {
        let (known, names) = state.withLock { state in
            (state.seen[shard], Set(state.expected.lazy.filter { $0.value > 0 }.map(\.key)))
        }
        if names.isEmpty { return Missing() }
        if let known, known.shards == shards {
            return Missing(
                away: known.missing.away.intersection(names), deleted: known.missing.deleted.intersection(names))
        }
        guard let present = await planner.present() else { return nil }
        let (missing, someAreThere) = await sorted(names.subtracting(present.names), planner)
        // What the scroll is over must be what the answers were about, also the last of them.
        var now: Int? = present.shards
        if let shard { now = await planner.shards(numbered: shard) }
        if shard == nil, someAreThere { now = await planner.present()?.shards }
        guard now == shards, !Task.isCancelled else { return nil }
        state.withLock { $0.seen[shard] = Seen(shards: shards, missing: missing) }
        return missing
    }

    /// Tells by name which are deleted. Those that are there hold no document, or did not answer.
    private func sorted(_ names: Set<String>, _ planner: WindowPlanner) async -> (Missing, someAreThere: Bool) {
        guard names.count <= Self.mostNames else { return (Missing(away: names), false) }
        var missing = Missing()
        for name in names {
            switch await planner.presence(of: name) {
            case .there: break
            case .deleted: missing.deleted.insert(name)
            case .unknown: missing.away.insert(name)
            }
        }
        return (missing, missing.away.count + missing.deleted.count < names.count)
    }
}
