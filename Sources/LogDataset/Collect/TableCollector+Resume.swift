import Glibc
import LogMasking

extension TableCollector {
    /// The durable store of this run: a new one, or that of the run it goes on with, without what cannot be kept.
    ///
    /// - Returns: the store, and the table if the earlier run had written it whole.
    func open(_ checkpoint: CollectionCheckpoint) async throws(DatasetError) -> (BucketStore, TemplateTable?) {
        let directory = configuration.directory
        let checkpoint = completed(checkpoint)
        let folder = BucketFolder(in: directory)
        guard configuration.resumes, let earlier = try CollectionCheckpoint.read(in: directory) else {
            return (try makeStore(folder, checkpoint), nil)
        }
        try checkpoint.check(against: earlier, in: directory)
        let (file, contents) = try JournalFile.open(folder.path(of: JournalFile.name))
        var journal = BucketJournal()
        for record in contents.records { journal.apply(record) }
        if contents.damaged > 0 { tell(.damagedRecords(contents.damaged)) }
        if let digest = journal.tableDigest ?? begunTable(journal), let table = try await finishedTable(digest) {
            tell(journal.tableDigest == nil ? .begunTableFound : .tableFound)
            return (try BucketStore(folder, file: file, journal: journal, dropping: []), table)
        }
        let dropped = try await unusable(journal, folder)
        let store = try BucketStore(folder, file: file, journal: journal, dropping: dropped, disk: configuration.disk)
        let kept = store.windows
        tell(.resumed(windows: kept.count, documents: kept.reduce(0) { $0 + $1.tally.documents }))
        return (store, nil)
    }

    /// With what the reading itself adds to the settings.
    func completed(_ checkpoint: CollectionCheckpoint) -> CollectionCheckpoint {
        let named = checkpoint.adding("source", source.name).adding("mask rules", configuration.masking.rules.digest)
        return configuration.cleaning.canonicalText.map { named.adding("cleaning", $0) } ?? named
    }

    /// The checkpoint's own file comes last: only with it is there something to go on with.
    private func makeStore(
        _ folder: BucketFolder, _ checkpoint: CollectionCheckpoint
    ) throws(DatasetError) -> BucketStore {
        try folder.makeEmpty()
        let (file, _) = try JournalFile.open(folder.path(of: JournalFile.name))
        try checkpoint.write(in: configuration.directory)
        folder.sync()
        return try BucketStore(folder, file: file, journal: BucketJournal(), dropping: [], disk: configuration.disk)
    }

    /// The digest of the table that this run is to take as it stands; nil if the reading goes on.
    private func begunTable(_ journal: BucketJournal) -> String? {
        guard let partial = journal.partial, !configuration.requiresComplete else { return nil }
        return partial.digest == configuration.begunTable ? partial.digest : nil
    }

    /// The table that the earlier run had written, held against its digests: its metadata stand at the end and say
    /// nothing of the blocks before them. Nil if it is gone, another one, or damaged.
    private func finishedTable(_ digest: String) async throws(DatasetError) -> TemplateTable? {
        guard access(tablePath, F_OK) == 0 else { return nil }
        do throws(DatasetError) {
            let table = try TemplateTable(opening: tablePath)
            guard table.metadata.tableDigest == digest else { return nil }
            try await table.verify()
            return table
        } catch {
            if error.code == .cancelled { throw error }
            tell(.damagedTable)
            return nil
        }
    }

    /// The windows whose buckets are damaged, outdated or incomplete.
    private func unusable(_ journal: BucketJournal, _ folder: BucketFolder) async throws(DatasetError) -> Set<String> {
        let damaged = journal.dropping(try await ownersOfDamagedRuns(journal, folder))
        let committed = journal.windows.values.map(\.committed)
        let outdated = Set(try await wrapped { try await source.outdated(among: committed) })
        let incomplete = Set(journal.windows.values.filter { !$0.holes.isEmpty }.map(\.name))
        if !damaged.isEmpty { tell(.damaged(windows: damaged.sorted())) }
        if !outdated.isEmpty { tell(.outdated(windows: outdated.sorted())) }
        if !incomplete.isEmpty { tell(.incomplete(windows: incomplete.sorted())) }
        return journal.dropping(damaged.union(outdated).union(incomplete))
    }

    /// Reads every run once, several at a time.
    private func ownersOfDamagedRuns(
        _ journal: BucketJournal, _ folder: BucketFolder
    ) async throws(DatasetError) -> Set<String> {
        let members = Array(journal.runs.values)
        let areIntact = try await BoundedGroup.map(members.count, workers: configuration.workers) {
            (index, flag) throws(DatasetError) -> Bool in
            try flag.check()
            do throws(DatasetError) { try folder.run(members[index].record).verify() } catch { return false }
            return true
        }
        return zip(members, areIntact).reduce(into: []) { if !$1.1 { $0.formUnion($1.0.owners) } }
    }

    func tell(_ event: CollectionEvent) { configuration.onEvent?(event) }
}

extension BucketJournal.Window {
    /// The window as its source is told of it.
    var committed: CommittedWindow { CommittedWindow(name: name, hour: hour, details: [UInt8](details)) }
}
