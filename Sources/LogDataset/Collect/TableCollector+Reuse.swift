extension TableCollector {
    /// Takes over from an earlier run what `configuration.reuse` names and the source finds unchanged.
    ///
    /// - Returns: the windows that are still to be read.
    func reuse(_ windows: [LogWindow], _ store: BucketStore) async throws(DatasetError) -> [LogWindow] {
        guard let reuse = configuration.reuse, let checkpoint = configuration.checkpoint, !windows.isEmpty else {
            return windows
        }
        guard let earlier = try earlierHours(in: reuse.directory, store) else { return windows }
        let others = completed(checkpoint).differences(from: earlier.checkpoint)
            .filter { !reuse.freeSettings.contains($0) }
        guard others.isEmpty else {
            tell(.notReused(otherSettings: others))
            return windows
        }
        let found = try await wrapped { try await source.reusable(earlier.windows, for: windows) }
        let read = try await adopt(found, from: earlier, store)
        return windows.filter { !read.contains($0.name) }
    }

    /// What an earlier run has kept; nil, which is told, if nothing is there or it is of no use: a run that would go
    /// well without it does not end for that.
    private func earlierHours(in directory: String, _ store: BucketStore) throws(DatasetError) -> EarlierHours? {
        switch try EarlierHours.look(in: directory, except: store.folder) {
        case .success(let earlier): return earlier
        case .failure(let fault): tell(.notReusable(why: fault.what))
        case nil: tell(.notReused(otherSettings: []))
        }
        return nil
    }

    /// - Returns: names of the windows that need not be read any more.
    private func adopt(
        _ found: [WindowReuse], from earlier: EarlierHours, _ store: BucketStore
    ) async throws(DatasetError) -> Set<String> {
        let buckets = found.compactMap { reuse in earlier.bucket(of: reuse.earlier).map { (reuse, $0) } }
        let adopted = try await BoundedGroup.map(buckets.count, workers: configuration.workers) {
            (index, flag) throws(DatasetError) -> Bool in
            try flag.check()
            let bucket = buckets[index].1
            return try store.adopt(bucket.windows, bucket.runs, from: earlier.folder)
        }
        let taken = zip(buckets, adopted).filter(\.1).map(\.0)
        try await wrapped { try await source.didReuse(taken.flatMap(\.1.windows).map(\.committed)) }
        let damaged = zip(buckets, adopted).filter { !$0.1 }.flatMap { $0.0.0.earlier }
        if !damaged.isEmpty { tell(.damaged(windows: damaged.sorted())) }
        let windows = taken.reduce(0) { $0 + $1.1.windows.count }
        let documents = taken.flatMap(\.1.windows).reduce(0) { $0 + $1.tally.documents }
        tell(.reused(windows: windows, documents: documents))
        return taken.reduce(into: []) { $0.formUnion($1.0.windows) }
    }
}
