import OpniLogTraining
import Synchronization

/// Events of checkpoints in their order.
final class Events: Sendable {
    private let list = Mutex<[CheckpointEvent]>([])
    var all: [CheckpointEvent] { list.withLock { $0 } }
    func add(_ event: CheckpointEvent) { list.withLock { $0.append(event) } }
}
