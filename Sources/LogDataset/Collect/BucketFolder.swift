import Glibc

/// The folder that a reading keeps its sorted runs in, and all that a later run needs to go on.
///
/// The output folder around it is locked, so nobody else's files are in it.
struct BucketFolder: Sendable {
    let path: String

    /// The folder of the run under way in an output folder.
    init(in directory: String) { path = "\(directory)/\(CollectionCheckpoint.folderName)" }

    init(path: String) { self.path = path }

    /// Makes the folder unless it is there.
    func make() throws(DatasetError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .cannotWrite(path, errno) }
    }

    func path(of name: String) -> String { "\(path)/\(name)" }

    var names: [String] { Folder.names(path) ?? [] }

    /// Removes the files of runs but those in `kept`.
    func removeRuns(but kept: Set<String>) {
        for name in names where BucketFolder.number(ofRun: name) != nil && !kept.contains(name) {
            unlink(path(of: name))
        }
    }

    /// Removes the folder with all it holds. The checkpoint goes first: what is left after a crash is then nobody's.
    func remove() {
        unlink(path(of: CollectionCheckpoint.fileName))
        sync()
        for name in names { unlink(path(of: name)) }
        rmdir(path)
    }

    /// Whether both are one folder, by whatever names.
    func isSame(as other: BucketFolder) -> Bool {
        var one = stat()
        var two = stat()
        return stat(path, &one) == 0 && stat(other.path, &two) == 0 && one.st_dev == two.st_dev
            && one.st_ino == two.st_ino
    }

    /// Takes the place of another folder, which goes. After a crash in between, this one is still where it was.
    func replace(_ other: BucketFolder) {
        let old = BucketFolder(path: other.path + ".old")
        old.remove()
        rename(other.path, old.path)
        rename(path, other.path)
        old.remove()
    }

    /// Brings the folder's own list of names to disk.
    func sync() {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    static func name(ofRun number: Int) -> String { "\(number).run" }

    /// The number of a run by its file's name; nil for another file.
    static func number(ofRun name: String) -> Int? {
        name.hasSuffix(".run") ? Int(name.dropLast(".run".count)) : nil
    }
}
