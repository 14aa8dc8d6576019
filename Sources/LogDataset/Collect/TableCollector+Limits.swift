extension TableCollector {
    /// Reads the hours in their order until a limit says that it is enough.
    ///
    /// - Parameter windows: what is not read yet.
    /// - Returns: how the reading ended early; nil if it did not.
    func readWithin(
        _ limits: ReadingLimits, _ windows: [LogWindow], _ resources: CollectionResources, _ store: BucketStore,
        parallel: Int
    ) async throws(DatasetError) -> StoppedReading? {
        let order = try order(windows, store)
        let parts = Dictionary(grouping: windows, by: \.part)
        let end = limits.share.map { order.count(holding: $0) } ?? order.parts.count
        // An earlier run may have read under a larger limit.
        let ahead = Set(store.windows.map(\.part)).subtracting(parts.keys)
        func standing(_ read: Int) -> OrderStanding { OrderStanding(order, read: read, ahead: ahead) }
        startMonitor(order.parts.prefix(end).flatMap { parts[$0] ?? [] }, store.windows)
        let start = ContinuousClock.now
        var read = 0
        for look in limits.unseen == nil ? [end] : ReadingOrder.looks(upTo: end) {
            let next = order.parts[read..<look]
            let count = try await readParts(
                next.map { parts[$0] ?? [] }, resources, parallel: parallel, mayStopAtOnce: read > 0
            ) { limits.time.map { ContinuousClock.now - start >= $0 } ?? false }
            read += count
            if count < next.count {
                return try await stopped(.time, standing(read), store)
            }
            if let unseen = limits.unseen, read < end,
                let share = try await unseenShare(order.parts.prefix(read), store)
            {
                tell(.unseen(share: share, hours: read))
                if share <= unseen { return stopped(.unseen, standing(read), share) }
            }
        }
        return try await stopped(.share, standing(end), store)
    }

    /// Windows in the order in which their hours are read.
    func inOrder(_ windows: [LogWindow]) -> [LogWindow] {
        let parts = Dictionary(grouping: windows, by: \.part)
        return ReadingOrder.sorted(Array(parts.keys), seed: configuration.seed).flatMap { parts[$0] ?? [] }
    }

    /// The order that the journal holds, with what has come since at its end, or a new one.
    private func order(_ windows: [LogWindow], _ store: BucketStore) throws(DatasetError) -> ReadingOrder {
        let all =
            windows.map { (part: $0.part, documents: UInt64($0.expectedDocuments ?? 0)) }
            + store.windows.map { window in
                (part: window.part, documents: window.expectedDocuments.map(UInt64.init) ?? window.tally.documents)
            }
        if var order = store.order {
            order.add(all, seed: configuration.seed)
            return order
        }
        let order = ReadingOrder(all, seed: configuration.seed)
        try store.keep(order)
        tell(.order(seed: configuration.seed, hours: order.parts.count))
        return order
    }

    /// Reads parts, several windows at once; a part that is begun is read whole.
    ///
    /// - Parameters:
    ///   - mayStopAtOnce: whether even the first part may be left.
    ///   - isOver: whether no further part is to be begun.
    /// - Returns: how many were read.
    private func readParts(
        _ parts: [[LogWindow]], _ resources: CollectionResources, parallel: Int, mayStopAtOnce: Bool,
        unless isOver: () -> Bool
    ) async throws(DatasetError) -> Int {
        try await wrapped {
            try await withThrowingTaskGroup(of: Void.self) { group in
                var underWay = 0
                for (index, part) in parts.enumerated() {
                    for (place, window) in part.enumerated() {
                        if underWay >= parallel {
                            try await group.next()
                            underWay -= 1
                        }
                        if place == 0, index > 0 || mayStopAtOnce, isOver() {
                            try await group.waitForAll()
                            return index
                        }
                        underWay += 1
                        group.addTask { try await read(window, resources) }
                    }
                }
                try await group.waitForAll()
                return parts.count
            }
        }
    }

    /// Reads every run.
    private func unseenShare(
        _ parts: some Sequence<String>, _ store: BucketStore
    ) async throws(DatasetError) -> Double? {
        let hours = Set(parts.compactMap { Int32($0) }.map { Hour(number: $0) })
        // One hour alone has every template in exactly one.
        guard hours.count > 1 else { return nil }
        let runs = store.allRuns
        return try await BoundedGroup.alone { flag throws(DatasetError) in
            try UnseenEstimate.of(runs, hours: hours, cancellation: flag).share
        }
    }

    private func stopped(
        _ reason: StoppedReading.Reason, _ standing: OrderStanding, _ store: BucketStore
    ) async throws(DatasetError) -> StoppedReading? {
        if standing.isAll { return nil }
        return stopped(reason, standing, try await unseenShare(standing.parts, store))
    }

    /// - Returns: nil if nothing is left.
    private func stopped(
        _ reason: StoppedReading.Reason, _ standing: OrderStanding, _ unseenShare: Double?
    ) -> StoppedReading? {
        if standing.isAll { return nil }
        return StoppedReading(
            reason: reason, hours: standing.parts.count, hoursTotal: standing.total,
            documentsLeft: standing.documentsLeft, unseenShare: unseenShare)
    }
}

/// What of an order is read: its first parts, and those behind them that an earlier run has read.
private struct OrderStanding {
    var parts: [String] = []
    var documentsLeft: UInt64 = 0
    let total: Int

    var isAll: Bool { parts.count == total }

    init(_ order: ReadingOrder, read: Int, ahead: Set<String>) {
        total = order.parts.count
        for (index, part) in order.parts.enumerated() {
            if index < read || ahead.contains(part) {
                parts.append(part)
            } else {
                documentsLeft += order.documents[index]
            }
        }
    }
}

extension LogWindow {
    fileprivate var part: String { ReadingOrder.part(hour: hour, name: name) }
}

extension BucketJournal.Window {
    fileprivate var part: String { ReadingOrder.part(hour: hour, name: name) }
}
