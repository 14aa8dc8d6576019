import Glibc
import Synchronization

/// Resident memory over time as a CSV file: a line a second of `seconds,stage,resident_bytes`.
///
/// The file is made anew when the run begins, with what was noted until then: a run that cannot begin leaves the record
/// of the one before.
final class MemoryLog: Sendable {
    static let header = "seconds,stage,resident_bytes"

    private struct State {
        /// Not open before the run begins.
        var descriptor: Int32 = -1
        var early = header + "\n"
        var nextLine: ContinuousClock.Instant
    }

    private let path: String
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    init(path: String) {
        self.path = path
        state = Mutex(State(nextLine: start))
    }

    deinit {
        let descriptor = state.withLock(\.descriptor)
        if descriptor >= 0 { close(descriptor) }
    }

    /// Makes the file anew, readable by its owner only.
    func begin() throws(CommandError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutputFault.of(path, errno) }
        // One that was there already may have been open to others.
        fchmod(descriptor, 0o600)
        state.withLock { state in
            state.descriptor = descriptor
            _ = Descriptor.write(Array(state.early.utf8), to: descriptor)
            state.early = ""
        }
    }

    /// Notes a line if a second has gone by since the one before, or if it is the last. A record that cannot be
    /// written is no reason to end a run: the files that matter will say that the disk is full.
    func record(stage: String, isLast: Bool) {
        let now = ContinuousClock.now
        let seconds = Figures.text(start.duration(to: now) / .seconds(1), places: 1)
        state.withLock { state in
            guard now >= state.nextLine || isLast else { return }
            state.nextLine = now + .seconds(1)
            let line = "\(seconds),\(stage),\(ProcessMemory.resident())\n"
            if state.descriptor < 0 {
                state.early += line
            } else {
                _ = Descriptor.write(Array(line.utf8), to: state.descriptor)
            }
        }
    }
}
