import Dispatch
import Glibc
import Synchronization

extension ChildProcess {
    /// Waits for the end, and kills the program if that has not come after `delay`. What has ended is never signalled,
    /// since its number may be another's by then.
    ///
    /// - Returns: the exit code, or 137 for a program that was killed.
    func wait(killingAfter delay: Duration) async -> Int32 {
        let queue = DispatchQueue(label: "opnilog.test.kill")
        let item = DispatchWorkItem { [identifier] in _ = kill(identifier, SIGKILL) }
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay / .nanoseconds(1))), execute: item)
        await end()
        item.cancel()
        queue.sync {}
        return await wait()
    }

    /// The same, and kills it when it has made or renamed so many files in a folder.
    func wait(killingAtChange change: Int, in folder: String) async throws -> Int32 {
        let watch = try FolderWatch(folder, at: change) { [identifier] in _ = kill(identifier, SIGKILL) }
        await end()
        watch.stop()
        return await wait()
    }

    /// Waits for the end without reaping, so that the number stays this program's.
    private func end() async {
        await TestThread.run { [identifier] in
            var information = siginfo_t()
            while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        }
    }
}

/// SplitMix64: the same instants every time.
struct SeededInstants: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Kills one process when a server gets a certain request of it.
final class RequestKill: Sendable {
    private struct State {
        var victim: pid_t?
        /// Requests until the kill.
        var left = 0
        var seen = 0
    }

    private let state = Mutex(State())

    /// Requests since the last `arm` or the start.
    var seen: Int { state.withLock { $0.seen } }

    /// - Parameter request: the number of the request, from 1; nil for never.
    func arm(at request: Int?) {
        state.withLock { $0 = State(victim: nil, left: request ?? .max, seen: 0) }
    }

    /// Whom to kill; at once if the request has come already.
    func aim(at victim: pid_t) {
        state.withLock { state in
            state.victim = victim
            if state.left <= 0 { _ = kill(victim, SIGKILL) }
        }
    }

    /// Called with every request. Whoever asked is waiting for the answer, so it is alive.
    func request() {
        state.withLock { state in
            state.seen += 1
            state.left -= 1
            if state.left == 0, let victim = state.victim { _ = kill(victim, SIGKILL) }
        }
    }
}
