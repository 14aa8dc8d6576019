import Glibc
import Synchronization

/// Resident memory over time as a CSV file: a line a second of `seconds,stage,resident_bytes`.
final class MemoryLog: Sendable {
    static let header = "seconds,stage,resident_bytes"

    private let descriptor: Int32
    private let start = ContinuousClock.now
    private let nextLine: Mutex<ContinuousClock.Instant>

    /// Makes the file anew, readable by its owner only.
    init(path: String) throws(CommandError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutputFault.of(path, errno) }
        // One that was there already may have been open to others.
        fchmod(descriptor, 0o600)
        nextLine = Mutex(start)
        append(Self.header + "\n")
    }

    deinit { close(descriptor) }

    /// Writes a line if a second has gone by since the one before, or if it is the last. A record that cannot be
    /// written is no reason to end a run: the files that matter will say that the disk is full.
    func record(stage: String, isLast: Bool) {
        let now = ContinuousClock.now
        let isDue = nextLine.withLock { next in
            guard now >= next else { return false }
            next = now + .seconds(1)
            return true
        }
        guard isDue || isLast else { return }
        let seconds = Figures.text(start.duration(to: now) / .seconds(1), places: 1)
        append("\(seconds),\(stage),\(ProcessMemory.resident())\n")
    }

    private func append(_ text: String) { _ = Descriptor.write(Array(text.utf8), to: descriptor) }
}
