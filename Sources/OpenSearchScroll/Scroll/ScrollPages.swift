/// The pages of a reading, each verified before it is handed out, each document in one of them. Can be iterated once.
///
/// The iteration ends after the last page, when every window has been read whole; when it cannot go on, it throws, and
/// what was handed out is not everything.
public struct ScrollPages: AsyncSequence, Sendable {
    /// A page of documents.
    public typealias Element = ScrollPage
    /// Whatever ended the reading before its end.
    public typealias Failure = OpenSearchError

    let reading: Reading

    /// What has been delivered so far: after the last page, the proof that it was everything.
    public var proof: ScrollProof { reading.proof }

    /// Starts the only iteration that there can be; another one traps.
    public func makeAsyncIterator() -> Iterator {
        reading.beginIteration()
        return Iterator(queue: reading.queue)
    }

    /// Takes pages as they come. Pages are read ahead, up to ``OpenSearchConfiguration/queueBytes``; the time between
    /// two calls may be as long as it likes.
    public struct Iterator: AsyncIteratorProtocol {
        let queue: PageQueue

        /// The next page, nil after the last.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(OpenSearchError) -> ScrollPage? {
            try await queue.next().get()
        }

        /// The next page, nil after the last.
        public mutating func next() async throws(OpenSearchError) -> ScrollPage? {
            try await next(isolation: #isolation)
        }
    }
}
