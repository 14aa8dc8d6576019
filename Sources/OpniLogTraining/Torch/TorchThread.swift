import Glibc

/// The one thread on which all calls to libtorch are made.
///
/// libtorch keeps its number of threads and its gradient mode a thread, and blocks for as long as it computes; so it
/// has a thread of its own, and never one of the cooperative pool. libtorch is one a process, hence so is the thread.
final class TorchThread: @unchecked Sendable {
    static let shared = TorchThread()

    typealias Job = @Sendable () -> Void

    // Guarded by `mutex`; the pointers live as long as the process, because the thread does.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [Job] = []

    private init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(filled, nil)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(&thread, nil, { context in TorchThread.main(context) }, context)
        precondition(status == 0, "no thread could be started for libtorch")
        pthread_detach(thread)
    }

    private static func main(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        let thread = Unmanaged<TorchThread>.fromOpaque(context).takeRetainedValue()
        while true {
            for job in thread.take() { job() }
        }
    }

    private func take() -> [Job] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty { pthread_cond_wait(filled, mutex) }
        defer { jobs = [] }
        return jobs
    }

    /// Adds a job; jobs run in the order in which they were added.
    func enqueue(_ job: @escaping Job) {
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(filled)
        pthread_mutex_unlock(mutex)
    }

    /// Runs `body` on the thread and waits for it without blocking the caller's.
    func run<R: Sendable>(
        _ body: @escaping @Sendable () throws(TrainingError) -> R
    ) async throws(TrainingError) -> R {
        try await result(of: body).get()
    }

    /// The same, with what came of it as a value.
    func result<R: Sendable>(
        of body: @escaping @Sendable () throws(TrainingError) -> R
    ) async -> Result<R, TrainingError> {
        await withCheckedContinuation { continuation in
            enqueue {
                do throws(TrainingError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
    }
}
