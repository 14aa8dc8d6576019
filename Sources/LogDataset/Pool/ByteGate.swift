import Synchronization

/// Holds back those who bring more bytes than the budget has room for. First come, first served.
///
/// Once it is full, nobody comes in until it has emptied to the low watermark, so that readers are woken seldom and can
/// then bring several pages. An amount larger than the whole budget is let through alone.
package final class ByteGate: Sendable {
    private let state: Mutex<ByteGateState<CheckedContinuation<Bool, Never>>>

    package init(limit: Int) {
        state = Mutex(ByteGateState(limit: limit, low: limit / 4 * 3))
    }

    /// Waits until `bytes` fit, then counts them in.
    package func enter(_ bytes: Int) async throws(DatasetError) {
        let id = state.withLock { $0.makeID() }
        let admitted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let admitted = state.withLock { $0.enter(bytes, id: id, waiter: continuation) }
                if let admitted { continuation.resume(returning: admitted) }
            }
        } onCancel: {
            state.withLock { $0.cancel(id) }?.resume(returning: false)
        }
        if !admitted { throw .cancelled() }
    }

    package func leave(_ bytes: Int) {
        for waiter in state.withLock({ $0.leave(bytes) }) { waiter.resume(returning: true) }
    }
}

/// The gate as a value: its methods say who is to be woken.
struct ByteGateState<Waiter> {
    private struct Waiting {
        let id: UInt64
        let bytes: Int
        let waiter: Waiter
    }

    /// No more bytes than this are inside.
    private let limit: Int
    /// So few must be inside before those who wait come in.
    private let low: Int
    private var used = 0
    private var waiting: [Waiting] = []
    private var lastID: UInt64 = 0
    /// Cancelled before they came to wait.
    private var cancelled: Set<UInt64> = []

    /// - Parameters:
    ///   - limit: the high watermark, in bytes.
    ///   - low: the low one; the limit itself unless given.
    init(limit: Int, low: Int? = nil) {
        self.limit = limit
        self.low = low ?? limit
    }

    mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    /// True: admitted. False: was cancelled before. Nil: waits, and `leave` or `cancel` will hand the waiter back.
    mutating func enter(_ bytes: Int, id: UInt64, waiter: Waiter) -> Bool? {
        if cancelled.remove(id) != nil { return false }
        if waiting.isEmpty, fits(bytes) {
            used += bytes
            return true
        }
        waiting.append(Waiting(id: id, bytes: bytes, waiter: waiter))
        return nil
    }

    mutating func leave(_ bytes: Int) -> [Waiter] {
        used -= bytes
        var admitted: [Waiter] = []
        guard used <= low else { return [] }
        while let first = waiting.first, fits(first.bytes) {
            used += first.bytes
            admitted.append(first.waiter)
            waiting.removeFirst()
        }
        return admitted
    }

    mutating func cancel(_ id: UInt64) -> Waiter? {
        if let index = waiting.firstIndex(where: { $0.id == id }) { return waiting.remove(at: index).waiter }
        cancelled.insert(id)
        return nil
    }

    private func fits(_ bytes: Int) -> Bool { used == 0 || used + bytes <= limit }
}
