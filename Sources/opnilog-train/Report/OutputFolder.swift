import Glibc
import LogDataset
import OpniLogTraining

/// The folder that a run writes to: locked against a second run, its files readable by their owner only, since they
/// hold words of people's logs. The lock ends with this value or with the process, however that ends.
final class OutputFolder: Sendable {
    /// What a run leaves in the folder.
    enum File: String, CaseIterable, Sendable {
        case model = "nulog_model_latest.pt"
        case vocabulary = "vocab.txt"
        case table = "templates.table"
        case manifest = "manifest.json"
        case card = "model-card.md"
        case cardData = "model-card.json"
        case metrics = "metrics.jsonl"
        case memory = "memory.csv"

        /// What a training leaves.
        static let ofModel: [File] = [.model, .vocabulary, .card, .cardData]
    }

    private static let lockName = ".lock"
    private static let checkpointsName = "checkpoints"
    private static let begunName = ".begun"

    /// All that runs write in their folder.
    static let names = Set(
        File.allCases.map(\.rawValue) + [
            lockName, checkpointsName, begunName, OpenScrolls.fileName, CollectionCheckpoint.folderName,
            CollectionCheckpoint.hoursFolderName, CollectionCheckpoint.hoursFolderName + ".old",
        ])

    let path: String
    private let lock: Int32

    /// Makes the folder if it is not there, locks it, and checks that it can be written and holds no result already.
    /// - Parameter refusing: the results that must not be there unless `overwrite` is set.
    /// - Throws: `usage` if it is in use or holds a result, `output` if it cannot be written.
    init(_ path: String, refusing: [File], overwrite: Bool) throws(CommandError) {
        self.path = path
        try Self.make(path)
        let lockPath = path + "/" + Self.lockName
        lock = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // Whatever is thrown from here on, `deinit` closes it.
        guard lock >= 0 else { throw OutputFault.of(lockPath, errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw .usage(
                "\(path) is in use by \(Self.holder(lock))", remedy: "wait until it ends, or give another --output")
        }
        try sign(lockPath)
        removeLeftovers()
        if !overwrite { try refuse(refusing) }
    }

    deinit {
        // The file stays: removing it would let two later runs lock two different files of one name.
        if lock >= 0 { close(lock) }
    }

    func path(of file: File) -> String { path + "/" + file.rawValue }

    func holds(_ file: File) -> Bool { access(path(of: file), F_OK) == 0 }

    /// The folder of what an unfinished training has come to.
    var checkpoints: String { path + "/" + Self.checkpointsName }

    // MARK: A finished run that is replaced

    /// Notes that a training begins in place of a finished run that stands here: until there is a checkpoint,
    /// nothing else tells that one must be gone on with.
    func markBegun(at milliseconds: Int64) throws(CommandError) {
        guard holds(.model) || holds(.manifest) else { return }
        try AtomicFile.write(Array("\(milliseconds)".utf8), to: path + "/" + Self.begunName)
    }

    /// When that run began; nil if there is none.
    var begun: Int64? {
        guard let bytes = try? SmallFile.read(path + "/" + Self.begunName, atMost: 64) else { return nil }
        return Int64(String(decoding: bytes, as: UTF8.self))
    }

    /// It has ended whole, or another one begins in its place.
    func unmarkBegun() { unlink(path + "/" + Self.begunName) }

    /// Replaces a file at once: after a crash there is the old one or the new one, never a part.
    func write(_ bytes: [UInt8], to file: File) throws(CommandError) {
        try AtomicFile.write(bytes, to: path(of: file))
    }

    /// Writes a file and removes it again.
    func probe() throws(CommandError) {
        let name = path + "/.probe"
        let descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutputFault.of(name, errno) }
        defer {
            close(descriptor)
            unlink(name)
        }
        if let number = Descriptor.write([UInt8](repeating: 0, count: 4096), to: descriptor) {
            throw OutputFault.of(name, number)
        }
    }

    /// Bytes that this user may still write there.
    var freeBytes: Int {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return 0 }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    /// Throws `usage` if one of the results is there, or a file of another program's that would be replaced.
    func refuse(_ files: [File]) throws(CommandError) {
        for file in files where access(path(of: file), F_OK) == 0 {
            throw .usage(
                "\(path) holds \(file.rawValue) already",
                remedy: "give another --output, or --overwrite to replace it")
        }
        try refuseForeign()
    }

    /// Throws `usage` if a model is there: `score` takes the mask rules from the manifest beside it, so a model that
    /// was left beside the manifest of another table would be given texts that it was not trained on.
    func refuseModel() throws(CommandError) {
        guard holds(.model) else { return }
        throw .usage("\(path) holds a model, which would not be of the new table", remedy: "give another --output")
    }

    /// Writes our process id into the lock file, for the message that a second run gives.
    private func sign(_ lockPath: String) throws(CommandError) {
        var failure = ftruncate(lock, 0) != 0 ? errno : nil
        if failure == nil { failure = Descriptor.write(Array("\(getpid())\n".utf8), to: lock) }
        if let failure { throw OutputFault.of(lockPath, failure) }
    }

    /// Removes what a run that was killed was writing: words of logs, which would be read as logs where these lie in
    /// the same folder.
    private func removeLeftovers() {
        PartialFile.removeLeftovers(of: Self.names.union(Self.names.map { AtomicFile.hidden($0) }), in: path)
        ModelFile.removeLeftovers(in: path)
    }

    private static func holder(_ lock: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(lock, &bytes, bytes.count, 0)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return Int(text.prefix { $0.isNumber }).map { "process \($0)" } ?? "another process"
    }

    /// Makes a folder and those above it.
    private static func make(_ path: String) throws(CommandError) {
        var end = path.startIndex
        while end != path.endIndex {
            end = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
            let part = String(path[..<end])
            if mkdir(part, 0o700) == 0 { continue }
            // Looking whether it is there would leave a reason of its own.
            let reason = errno
            if reason != EEXIST, !isFolder(part) { throw OutputFault.of(part, reason) }
        }
        guard isFolder(path) else {
            throw .usage("--output \(path) is no folder", remedy: "give the name of a folder")
        }
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

/// What to say when a file cannot be written.
enum OutputFault {
    static func of(_ path: String, _ number: Int32) -> CommandError {
        let remedy =
            switch number {
            case ENOSPC, EDQUOT: "free space there, or give another --output"
            case EACCES, EPERM, EROFS: "give an --output that this user may write to"
            case ENOTDIR: "a part of the path is a file: give another --output"
            default: "give another --output"
            }
        return CommandError(.output, "\(path) cannot be written: \(SystemCall.text(number))", remedy: remedy)
    }
}
