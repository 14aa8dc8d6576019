// What is read of a window that cannot be read in one go.

extension Reading {
    /// Bytes of names in a path. Servers take 4 KiB of a line.
    private static let longestPath = 3_000

    /// Reads a window shard after shard: where the server has no room for all of them at once, and what is there where
    /// some are missing.
    ///
    /// - Parameter index: one of the query's alone; nil: all of them.
    /// - Returns: whether that was everything.
    func readShards(
        _ window: ScrollWindow, _ reader: WindowReader, of index: String? = nil, isPatient: Bool
    ) async -> Result<Bool, OpenSearchError> {
        var isWhole = true
        for shard in 0..<state.shards {
            guard let error = await reader.read(index: index, shard: shard, isPatient: isPatient) else { continue }
            // No index has so many shards; one has them one after the other.
            if error.code == .noIndexMatches, index == nil { continue }
            if error.isOfNoIndex, index != nil { break }
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
        let names = watch.indices
        // An alias may filter, or be all that we have a right to.
        let pattern = IndexPattern(state.query.index)
        guard !names.isEmpty, names != [state.query.index], names.allSatisfy(pattern.means) else {
            if window.shard == nil, state.shards > 1 { return await readShards(window, reader, isPatient: false) }
            add(hole: window, reader, error)
            return .success(false)
        }
        var isWhole = true
        var broken = state.brokenIndices
        var groups = groups(of: names.filter { !broken.contains($0) })
        while let group = groups.popLast() {
            let together = group.joined(separator: ",")
            guard let error = await reader.read(index: together, isPatient: false, givesWay: true) else { continue }
            // Deleted or closed, which is found out at the end; or none of them has so many shards.
            if error.isOfNoIndex { continue }
            if error.code == .partialShards, group.count > 1 {
                groups += [Array(group[(group.count / 2)...]), Array(group[..<(group.count / 2)])]
            } else if error.code == .partialShards {
                broken.formUnion(group)
            } else if error.code == .overloaded, window.shard == nil {
                switch await readShards(window, reader, of: together, isPatient: false) {
                case .failure(let error): return .failure(error)
                case .success(let isAll): isWhole = isWhole && isAll
                }
            } else {
                guard error.leavesAHole else { return .failure(error) }
                add(hole: window, reader, error)
                isWhole = false
            }
        }
        state.noteBroken(broken)
        for name in names where broken.contains(name) {
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
        // A remote cluster that cannot be reached does not say how many shards it has.
        if window.shard == nil, !index.contains(":") {
            return await readShards(window, reader, of: index, isPatient: false)
        }
        guard let error = await reader.read(index: index, isPatient: false) else { return .success(true) }
        if error.isOfNoIndex { return .success(true) }
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

/// What an index expression means by name: literal names and wildcards, no aliases.
struct IndexPattern {
    private let parts: [String]

    init(_ expression: String) { parts = expression.split(separator: ",").map(String.init) }

    func means(_ index: String) -> Bool { parts.contains { Self.matches($0[...], index[...]) } }

    private static func matches(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let star = pattern.firstIndex(of: "*") else { return pattern == name }
        guard name.hasPrefix(pattern[..<star]) else { return false }
        let (rest, left) = (pattern[pattern.index(after: star)...], name.dropFirst(pattern[..<star].count))
        return (0...left.count).contains { matches(rest, left.dropFirst($0)) }
    }
}
