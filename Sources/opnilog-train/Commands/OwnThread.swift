import Dispatch

/// Runs what blocks (files, pipes, long computations) on a thread of its own, never on Swift's cooperative threads.
enum OwnThread {
    static func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        let result: Result<R, any Error> = await withCheckedContinuation { continuation in
            DispatchQueue(label: "opnilog.blocking").async { continuation.resume(returning: Result { try body() }) }
        }
        return try result.get()
    }
}
