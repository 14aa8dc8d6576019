import LogDataset
import LogMasking
import Synchronization

/// Scores pages side by side and writes their lines in the order of the pages, each as soon as those before it are
/// written: what comes through a pipe is answered while the pipe stays open.
enum ScorePipeline {
    /// Bytes of pages that are scored, or wait for it or for being written, at once, with what is made of them, by and
    /// large: enough for a few pages of a server's usual size, explained or not.
    private static let limit = 64 << 20

    /// What all pages together held.
    struct Total: Sendable {
        var count = PageCount()
        var masking = MaskTally()
    }

    private final class Sum: Sendable {
        private let total = Mutex(Total())
        private let fault = Mutex<(any Error)?>(nil)

        var value: Total { total.withLock { $0 } }

        /// Why the reading ended before its time; kept until what was read is written.
        func keep(_ error: any Error) { fault.withLock { $0 = $0 ?? error } }

        func throwFault() throws {
            if let error = fault.withLock({ $0 }) { throw error }
        }

        func add(_ page: ScoreLines.Page) {
            total.withLock { total in
                total.count.add(page.count)
                total.masking.add(page.masking)
            }
        }
    }

    /// - Parameters:
    ///   - write: writes the lines of one page; may block.
    ///   - read: hands the pages over, in order.
    static func run(
        _ lines: ScoreLines, write: @escaping OrderedOutput<ScoreLines.Page>.Write,
        _ read: @escaping @Sendable (ScoreFeed) async throws -> Void
    ) async throws -> Total {
        let gate = ByteGate(limit: limit)
        let output = OrderedOutput(write) { gate.leave($0) }
        let sum = Sum()
        let (pages, feed) = AsyncStream.makeStream(of: ScoreFeed.Weighed.self)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                defer { feed.finish() }
                do {
                    try await read(ScoreFeed(lines: lines, gate: gate, pages: feed))
                } catch {
                    if Task.isCancelled { throw error }
                    sum.keep(error)
                }
            }
            var number = 0
            for await (page, weight) in pages {
                group.addTask { [number] in
                    let scored = try await lines.of(page)
                    sum.add(scored)
                    try await output.put(scored, at: number, weight: weight)
                }
                number += 1
            }
        }
        try Task.checkCancellation()
        try sum.throwFault()
        return sum.value
    }
}

/// Where pages to be scored are handed over.
struct ScoreFeed: Sendable {
    fileprivate typealias Weighed = (page: any LogPage, weight: Int)

    fileprivate let lines: ScoreLines
    fileprivate let gate: ByteGate
    fileprivate let pages: AsyncStream<Weighed>.Continuation

    /// Waits while the memory for pages is used up, so that slow scoring, or a slow reader of the lines, slows the
    /// reading down.
    func add(_ page: any LogPage) async throws {
        let weight = lines.weight(of: page)
        try await gate.enter(weight)
        pages.yield((page, weight))
    }
}

/// Writes pieces in the order of their numbers, whichever is ready first.
final class OrderedOutput<Content: Sendable>: Sendable {
    /// Writes a piece; runs on a thread of its own.
    typealias Write = @Sendable (Content) throws -> Void

    private struct Piece {
        let content: Content
        let weight: Int
    }

    private struct State {
        var waiting: [Int: Piece] = [:]
        var next = 0
        var isWriting = false
    }

    private let state = Mutex(State())
    private let write: Write
    private let onWritten: @Sendable (_ weight: Int) -> Void

    init(_ write: @escaping Write, onWritten: @escaping @Sendable (_ weight: Int) -> Void) {
        self.write = write
        self.onWritten = onWritten
    }

    /// Hands a piece over. Whoever brings the one whose turn it is writes it, and those after it that are there.
    func put(_ content: Content, at number: Int, weight: Int) async throws {
        let writes = state.withLock { state in
            state.waiting[number] = Piece(content: content, weight: weight)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        guard writes else { return }
        while let piece = next() {
            try await OwnThread.run { [write] in try write(piece.content) }
            onWritten(piece.weight)
        }
    }

    private func next() -> Piece? {
        state.withLock { state in
            guard let piece = state.waiting.removeValue(forKey: state.next) else {
                state.isWriting = false
                return nil
            }
            state.next += 1
            return piece
        }
    }
}
