/// What has been delivered of one window, over all scrolls that it took. One task at a time.
final class WindowLedger {
    private(set) var digest = IDDigest()
    private(set) var delivered = 0
    /// Delivered documents by the name of their index.
    private(set) var indices: [String: Int] = [:]
    /// Of ``delivered``, those that an earlier run had handed out.
    private(set) var deliveredEarlier = 0
    private let ids: IDSet
    /// Of the page being looked at.
    private var pageIDs: [DocumentID] = []
    private let earlier: DeliveredDocuments?
    /// The scroll under way, from 1.
    private var scroll: UInt16 = 1

    /// - Parameter earlier: what an earlier run delivered: it is counted when a scroll shows it, and not handed out.
    init(expecting documents: Int, in ids: IDSet = IDSet(expecting: 0), earlier: DeliveredDocuments? = nil) {
        ids.removeAll(expecting: documents)
        self.ids = ids
        self.earlier = earlier
    }

    /// A scroll over the window, or a part of it, starts from its first document.
    func beginScroll() {
        precondition(scroll < .max, "a window was read more than 65,000 times")
        scroll += 1
    }

    struct Sifted {
        /// The part of the page that had not been delivered, nil if nothing is new.
        var page: ScrollPage?
        /// Whether the scroll showed a document for the second time: then it has lost another, or its place.
        var hasRepeats = false
    }

    /// Takes from a page what has not been delivered, and counts it as delivered.
    func sift(_ page: ScrollPage) -> Sifted {
        var positions: [Int] = []
        positions.reserveCapacity(page.count)
        var known: [Int] = []
        var hasRepeats = false
        pageIDs.removeAll(keepingCapacity: true)
        pageIDs.reserveCapacity(page.count)
        page.forEachID { _, id in
            ids.prefetch(id)
            pageIDs.append(id)
        }
        for (position, id) in pageIDs.enumerated() {
            switch ids.insert(id, scroll: scroll) {
            case .new:
                digest.add(id)
                if let earlier, earlier.contains(id) { known.append(position) } else { positions.append(position) }
            case .known: break
            case .repeated: hasRepeats = true
            }
        }
        let fresh = positions.count == page.count ? page : page.keeping(positions)
        delivered += fresh.count
        fresh.countIndices(into: &indices)
        if !known.isEmpty {
            delivered += known.count
            deliveredEarlier += known.count
            page.keeping(known).countIndices(into: &indices)
        }
        return Sifted(page: fresh.count == 0 ? nil : fresh, hasRepeats: hasRepeats)
    }
}
