// What is read of a window that cannot be read in one go.

extension Reading {
    /// Bytes of names in a path. Servers take 4 KiB of a line.
    private static let longestPath = 3_000

    /// Reads a window shard after shard: where the server has no room for all of them at once, and what is there where some
    /// are missing.
    ///
    /// - Parameter index: one of the query's alone; nil: all of them.
    /// - Returns: whether that was everything.
    func readShards(
        _ window: ScrollWindow, _ reader: WindowReader, of index: String? = nil, isPatient: Bool
    ) async -> Result<Bool, OpenSearchError> {
        var isWhole = true
        for shard in 0..<state.shards {
            guard let error = await reader.read(index: index, shard: shard, isPatient: isPatient) else { continue }
            if error.code == .noIndexMatches || error.code == .indexNotFound {
                if index == nil { continue }
                // One index has its shards one after the other.
                break
            }
            guard state.query.toleratesHoles, error.leavesAHole else { return .failure(error) }
            var part = window
            part.shard = shard
            add(hole: part, reader, error, of: index)
            isWhole = false
        }
        return .success(isWhole)
    }

    /// Reads what is there of a window of which shards are missing: the indices that are whole together, of the others
    /// shard after shard.
    func readWhatIsThere(
        _ window: ScrollWindow, _ reader: WindowReader, _ error: OpenSearchError
    ) async -> Result<Bool, OpenSearchError> {
        guard !watch.indices.isEmpty, watch.indices != [state.query.index] else {
            if window.shard == nil, state.shards > 1 { return await readShards(window, reader, isPatient: false) }
            add(hole: window, reader, error)
            return .success(false)
        }
        var isWhole = true
        var groups = groups(of: watch.indices.filter { !state.brokenIndices.contains($0) })
        while let group = groups.popLast() {
            guard let error = await reader.read(index: group.joined(separator: ","), isPatient: false) else { continue }
            switch error.code {
            case .partialShards where group.count > 1:
                let (first, second) = (group[..<(group.count / 2)], group[(group.count / 2)...])
                groups += [Array(second), Array(first)]
            case .partialShards: state.brokenIndices.formUnion(group)
            // Deleted or closed, which is found out at the end; or none of them has so many shards.
            case .noIndexMatches, .indexNotFound: break
            default:
                guard error.leavesAHole else { return .failure(error) }
                add(hole: window, reader, error)
                isWhole = false
            }
        }
        for name in watch.indices where state.brokenIndices.contains(name) {
            switch await readBroken(name, window, reader) {
            case .failure(let error): return .failure(error)
            case .success(let isAll): isWhole = isWhole && isAll
            }
        }
        // Whatever is missing is of an index that the plan does not know.
        if isWhole { reader.lacksSomeIndices() }
        return .success(isWhole)
    }

    private func readBroken(
        _ index: String, _ window: ScrollWindow, _ reader: WindowReader
    ) async -> Result<Bool, OpenSearchError> {
        guard window.shard != nil else { return await readShards(window, reader, of: index, isPatient: false) }
        guard let error = await reader.read(index: index, isPatient: false) else { return .success(true) }
        if error.code == .noIndexMatches || error.code == .indexNotFound { return .success(true) }
        guard error.leavesAHole else { return .failure(error) }
        add(hole: window, reader, error, of: index)
        return .success(false)
    }

    /// As many names at once as a path can hold.
    private func groups(of names: [String]) -> [[String]] {
        var groups: [[String]] = []
        var room = 0
        for name in names {
            room -= Endpoint.encode(name).utf8.count + 3
            if room < 0 || groups.isEmpty {
                groups.append([])
                room = Self.longestPath - name.utf8.count
            }
            groups[groups.count - 1].append(name)
        }
        return groups
    }
}
