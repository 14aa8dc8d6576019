import Glibc

/// The folder that a reading keeps its sorted runs in, and all that a later run needs to go on.
///
/// The output folder around it is locked against other runs. It is its user's all the same, who may have a folder of
/// that name: only files with names of ours are ever removed, and a folder with others in it is not used.
struct BucketFolder: Sendable {
    let path: String

    /// The folder of the run under way in an output folder.
    init(in directory: String) { path = "\(directory)/\(CollectionCheckpoint.folderName)" }

    init(path: String) { self.path = path }

    /// Makes the folder, or clears it of what another run of ours left.
    ///
    /// - Throws: `invalidSetting` if somebody else's files are in it.
    func makeEmpty() throws(DatasetError) {
        try checkOwn()
        remove()
        try make()
    }

    /// Makes the folder unless it is there, and the output folder around it.
    func make() throws(DatasetError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, mkdir(Folder.of(path), 0o700) == 0, mkdir(path, 0o700) == 0 { return }
        throw .cannotWrite(path, errno)
    }

    func path(of name: String) -> String { "\(path)/\(name)" }

    var names: [String] { Folder.names(path) ?? [] }

    /// Removes the files of runs but those in `kept`.
    func removeRuns(but kept: Set<String>) {
        for name in names where BucketFolder.number(ofRun: name) != nil && !kept.contains(name) {
            unlink(path(of: name))
        }
    }

    /// Removes our files, and the folder if nothing else is in it. The checkpoint goes first: what is left after a
    /// crash is then nobody's.
    func remove() {
        unlink(path(of: CollectionCheckpoint.fileName))
        sync()
        for name in names where BucketFolder.isOwn(name) { unlink(path(of: name)) }
        rmdir(path)
    }

    /// - Throws: `invalidSetting` if what is there is no folder of ours.
    func checkOwn() throws(DatasetError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard let foreign = Folder.names(path).map({ $0.filter { !BucketFolder.isOwn($0) }.sorted() }) else {
            throw DatasetError(
                .invalidSetting,
                "\(path) is no folder that can be read; a run keeps what it reads under that name: move it away, or name "
                    + "another output folder")
        }
        if let name = foreign.first {
            throw DatasetError(
                .invalidSetting,
                "\(path) holds \(name), which is no file of a run; a run keeps what it reads under that name: move the "
                    + "folder away, or name another output folder")
        }
    }

    /// Whether both are one folder, by whatever names.
    func isSame(as other: BucketFolder) -> Bool {
        var one = stat()
        var two = stat()
        return stat(path, &one) == 0 && stat(other.path, &two) == 0 && one.st_dev == two.st_dev
            && one.st_ino == two.st_ino
    }

    /// Takes the place of another folder, which goes once this one stands there. After a crash in between, this one is
    /// still where it was.
    ///
    /// - Throws: `invalidSetting` if somebody else's files are in the other, `unwritable` if a folder cannot be
    ///   renamed; both are then where they were.
    func replace(_ other: BucketFolder) throws(DatasetError) {
        let old = other.old
        try other.checkOwn()
        try old.checkOwn()
        let isThere = access(other.path, F_OK) == 0
        if isThere {
            old.remove()
            if rename(other.path, old.path) != 0 { throw .cannotWrite(other.path, errno) }
        }
        if rename(path, other.path) != 0 {
            let code = errno
            if isThere { rename(old.path, other.path) }
            throw .cannotWrite(other.path, code)
        }
        old.remove()
    }

    /// What this folder is called while another takes its place.
    var old: BucketFolder { BucketFolder(path: path + ".old") }

    /// Brings the folder's own list of names to disk.
    func sync() { Folder.sync(path) }

    static func name(ofRun number: Int) -> String { "\(number).run" }

    /// The number of a run by its file's name; nil for another file.
    static func number(ofRun name: String) -> Int? {
        guard let number = Int(name.dropLast(".run".count)), number > 0, name == self.name(ofRun: number) else {
            return nil
        }
        return number
    }

    /// Whether a run gives a file this name.
    private static func isOwn(_ name: String) -> Bool {
        let files = [CollectionCheckpoint.fileName, JournalFile.name]
        return number(ofRun: name) != nil || files.contains(name)
            || files.contains { PartialFile.isName(name, of: $0) }
    }
}
