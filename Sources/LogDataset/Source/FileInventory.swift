import Glibc

/// The files that paths, patterns and folders name, each content once.
struct FileInventory: Sendable {
    let files: [ListedFile]
    /// Files that were left out because another one holds all they hold.
    let leftOut: [(path: String, heldBy: String)]

    /// What the listed files are, by device and inode.
    var identities: Set<FileIdentity> { Set(files.compactMap(\.identity)) }

    /// Looks at the files, which blocks and may take long, on a thread of its own.
    ///
    /// - Parameter patterns: paths, patterns with `*`, `?` or `[…]`, folders, and `-`.
    /// - Throws: `unreadableFile` when one of them names no file, `cancelled`.
    static func of(_ patterns: [String]) async throws(DatasetError) -> FileInventory {
        try await BoundedGroup.alone { flag throws(DatasetError) in
            try FileInventory(of: patterns, cancellation: flag)
        }
    }

    private init(of patterns: [String], cancellation: CancellationFlag) throws(DatasetError) {
        var files: [ListedFile] = []
        var leftOut: [(path: String, heldBy: String)] = []
        var paths: Set<String> = []
        var seen: [FileIdentity: String] = [:]
        for pattern in patterns {
            for path in try FileInventory.paths(pattern) where paths.insert(path).inserted {
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
    }

    /// The files of one path, pattern or folder, in the order of their names.
    private static func paths(_ pattern: String) throws(DatasetError) -> [String] {
        if pattern == "-" { return [pattern] }
        if access(pattern, F_OK) == 0 {
            guard isFolder(pattern) else { return [pattern] }
            let files = try files(inFolder: pattern)
            if files.isEmpty {
                throw DatasetError(
                    .unreadableFile,
                    "there is no file in the folder \(pattern); folders inside it are not entered, name them too, or "
                        + "give a pattern in quotes")
            }
            return files
        }
        var paths: [String] = []
        for path in try matches(pattern) {
            if isFolder(path) { paths += try files(inFolder: path) } else { paths.append(path) }
        }
        return paths
    }

    private static func matches(_ pattern: String) throws(DatasetError) -> [String] {
        var matches = glob_t()
        defer { globfree(&matches) }
        guard glob(pattern, 0, nil, &matches) == 0, let paths = matches.gl_pathv else {
            throw DatasetError(
                .unreadableFile, "no file matches \(pattern); check the path, and put quotes around a pattern")
        }
        return (0..<Int(matches.gl_pathc)).compactMap { index in paths[index].map { String(cString: $0) } }
    }

    /// Regular files, and links to such, that are not hidden.
    private static func files(inFolder folder: String) throws(DatasetError) -> [String] {
        guard let names = Folder.names(folder) else { throw .cannotRead(folder, errno) }
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        return names.filter { !$0.hasPrefix(".") }.sorted().map { base + $0 }.filter {
            kind(of: $0) == S_IFREG
        }
    }

    private static func isFolder(_ path: String) -> Bool { kind(of: path) == S_IFDIR }

    private static func kind(of path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }
}
