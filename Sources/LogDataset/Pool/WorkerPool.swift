import Glibc
import LogMasking
import Synchronization

/// N threads that run jobs that compute or block: masking, counting, decompression, files.
///
/// Jobs run on threads of the pool, never on Swift's cooperative threads, and never more than N at once. The pool is
/// opened and closed by `withWorkerPool`, which ends every thread before it returns.
final class WorkerPool: Sendable {
    /// What a job is given: the scratch of the thread that runs it.
    final class Worker {
        private let masking: MaskSettings
        lazy var masker = LogMasker(masking)
        /// How long the thread had nothing to do before the job it is at.
        fileprivate(set) var idle = Duration.zero

        init(_ masking: MaskSettings) { self.masking = masking }
    }

    typealias Job = @Sendable (Worker) -> Void

    let count: Int
    private let queue: JobQueue
    private let threads = Mutex<[pthread_t]>([])

    fileprivate init(count: Int, masking: MaskSettings) throws(DatasetError) {
        self.count = count
        queue = JobQueue(masking)
        for _ in 0..<count { try startThread() }
    }

    /// Adds a job to the end of the queue.
    func submit(_ job: @escaping Job) {
        queue.push(job)
    }

    /// Runs a job and waits for its result. A job that takes long looks at a `CancellationFlag`.
    func run<R: Sendable>(
        _ job: @escaping @Sendable (Worker) throws(DatasetError) -> R
    ) async throws(DatasetError) -> R {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<R, DatasetError>, Never>) in
            submit { worker in
                continuation.resume(returning: Result { () throws(DatasetError) in try job(worker) })
            }
        }
        return try result.get()
    }

    private func startThread() throws(DatasetError) {
        var thread = pthread_t()
        let queue = Unmanaged.passRetained(queue)
        let status = pthread_create(
            &thread, nil,
            { argument in
                // The pointer is the retained queue that was passed when the thread was made.
                if let argument { Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().runJobs() }
                return nil
            }, queue.toOpaque())
        guard status == 0 else {
            queue.release()
            close()
            throw .noThread(status)
        }
        let started = thread
        threads.withLock { $0.append(started) }
    }

    /// Ends the threads once the queue is empty.
    fileprivate func close() {
        queue.close()
        let threads = threads.withLock { threads in
            defer { threads.removeAll() }
            return threads
        }
        for thread in threads { pthread_join(thread, nil) }
    }
}

/// Opens a pool of `count` workers, which mask by the settings, for the time of `body`.
func withWorkerPool<R>(
    count: Int, masking: MaskSettings = MaskSettings(), isolation: isolated (any Actor)? = #isolation,
    _ body: (WorkerPool) async throws(DatasetError) -> R
) async throws(DatasetError) -> R {
    let pool = try WorkerPool(count: count, masking: masking)
    // By now every job has been waited for, so the threads end at once.
    defer { pool.close() }
    return try await body(pool)
}

/// A queue that threads wait on. A condition variable, because the waiters are threads and not tasks. All in it is
/// touched only under `mutex`, hence `@unchecked Sendable`.
private final class JobQueue: @unchecked Sendable {
    // Types of pthread must not move, hence the allocations.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [WorkerPool.Job] = []
    private var next = 0
    private var isClosed = false
    private let masking: MaskSettings

    init(_ masking: MaskSettings) {
        self.masking = masking
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func push(_ job: @escaping WorkerPool.Job) {
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// What each thread does until the queue is closed and empty.
    func runJobs() {
        let worker = WorkerPool.Worker(masking)
        while let job = pop(worker) { job(worker) }
    }

    private func pop(_ worker: WorkerPool.Worker) -> WorkerPool.Job? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        worker.idle = .zero
        let start = next == jobs.count ? ContinuousClock.now : nil
        while next == jobs.count {
            if isClosed { return nil }
            jobs.removeAll(keepingCapacity: true)
            next = 0
            pthread_cond_wait(condition, mutex)
        }
        if let start { worker.idle = ContinuousClock.now - start }
        let job = jobs[next]
        jobs[next] = { _ in }
        next += 1
        return job
    }
}
