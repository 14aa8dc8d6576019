import OpenSearchScroll

/// Comparing what an earlier run has read of an hour with what is planned of it now: pure.
struct HourComparison {
    /// What an earlier run has read of an hour of a query, or of the documents without a time.
    struct Earlier {
        var names: Set<String> = []
        var windows: [ScrollWindow] = []
        var delivered = 0
        /// Documents that were gone again when the scroll ended, or were counted otherwise.
        var drift = 0
    }

    /// What is planned of it.
    struct Planned {
        var names: Set<String> = []
        var windows: [ScrollWindow] = []
        var expected: Int { windows.reduce(0) { $0 + $1.expectedDocuments } }
    }

    enum Answer: Equatable {
        case same, other
        /// More are planned than were read, which documents with several dates may be the reason of: counting tells.
        case uncertain
    }

    static func compare(_ earlier: Earlier, _ planned: Planned) -> Answer {
        guard earlier.drift == 0, let read = times(earlier.windows), let wanted = times(planned.windows), read == wanted
        else { return .other }
        if planned.expected == earlier.delivered { return .same }
        return planned.expected > earlier.delivered ? .uncertain : .other
    }

    /// The stretch that windows cover together, `.some(nil)` for the documents without a time; nil if they do not cover
    /// one whole.
    static func times(_ windows: [ScrollWindow]) -> Range<Int64>?? {
        let times = windows.compactMap(\.times).sorted { $0.lowerBound < $1.lowerBound }
        guard let first = times.first else { return windows.isEmpty ? nil : .some(nil) }
        guard times.count == windows.count else { return nil }
        var end = first.upperBound
        for next in times.dropFirst() {
            // Shards of the same time stand side by side; otherwise each begins where the one before ends.
            guard next.lowerBound <= end else { return nil }
            end = max(end, next.upperBound)
        }
        return .some(first.lowerBound..<end)
    }
}

extension OpenSearchLogSource {
    /// The hours that an earlier run has read over the same times and that hold as many documents as it got. Documents
    /// that were changed in place, or exchanged for as many others, are not seen.
    public func reusable(
        _ earlier: [CommittedWindow], for windows: [LogWindow]
    ) async throws -> [WindowReuse] {
        var read: [Int64?: HourComparison.Earlier] = [:]
        for window in earlier {
            guard let report = Self.report(of: window), report.away == nil else { continue }
            let hour = Self.hour(of: report.window)
            read[hour, default: .init()].names.insert(window.name)
            read[hour, default: .init()].windows.append(report.window)
            read[hour, default: .init()].delivered += report.delivered
            read[hour, default: .init()].drift += abs(report.drift)
        }
        var planned: [Int64?: HourComparison.Planned] = [:]
        for window in windows {
            guard let scroll = window.key as? ScrollWindow else { continue }
            planned[Self.hour(of: scroll), default: .init()].names.insert(window.name)
            planned[Self.hour(of: scroll), default: .init()].windows.append(scroll)
        }
        var found: [WindowReuse] = []
        for (hour, planned) in planned {
            guard let read = read[hour], try await isSame(read, planned) else { continue }
            found.append(WindowReuse(earlier: read.names, windows: planned.names))
        }
        return found
    }

    /// Counts them as read.
    public func didReuse(_ earlier: [CommittedWindow]) async throws { noteDelivered(earlier) }

    private func isSame(_ read: HourComparison.Earlier, _ planned: HourComparison.Planned) async throws -> Bool {
        switch HourComparison.compare(read, planned) {
        case .same: return true
        case .other: return false
        case .uncertain:
            guard let times = HourComparison.times(planned.windows) else { return false }
            let window = ScrollWindow(times: times, expectedDocuments: planned.expected)
            return try await client.count(query, window: window) == read.delivered
        }
    }

    private static func hour(of window: ScrollWindow) -> Int64? {
        window.times.map { $0.lowerBound - ($0.lowerBound % 3_600_000 + 3_600_000) % 3_600_000 }
    }
}
