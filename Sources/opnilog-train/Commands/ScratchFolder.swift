import Glibc
import LogDataset

/// A folder of a run's own for what nobody keeps, removed with this value. For its owner only: it holds words of logs.
///
/// What a run that was killed has left is removed by the next one: the folder is locked as long as its run lives.
final class ScratchFolder: Sendable {
    private static let prefix = "opnilog-scratch-"
    /// Nobody has just made a folder that is as old as that, and not yet locked it.
    private static let stale = 3600

    let path: String
    private let lock: Int32

    init() throws(CommandError) {
        Self.removeStale()
        path = try Self.make(Self.prefix)
        lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw Self.fault(errno) }
    }

    /// Makes a new folder in `TMPDIR`, else in `/tmp`, whose name begins so.
    static func make(_ prefix: String) throws(CommandError) -> String {
        var template = Array("\(place)/\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw fault(errno) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        Self.remove(path)
        close(lock)
    }

    private static func fault(_ number: Int32) -> CommandError {
        CommandError(
            .output, "no folder can be made in \(place): \(SystemCall.text(number))",
            remedy: "let TMPDIR name a folder that this user may write to")
    }

    private static var place: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

    /// Removes what a run may leave in such a folder, and the folder if nothing else is in it.
    private static func remove(_ path: String) {
        CollectionCheckpoint.discard(in: path)
        unlink(path + "/" + TableCollector.fileName)
        PartialFile.removeLeftovers(of: [TableCollector.fileName], in: path)
        rmdir(path)
    }

    private static func removeStale() {
        guard let folder = opendir(place) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(prefix), name.utf8.count == prefix.utf8.count + 6 { removeIfStale("\(place)/\(name)") }
        }
    }

    private static func removeIfStale(_ path: String) {
        let lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard lock >= 0 else { return }
        defer { close(lock) }
        var status = stat()
        guard fstat(lock, &status) == 0, status.st_uid == getuid(), status.st_mtim.tv_sec < time(nil) - stale,
            flock(lock, LOCK_EX | LOCK_NB) == 0
        else { return }
        remove(path)
    }
}
