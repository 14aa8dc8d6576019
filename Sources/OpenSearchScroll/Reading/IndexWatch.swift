import Synchronization

/// Which of the planned indices are away while a query is read, deleted or closed: a scroll over a pattern says nothing
/// of them, it is only over fewer shards.
///
/// Names are asked for only when a number of shards is another one than before, or is the first of its kind.
final class IndexWatch: Sendable {
    private struct State {
        /// Indices that hold documents of the query.
        var planned: Set<String> = []
        /// What was found last, by the number of the shard that a scroll was over alone.
        var seen: [Int?: Seen] = [:]
        /// All that have been away since the plan.
        var everAway: Set<String> = []
    }

    private struct Seen {
        var shards: Int
        var away: Set<String>
    }

    private let state = Mutex(State())

    /// Planned indices that were away at some time since the plan.
    var everAway: Set<String> { state.withLock { $0.everAway } }

    /// Begins anew with a plan that the server has just made.
    func begin(_ plan: ScrollPlan) {
        state.withLock { state in
            state.planned = Set(plan.indices.keys)
            state.seen = [nil: Seen(shards: plan.shards, away: [])]
            state.everAway = []
        }
    }

    /// Begins anew with a plan that may name indices of earlier plans too: whether these are there is not known.
    func goOn(_ plan: ScrollPlan) {
        state.withLock { state in
            let names = Set(plan.indices.keys)
            state.seen = names.isSubset(of: state.planned) ? [nil: Seen(shards: plan.shards, away: [])] : [:]
            state.planned = names
            state.everAway = []
        }
    }

    /// Planned indices that a scroll just opened is not over.
    ///
    /// - Parameters:
    ///   - shard: that it is over alone.
    ///   - shards: how many it is over.
    ///   - hasSkipped: whether it is not over some remote clusters. Answers say how many, not which: it is asked then.
    ///   - isLast: whether it is not opened again, whatever comes of this.
    /// - Returns: nil where indices came or went since it was opened: nobody can tell, and it should be opened again.
    func away(
        shard: Int?, shards: Int, hasSkipped: Bool = false, _ planner: WindowPlanner, isLast: Bool
    ) async -> Result<Set<String>?, OpenSearchError> {
        let (known, planned) = state.withLock { ($0.seen[shard], $0.planned) }
        // Without a plan nobody knows what should be there.
        if planned.isEmpty { return .success([]) }
        if let known, known.shards == shards, !hasSkipped { return .success(known.away) }
        let found: (names: Set<String>, shards: Int)
        switch await planner.present() {
        case .failure(let error): return .failure(error)
        case .success(let present): found = present
        }
        var now = found.shards
        if let shard {
            switch await planner.shards(numbered: shard) {
            case .failure(let error): return .failure(error)
            case .success(let count): now = count
            }
        }
        guard now == shards || isLast else { return .success(nil) }
        let away = planned.subtracting(found.names)
        state.withLock { state in
            state.seen[shard] = Seen(shards: shards, away: away)
            state.everAway.formUnion(away)
        }
        return .success(away)
    }
}
