import Glibc

/// What an earlier run has kept of its windows, for a later one to take over.
struct EarlierHours: Sendable {
    let folder: BucketFolder
    let checkpoint: CollectionCheckpoint
    private let journal: BucketJournal

    /// Looks for what a complete run has kept in its output folder, else for what an unfinished one has read so far,
    /// else takes the folder itself for one of buckets. Nil if nothing is there.
    ///
    /// - Parameter own: the folder of the run that asks, which is no other's.
    /// - Returns: also what is wrong with what is there.
    static func look(
        in directory: String, except own: BucketFolder
    ) throws(DatasetError) -> Result<EarlierHours, CollectionCheckpoint.Fault>? {
        let folders = [
            BucketFolder(path: "\(directory)/\(CollectionCheckpoint.hoursFolderName)"), BucketFolder(in: directory),
            BucketFolder(path: directory),
        ]
        for folder in folders where !folder.isSame(as: own) {
            switch try CollectionCheckpoint.look(in: folder) {
            case nil: continue
            case .success(let checkpoint): return .success(try EarlierHours(folder, checkpoint))
            case .failure(let fault): return .failure(fault)
            }
        }
        return nil
    }

    private init(_ folder: BucketFolder, _ checkpoint: CollectionCheckpoint) throws(DatasetError) {
        let path = folder.path(of: JournalFile.name)
        // The run may be another process's: its journal is only read, and an end that is cut off may still grow.
        let records = access(path, F_OK) == 0 ? JournalFile.parse(try WholeFile.read(path)).records : []
        self.folder = folder
        self.checkpoint = checkpoint
        journal = records.reduce(into: BucketJournal()) { $0.apply($1) }
    }

    /// The windows that were read without a hole.
    var windows: [CommittedWindow] { journal.windows.values.filter(\.holes.isEmpty).map(\.committed) }

    /// Windows with the runs that hold their logs; nil if a run holds logs of other windows too.
    func bucket(of names: Set<String>) -> (windows: [BucketJournal.Window], runs: [RunRecord])? {
        let windows = names.compactMap { journal.windows[$0] }
        guard windows.count == names.count, journal.dropping(names) == names else { return nil }
        let runs = journal.runs(of: names).map(\.record)
        // Which run is whose is said once, by the record that these go into.
        let bare = windows.map { window in
            var window = window
            window.runs = []
            window.isReused = true
            return window
        }
        return (bare.sorted { $0.name < $1.name }, runs.sorted { $0.file < $1.file })
    }
}

/// Runs as files, between folders.
enum RunFile {
    enum Placing {
        /// A second name, which takes no bytes.
        case linked
        case copied
    }

    /// Makes a second name for a file, or a copy where the file system has no such names.
    ///
    /// - Returns: how `target` holds the file's bytes; nil if there is no such file.
    /// - Throws: `DatasetError` if the copy cannot be written or `disk` is spent.
    static func link(_ path: String, to target: String, copyingOn disk: DiskBudget) throws(DatasetError) -> Placing? {
        if Glibc.link(path, target) == 0 { return .linked }
        switch errno {
        case EXDEV, EPERM, EMLINK, EOPNOTSUPP: return try copy(path, to: target, on: disk) ? .copied : nil
        case ENOENT, EACCES: return nil
        default: throw .cannotWrite(target, errno)
        }
    }

    private static func copy(_ path: String, to target: String, on disk: DiskBudget) throws(DatasetError) -> Bool {
        guard access(path, R_OK) == 0 else { return false }
        let source = try InputFile(opening: path)
        let copy = try OutputFile(creating: target, on: disk)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var offset = 0
        while offset < source.size {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, source.size - offset)])
            try source.read(at: offset, into: part)
            try copy.write(UnsafeRawBufferPointer(part))
            offset += part.count
        }
        try copy.close(sync: true)
        return true
    }
}
