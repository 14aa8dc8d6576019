import Glibc
import Synchronization

/// The time of day, read once at the start so that everything relative to "now" means the same moment.
struct RunClock: Sendable {
    /// Milliseconds since 1970.
    let milliseconds: Int64

    private static let resumed = Mutex<RunClock?>(nil)

    /// The moment of the program's start (of this value's first use).
    static let processStart = RunClock(milliseconds: now())

    /// The moment of the run's start: of this program's, or of the one that began what this one goes on with.
    static var start: RunClock { resumed.withLock { $0 } ?? processStart }

    /// Goes on with a run that began at this moment, in milliseconds since 1970. Before anything looks at `start`.
    static func resume(from milliseconds: Int64) { resumed.withLock { $0 = RunClock(milliseconds: milliseconds) } }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
