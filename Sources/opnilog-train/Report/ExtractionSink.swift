import Dispatch
import Glibc
import OpenSearchScroll
import Synchronization

/// Writes pages to an extraction's output, and while it goes on, what a later run needs to take over.
///
/// Lines are made and written on one queue of its own, checkpoints on another, so that bringing the output to disk
/// holds nobody up. While a checkpoint is being written, windows that end wait for the next one.
final class ExtractionSink: Sendable {
    fileprivate struct State {
        let lines = DocumentLines()
        var ledger: ExtractionLedger
        var checkpoint: ExtractionCheckpoint
        var fault: CommandError?
        var hasNews = false
        var isSaving = false
        /// Documents that have been written since the checkpoint that is on its way, or was written last.
        var ahead = 0
        var isClosed = false
    }

    /// As many as the largest window has: more are not written while a checkpoint is on its way, for a run that was
    /// killed would read them again.
    private static let mostAhead = 128_000

    private let target: ExtractionTarget
    private let state: Mutex<State>
    private let writing = DispatchQueue(label: "opnilog.extract.write")
    private let saving = DispatchQueue(label: "opnilog.extract.save")

    /// - Parameters:
    ///   - checkpoint: what is known so far; written by `begin`.
    ///   - ledger: what stands in the output already.
    init(_ target: ExtractionTarget, _ checkpoint: ExtractionCheckpoint, _ ledger: ExtractionLedger) {
        self.target = target
        state = Mutex(State(ledger: ledger, checkpoint: checkpoint))
    }

    /// Writes a checkpoint before the first document.
    func begin() async throws { try await save(try snapshot()) }

    /// Writes the documents of a page.
    ///
    /// - Throws: `output` if that fails; `interrupted` if the task is cancelled while a stream takes nothing.
    func write(_ page: ScrollPage) async throws {
        try await onQueue(writing, abandons: target.path == nil) { [self] in
            let isFarAhead = try state.withLock { state in
                try write(page, &state)
                return target.path != nil && state.isSaving && state.ahead > Self.mostAhead
            }
            if isFarAhead { saving.sync {} }
            settle()
        }
    }

    /// A window was read whole. From any task.
    func finished(_ report: WindowReport) {
        writing.async { [self] in
            state.withLock { state in
                if state.ledger.finished(report) { state.hasNews = true }
            }
            settle()
        }
    }

    /// Ends the writing: all lines are in the output, and in the checkpoint if there is one.
    ///
    /// - Returns: the last checkpoint, whether or not it was written, and what it was made from.
    func end() async throws -> (checkpoint: ExtractionCheckpoint, ledger: ExtractionLedger) {
        let last = try await onQueue(writing, abandons: target.path == nil) { [self] in
            let last = try snapshot()
            state.withLock { $0.isClosed = true }
            return last
        }
        try await save(last)
        return (last, state.withLock { $0.ledger })
    }

    // MARK: On the queues

    private func write(_ page: ScrollPage, _ state: inout State) throws {
        if let fault = state.fault { throw fault }
        guard let window = page.window else { preconditionFailure("a page that is of no window") }
        state.ledger.begin(window)
        do throws(CommandError) {
            let extent = try state.lines.append(page) { (bytes) throws(CommandError) in try put(bytes) }
            state.ahead += extent.documents
            var indices: [String: Int] = [:]
            page.countIndices(into: &indices)
            if state.ledger.wrote(window, extent, indices: indices) { state.hasNews = true }
        } catch {
            state.fault = error
            throw error
        }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws(CommandError) {
        guard let number = Descriptor.write(bytes, to: target.descriptor) else { return }
        throw ExtractionFault.of(target, number)
    }

    /// What can be gone on from, once all lines are handed to the system.
    private func snapshot() throws -> ExtractionCheckpoint {
        try state.withLock { state in
            if let fault = state.fault { throw fault }
            do throws(CommandError) {
                try state.lines.flush { (bytes) throws(CommandError) in try put(bytes) }
            } catch {
                state.fault = error
                throw error
            }
            (state.hasNews, state.ahead) = (false, 0)
            return state.current
        }
    }

    /// Begins a checkpoint if windows have ended since the last one and none is on its way.
    private func settle() {
        let isDue = state.withLock { state in
            guard state.hasNews, !state.isSaving, !state.isClosed, state.fault == nil else { return false }
            state.isSaving = true
            return true
        }
        // A fault is kept, and told to whoever writes next.
        guard isDue, target.path != nil, let next = try? snapshot() else { return }
        saving.async { [self] in
            let result = Result { try saveNow(next) }
            writing.async { [self] in
                state.withLock { state in
                    state.isSaving = false
                    if case .failure(let error) = result { state.fault = state.fault ?? Failures.commandError(error) }
                }
                settle()
            }
        }
    }

    private func save(_ checkpoint: ExtractionCheckpoint) async throws {
        try await onQueue(saving, abandons: false) { [self] in try saveNow(checkpoint) }
    }

    private func saveNow(_ checkpoint: ExtractionCheckpoint) throws {
        guard let path = target.checkpoint else { return }
        guard fsync(target.descriptor) == 0 else { throw ExtractionFault.of(target, errno) }
        try checkpoint.write(path)
    }

    /// Runs something on a queue. What is abandoned at a cancellation goes on there, but nobody waits for it.
    private func onQueue<R: Sendable>(
        _ queue: DispatchQueue, abandons: Bool, _ body: @escaping @Sendable () throws -> R
    ) async throws -> R {
        let box = Waiter<R>()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                box.set(continuation)
                queue.async { box.resume(Result { try body() }) }
                if abandons, Task.isCancelled { box.resume(.failure(CancellationError())) }
            }
        } onCancel: {
            if abandons { box.resume(.failure(CancellationError())) }
        }
        return try result.get()
    }
}

/// A continuation that is resumed by whoever comes first.
private final class Waiter<R: Sendable>: Sendable {
    private let waiting = Mutex<CheckedContinuation<Result<R, any Error>, Never>?>(nil)

    func set(_ continuation: CheckedContinuation<Result<R, any Error>, Never>) {
        waiting.withLock { $0 = continuation }
    }

    func resume(_ result: sending Result<R, any Error>) {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: result)
    }
}

extension ExtractionSink.State {
    /// The checkpoint as of now.
    fileprivate var current: ExtractionCheckpoint {
        var current = checkpoint
        let bounded = ledger.bounded(to: ExtractionCheckpoint.mostStretches)
        current.output = ledger.end
        current.stretches = bounded.stretches
        current.scanFrom = bounded.scanFrom
        current.deliver(ledger.indices)
        current.repairedDocuments += lines.repairedDocuments
        current.documentsWithoutSource += lines.documentsWithoutSource
        return current
    }
}

/// What to say when an output of `extract` cannot be written.
enum ExtractionFault {
    static func of(_ target: ExtractionTarget, _ number: Int32) -> CommandError {
        let problem = "\(target.name) cannot be written: \(SystemCall.text(number))"
        let isFull = [ENOSPC, EDQUOT, EFBIG].contains(number)
        guard target.path != nil else {
            return CommandError(
                .output, problem, remedy: isFull ? "free space on its disk" : nil, cause: SystemError(number))
        }
        let remedy =
            isFull ? "free space there, then run again with --resume" : "mend that, then run again with --resume"
        return CommandError(.output, problem, remedy: remedy, cause: SystemError(number))
    }
}
