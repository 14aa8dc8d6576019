import Glibc
import LogDataset

/// The files of a folder of checkpoints: `step-N.pt`, a model file with the optimiser's state, and `step-N.checkpoint`,
/// which is written after it and without which it counts for nothing.
struct CheckpointFiles: Sendable {
    private static let ending = ".checkpoint"
    private static let tensorsEnding = ".pt"

    let directory: String

    init(_ directory: String) { self.directory = directory }

    /// Names of checkpoints, without endings.
    var newestFirst: [String] {
        let names = (Folder.names(directory) ?? []).filter { Self.isOurs($0) && $0.hasSuffix(Self.ending) }
        return names.map { String($0.dropLast(Self.ending.count)) }.sorted(by: >)
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
    /// - Throws: `badModel` if it is damaged, `invalidSetting` if a newer opnilog wrote it.
    func read(_ name: String) throws(TrainingError) -> TrainingCheckpoint {
        let bytes: [UInt8]
        do throws(DatasetError) {
            bytes = try WholeFile.read(path(of: name))
        } catch {
            throw TrainingError(.badModel, error.message, cause: error)
        }
        guard let checkpoint = try TrainingCheckpoint(bytes, in: path(of: name)) else {
            throw TrainingError(.badModel, "its checksum is wrong")
        }
        return checkpoint
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
    func tensorsDigest(of name: String) throws(TrainingError) -> String {
        let path = tensorsPath(of: name)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        let digest = SHA256()
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            if count == 0 { return digest.finish().hexadecimal }
            if count > 0 {
                digest.update(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            } else if errno != EINTR {
                throw TrainingError(.badModel, "\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Removes all but the newest `kept` checkpoints, and what was left of others.
    func prune(keeping kept: Int) {
        let keep = Set(newestFirst.prefix(kept).flatMap { [$0 + Self.ending, $0 + Self.tensorsEnding] })
        clear { !keep.contains($0) }
    }

    /// Removes some checkpoints.
    func remove(_ names: [String]) {
        let files = Set(names.flatMap { [$0 + Self.ending, $0 + Self.tensorsEnding] })
        clear { files.contains($0) }
    }

    /// Removes all checkpoints, and the folder unless it holds something else.
    func remove() {
        clear { _ in true }
        rmdir(directory)
    }

    /// What makes a checkpoint one goes first: what is left after a crash is then nobody's.
    private func clear(_ isOld: (String) -> Bool) {
        let names = (Folder.names(directory) ?? []).filter { Self.isOurs($0) && isOld($0) }
        for name in names where name.hasSuffix(Self.ending) { unlink("\(directory)/\(name)") }
        for name in names where !name.hasSuffix(Self.ending) { unlink("\(directory)/\(name)") }
    }
}
