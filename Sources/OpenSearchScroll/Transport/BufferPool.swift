import Glibc
import Synchronization

/// Memory of answers that are done with, for those to come. A page of some MiB costs more to get from the system, page
/// fault by page fault, than to fill.
final class BufferPool: Sendable {
    struct Buffer {
        let start: UnsafeMutableRawPointer
        let capacity: Int
    }

    private struct State: ~Copyable {
        // Each belongs to nobody else while it lies here.
        nonisolated(unsafe) var buffers: [Buffer] = []
        var bytes = 0

        deinit { for buffer in buffers { free(buffer.start) } }
    }

    /// What the allocator keeps in its own lists anyway.
    private static let smallest = 128 << 10

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: bytes that may lie here unused.
    init(limit: Int = 8 << 20) { self.limit = limit }

    /// Unused bytes.
    var bytes: Int { state.withLock { $0.bytes } }

    /// The smallest that is large enough; but none that is far too large, since it would be held by so little.
    func take(_ needed: Int) -> Buffer? {
        guard needed >= Self.smallest else { return nil }
        return state.withLock { state in
            let fitting = state.buffers.indices.filter { (needed...4 * needed).contains(state.buffers[$0].capacity) }
            guard let best = fitting.min(by: { state.buffers[$0].capacity < state.buffers[$1].capacity }) else {
                return nil
            }
            state.bytes -= state.buffers[best].capacity
            return state.buffers.remove(at: best)
        }
    }

    /// Takes a buffer over, in place of older ones if there is no room; false: it remains the caller's.
    func give(_ buffer: Buffer) -> Bool {
        guard (Self.smallest...limit).contains(buffer.capacity) else { return false }
        let surplus = state.withLock { state in
            state.buffers.append(buffer)
            state.bytes += buffer.capacity
            var surplus = 0
            while state.bytes > limit {
                state.bytes -= state.buffers[surplus].capacity
                surplus += 1
            }
            defer { state.buffers.removeFirst(surplus) }
            return state.buffers.prefix(surplus).map { UInt(bitPattern: $0.start) }
        }
        for start in surplus { free(UnsafeMutableRawPointer(bitPattern: start)) }
        return true
    }
}
