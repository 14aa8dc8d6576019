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
