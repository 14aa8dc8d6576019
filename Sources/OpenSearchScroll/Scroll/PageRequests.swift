import Synchronization

/// Makes the requests for a scroll's pages after its first. When an answer comes, the transfer thread asks here whether
/// the next one may be sent at once: the server should not wait until somebody has woken to look at the answer.
///
/// It may only while the scroll's reader waits for that answer, so never is more than one page ahead of the one that is
/// being taken apart.
final class PageRequests: Sendable {
    let context: RequestContext
    private let wire: Wire
    private let maximumBytes: Int
    private let acceptsGzip: Bool?
    private let hasRoom: @Sendable () -> Bool
    private let isWaiting = Mutex(false)

    /// - Parameter hasRoom: whether there is room for one more page.
    init(
        _ opening: ScrollSession.Opening, _ context: RequestContext, _ wire: Wire,
        hasRoom: @escaping @Sendable () -> Bool
    ) {
        var context = context
        context.purpose = .next
        self.context = context
        self.wire = wire
        maximumBytes = opening.maximumBytes
        acceptsGzip = opening.acceptsGzip
        self.hasRoom = hasRoom
    }

    /// The request for the next page.
    func request(_ id: String) -> HTTPRequest {
        let keepAlive = "\(wire.keepAlive.milliseconds)ms"
        var request = wire.request(
            .post, "/_search/scroll", ["scroll": .string(keepAlive), "scroll_id": .string(id)], context)
        request.maximumBytes = maximumBytes
        request.acceptsGzip = acceptsGzip
        request.following = following
        return request
    }

    /// Whether another page may be asked for before the one that has come is taken apart.
    var mayAskAhead: Bool { hasRoom() }

    /// Whether the reader waits for a page that another one should follow.
    func setWaiting(_ waits: Bool) { isWaiting.withLock { $0 = waits } }

    /// Whether the reader waits, which then is answered: the next page may come before it has woken.
    private func takeWaiting() -> Bool {
        isWaiting.withLock { waits in
            defer { waits = false }
            return waits
        }
    }

    /// The request that may follow an answer at once (``HTTPRequest/following``).
    var following: @Sendable (HTTPAnswer) -> HTTPRequest? {
        { [self] answer in
            guard answer.status == 200, mayAskAhead, let id = answer.body.withBytes(PageDecoder.scrollID),
                takeWaiting()
            else { return nil }
            return request(id)
        }
    }
}
