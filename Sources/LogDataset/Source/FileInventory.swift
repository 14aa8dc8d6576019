import Glibc

/// The files that paths, patterns and folders name, each content once.
struct FileInventory: Sendable {
    let files: [ListedFile]
    /// Files that were left out because another one holds all they hold.
    let leftOut: [(path: String, heldBy: String)]
    /// Files with names that are not UTF-8, as they are shown.
    let misnamed: [String]
    /// Whether files were left out because the run itself writes them.
    let leavesOutput: Bool

    /// What the listed files are, by device and inode.
    var identities: Set<FileIdentity> { Set(files.compactMap(\.identity)) }

    /// Looks at the files, which blocks and may take long, on a thread of its own.
    ///
    /// - Parameters:
    ///   - patterns: paths, patterns with `*`, `?` or `[…]`, folders, and `-`.
    ///   - own: a folder and the names in it that the run itself writes: no logs.
    /// - Throws: `unreadableFile` when one of them names no file, `invalidSetting` when one names nothing but what the
    ///   run itself writes, `cancelled`.
    static func of(
        _ patterns: [String], leavingOut own: (folder: String, names: Set<String>)? = nil
    ) async throws(DatasetError) -> FileInventory {
        try await BoundedGroup.alone { flag throws(DatasetError) in
            try FileInventory(of: patterns, leavingOut: own, cancellation: flag)
        }
    }

    /// What the patterns name, in their order and as often as they name it.
    ///
    /// - Throws: as `of(_:leavingOut:)`, and `unreadableFile` for a name that is not UTF-8.
    static func everyPath(of patterns: [String]) async throws(DatasetError) -> [String] {
        try await BoundedGroup.alone { flag throws(DatasetError) in
            var named = FilePaths()
            for pattern in patterns {
                try flag.check()
                named.add(try FileInventory.paths(pattern))
            }
            if let path = named.misnamed.first { throw .misnamed(path) }
            return named.paths
        }
    }

    private init(
        of patterns: [String], leavingOut own: (folder: String, names: Set<String>)?, cancellation: CancellationFlag
    ) throws(DatasetError) {
        let output = own.flatMap { OwnFiles($0.folder, $0.names) }
        var leavesOutput = false
        var files: [ListedFile] = []
        var leftOut: [(path: String, heldBy: String)] = []
        var misnamed: [String] = []
        var paths: Set<String> = []
        var seen: [FileIdentity: String] = [:]
        for pattern in patterns {
            let named = try FileInventory.paths(pattern)
            misnamed += named.misnamed.filter { !misnamed.contains($0) }
            let logs = named.paths.filter { !(output?.holds($0) ?? false) }
            if let output, logs.isEmpty, !named.paths.isEmpty { throw output.refusal(of: pattern) }
            leavesOutput = leavesOutput || logs.count < named.paths.count
            for path in logs where paths.insert(path).inserted {
                try cancellation.check()
                let file = ListedFile(path)
                if let identity = file.identity {
                    if let other = seen.updateValue(seen[identity] ?? path, forKey: identity) {
                        leftOut.append((path, other))
                        continue
                    }
                }
                files.append(file)
            }
        }
        let copies = try RotatedCopies(files) { () throws(DatasetError) in try cancellation.check() }
        self.files = files.filter { copies.heldBy[$0.path] == nil }
        self.leftOut = leftOut + files.compactMap { file in copies.heldBy[file.path].map { (file.path, $0) } }
        self.misnamed = misnamed
        self.leavesOutput = leavesOutput
    }

    /// The files of one path, pattern or folder, in the order of their names.
    private static func paths(_ pattern: String) throws(DatasetError) -> FilePaths {
        if pattern == "-" { return FilePaths(paths: [pattern]) }
        if access(pattern, F_OK) == 0 {
            guard isFolder(pattern) else { return FilePaths(paths: [pattern]) }
            let files = try files(inFolder: pattern)
            if files.isEmpty {
                throw DatasetError(
                    .unreadableFile,
                    "there is no file in the folder \(pattern); folders inside it are not entered, name them too, or "
                        + "give a pattern in quotes")
            }
            return files
        }
        let matches = try matches(pattern)
        var files = FilePaths(misnamed: matches.misnamed)
        for path in matches.paths {
            if isFolder(path) { files.add(try self.files(inFolder: path)) } else { files.paths.append(path) }
        }
        return files
    }

    private static func matches(_ pattern: String) throws(DatasetError) -> FilePaths {
        var matches = glob_t()
        defer { globfree(&matches) }
        guard glob(pattern, 0, nil, &matches) == 0, let paths = matches.gl_pathv else {
            throw DatasetError(
                .unreadableFile, "no file matches \(pattern); check the path, and put quotes around a pattern")
        }
        var files = FilePaths()
        for index in 0..<Int(matches.gl_pathc) { paths[index].map { files.add($0) } }
        return files
    }

    private static func files(inFolder folder: String) throws(DatasetError) -> FilePaths {
        guard let files = Folder.files(folder) else { throw .cannotRead(folder, errno) }
        return files
    }

    private static func isFolder(_ path: String) -> Bool { kind(of: path) == S_IFDIR }

    private static func kind(of path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }
}

/// What a run writes into a folder, which is known by where it is and not by what it is called.
private struct OwnFiles {
    private let path: String
    private let place: String
    private let names: Set<String>

    /// Nil for a folder that is not there: nothing is in it.
    init?(_ path: String, _ names: Set<String>) {
        guard let place = Folder.resolved(path) else { return nil }
        self.path = path
        self.place = place
        self.names = names
    }

    /// Whether a path names one of them, something in one, or a link to that.
    func holds(_ other: String) -> Bool {
        guard let other = Folder.resolved(other), other.utf8.starts(with: (place + "/").utf8) else { return false }
        let first = other.utf8.dropFirst(place.utf8.count + 1).prefix { $0 != UInt8(ascii: "/") }
        let name = String(Substring(first))
        return names.contains(name) || names.contains { PartialFile.isName(name, of: $0) }
    }

    func refusal(of pattern: String) -> DatasetError {
        DatasetError(
            .invalidSetting,
            "\(pattern) names nothing but what the run itself writes in \(path); name the logs, or give another "
                + "output folder")
    }
}
