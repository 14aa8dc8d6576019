import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM: the first cancels the run, which then cleans up; a second ends the process at once, and so does
/// a clean-up that takes too long.
final class Interruption: Sendable {
    /// Seconds from the first signal until the process ends whatever it is doing; operators are promised 10.
    private static let patience = 8

    private let count = Atomic<Int>(0)
    private let sources: Mutex<[any DispatchSourceSignal]>
    private let action = Mutex<(@Sendable () -> Void)?>(nil)
    private let queue = DispatchQueue(label: "opnilog.signals")

    /// Takes the two signals over, and lets a closed pipe and a limit on files be errors of `write` instead of a death.
    init() {
        for number in [SIGPIPE, SIGXFSZ, SIGINT, SIGTERM] { signal(number, SIG_IGN) }
        let queue = queue
        sources = Mutex([SIGINT, SIGTERM].map { DispatchSource.makeSignalSource(signal: $0, queue: queue) })
        sources.withLock { sources in
            for source in sources {
                source.setEventHandler { [weak self] in self?.receive() }
                source.resume()
            }
        }
    }

    /// Whether a signal came.
    var isRequested: Bool { count.load(ordering: .acquiring) > 0 }

    /// What the first signal does; at once if it has come already.
    func onRequest(_ body: @escaping @Sendable () -> Void) {
        action.withLock { $0 = body }
        if isRequested { body() }
    }

    private func receive() {
        let earlier = count.add(1, ordering: .acquiringAndReleasing).oldValue
        if earlier > 0 { exitNow() }
        queue.asyncAfter(deadline: .now() + .seconds(Self.patience)) { [self] in exitNow() }
        action.withLock { $0 }?()
    }

    /// Ends the process without any cleaning up.
    func exitNow() {
        StandardError.write(line: "opnilog-train: interrupted.")
        _exit(ExitCode.interrupted.rawValue)
    }
}
