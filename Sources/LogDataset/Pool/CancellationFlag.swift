import Synchronization

/// Carries a task's cancellation to a job on a thread, which looks at it from time to time.
final class CancellationFlag: Sendable {
    private let isSet = Atomic<Bool>(false)

    func check() throws(DatasetError) {
        if isSet.load(ordering: .relaxed) { throw .cancelled() }
    }

    private func set() { isSet.store(true, ordering: .relaxed) }

    /// Runs `body`, whose jobs look at the flag, and sets the flag when the task is cancelled.
    static func scope<R>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (CancellationFlag) async throws(DatasetError) -> R
    ) async throws(DatasetError) -> R {
        let flag = CancellationFlag()
        let result: Result<R, DatasetError> = await withTaskCancellationHandler {
            do throws(DatasetError) { return .success(try await body(flag)) } catch { return .failure(error) }
        } onCancel: {
            flag.set()
        }
        return try result.get()
    }
}
