import Glibc

/// The time of day, read once at the start so that everything relative to "now" means the same moment.
struct RunClock: Sendable {
    /// Milliseconds since 1970.
    let milliseconds: Int64

    /// The moment of the program's start (of this value's first use).
    static let start = RunClock(milliseconds: now())

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
