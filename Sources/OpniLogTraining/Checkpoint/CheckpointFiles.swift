import Glibc
import LogDataset

/// The files of a folder of checkpoints: `step-N.pt`, a model file with the optimiser's state, and `step-N.checkpoint`,
/// which is written after it and without which it counts for nothing.
struct CheckpointFiles: Sendable {
    private static let ending = ".checkpoint"
    private static let tensorsEnding = ".pt"

    let directory: String

    init(_ directory: String) { self.directory = directory }

    /// Names of checkpoints, without endings; none where there is no folder.
    ///
    /// - Throws: `unreadable`.
    func newestFirst() throws(TrainingError) -> [String] { Self.newestFirst(try list()) }

    private static func newestFirst(_ files: [String]) -> [String] {
        files.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted(by: >)
    }

    /// The files of checkpoints.
    private func list() throws(TrainingError) -> [String] {
        if let files = Folder.names(directory) { return files.filter(Self.isOurs) }
        if errno == ENOENT { return [] }
        throw Self.unreadable(directory)
    }

    /// Digits enough for names to sort as numbers.
    static func name(step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    }

    /// Whether a file is a checkpoint's, or what a write that was cut off left of one. The folder may hold others.
    private static func isOurs(_ file: String) -> Bool {
        let parts = file.split(separator: ".", omittingEmptySubsequences: false)
        let digits = parts[0].drop { $0 != "-" }.dropFirst()
        guard let step = Int(digits), parts[0] == name(step: step) else { return false }
        switch parts.count {
        case 2: return ["checkpoint", "pt"].contains(parts[1])
        // As `ModelFile.replace` and `WholeFile.write` name them, with the number of a process.
        case 3: return parts[1] == "pt" && parts[2].hasPrefix("partial-")
        case 4: return parts[1] == "checkpoint" && parts[3] == "partial"
        default: return false
        }
    }

    func path(of name: String) -> String { "\(directory)/\(name)\(Self.ending)" }
    func tensorsPath(of name: String) -> String { "\(directory)/\(name)\(Self.tensorsEnding)" }

    /// Makes the folder unless it is there.
    func make() throws(TrainingError) {
        guard mkdir(directory, 0o700) != 0, errno != EEXIST else { return }
        throw TrainingError(
            .unwritable,
            "\(directory) cannot be made: \(String(cString: strerror(errno))); look at the disk and the rights.")
    }

    /// Reads what stands beside the tensors.
    ///
    /// - Throws: `badModel` if it is damaged or missing, `unreadable`, `invalidSetting` if another opnilog wrote it.
    func read(_ name: String) throws(TrainingError) -> TrainingCheckpoint {
        var bytes: [UInt8] = []
        try Self.read(path(of: name)) { bytes += $0 }
        guard let checkpoint = try TrainingCheckpoint(bytes, in: path(of: name)) else {
            throw TrainingError(.badModel, "its checksum is wrong")
        }
        return checkpoint
    }

    /// What stands beside the tensors of the newest checkpoint that is whole; nil if there is none.
    ///
    /// - Throws: as ``read(_:)``, but for what is damaged.
    func newest() throws(TrainingError) -> TrainingCheckpoint? {
        for name in try newestFirst() {
            do throws(TrainingError) {
                return try read(name)
            } catch  where error.code == .badModel {
                continue
            }
        }
        return nil
    }

    /// Writes what stands beside the tensors.
    func write(_ checkpoint: TrainingCheckpoint, _ name: String) throws(TrainingError) {
        do throws(DatasetError) {
            try WholeFile.write(checkpoint.encoded, to: path(of: name))
        } catch {
            throw TrainingError(.unwritable, "The checkpoint could not be written.", cause: error)
        }
    }

    /// SHA-256 of the tensors' file.
    ///
    /// - Throws: `badModel` if it is missing, `unreadable`.
    func tensorsDigest(of name: String) throws(TrainingError) -> String {
        let digest = SHA256()
        try Self.read(tensorsPath(of: name)) { digest.update($0) }
        return digest.finish().hexadecimal
    }

    /// Reads a file piece by piece. That it cannot be read now says nothing of what it holds, unless it is not there.
    private static func read(_ path: String, _ body: (UnsafeRawBufferPointer) -> Void) throws(TrainingError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? TrainingError(.badModel, "\(path) is missing") : unreadable(path)
        }
        defer { close(descriptor) }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            if count == 0 { return }
            if count > 0 {
                body(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            } else if errno != EINTR {
                throw unreadable(path)
            }
        }
    }

    private static func unreadable(_ path: String) -> TrainingError {
        TrainingError(
            .unreadable,
            "\(path) cannot be read: \(String(cString: strerror(errno))); look at the disk, the rights and the limit of open "
                + "files, then go on with the training.")
    }

    /// Removes all but the newest `kept` checkpoints, and what was left of others.
    ///
    /// - Throws: `unreadable`.
    func prune(keeping kept: Int) throws(TrainingError) {
        let files = try list()
        let keep = Set(Self.files(of: Self.newestFirst(files).prefix(kept)))
        clear(files.filter { !keep.contains($0) })
    }

    /// Removes some checkpoints.
    func remove(_ names: [String]) { clear(Self.files(of: names[...])) }

    private static func files(of names: ArraySlice<String>) -> [String] {
        names.flatMap { [$0 + ending, $0 + tensorsEnding] }
    }

    /// Removes all checkpoints, and the folder unless it holds something else.
    func remove() {
        try? prune(keeping: 0)
        rmdir(directory)
    }

    /// What makes a checkpoint one goes first: what is left after a crash is then nobody's.
    private func clear(_ names: [String]) {
        for name in names where name.hasSuffix(Self.ending) { unlink("\(directory)/\(name)") }
        for name in names where !name.hasSuffix(Self.ending) { unlink("\(directory)/\(name)") }
    }
}
