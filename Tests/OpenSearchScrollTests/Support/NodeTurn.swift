@testable import OpenSearchScroll

/// One real node, or cluster, at a time: each takes a core and half a gigabyte, and those that wait for one another's
/// work would be called slow.
actor NodeTurn {
    static let shared = NodeTurn()

    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if isTaken {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isTaken = true
        }
    }

    func giveBack() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}

/// Starts a real node, or a cluster of them, by the script that `OPNILOG_NODE` names; again where it did not come up in
/// time.
///
/// - Returns: what the script says of it.
func startNode(_ options: [String]) async throws -> JSONValue {
    guard let script = Prerequisites.node else { throw Missing(description: Prerequisites.nodeReason) }
    var failure: any Error = Missing(description: "the node was not started")
    for _ in 0..<3 {
        do {
            let line = try await Shell.run([script, "start", "--ttl", "7200"] + options)
            if let started = JSONValue(parsing: line), started["dir"]?.string != nil { return started }
            failure = Missing(description: "the node did not start: \(line)")
        } catch { failure = error }
    }
    throw failure
}
