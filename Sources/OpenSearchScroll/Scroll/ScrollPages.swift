/// The pages of one scroll, in order, each verified before it is handed out. Can be iterated once.
///
/// The iteration ends after the last page, when as many documents have been handed out as the server had promised; when
/// it cannot go on, it throws and what was handed out is not everything.
public struct ScrollPages: AsyncSequence, Sendable {
    /// A page of documents.
    public typealias Element = ScrollPage
    /// Whatever ended the scroll before its end.
    public typealias Failure = OpenSearchError

    let session: ScrollSession

    /// Starts the only iteration that there can be; another one traps.
    public func makeAsyncIterator() -> Iterator {
        session.beginIteration()
        return Iterator(session: session, decoder: PageDecoder(field: session.field))
    }

    /// Asks for a page when one is wanted, not before.
    public struct Iterator: AsyncIteratorProtocol {
        let session: ScrollSession
        let decoder: PageDecoder

        /// The next page, nil after the last.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(OpenSearchError) -> ScrollPage? {
            try await session.next(decoder).get()
        }

        /// The next page, nil after the last.
        public mutating func next() async throws(OpenSearchError) -> ScrollPage? {
            try await next(isolation: #isolation)
        }
    }
}
